import type {} from "../parts.js";
import type { EntryKind, Method, Revision } from "../exchange.js";
import { isObject } from "../json-rpc.js";
import { completion } from "../methods/completion.js";
import { listPrompts, listResources, listResourceTemplates, listTools } from "../methods/listings.js";
import { getPrompt } from "../methods/prompts.js";
import { readResource } from "../methods/resources.js";
import { hasPrompts, hasResources, hasTools, ping, setLevel, subscribable } from "../methods/session.js";
import { subscribe, unsubscribe } from "../methods/subscriptions.js";
import { callTool } from "../methods/tools.js";
import type { Surface } from "../surface.js";
import type { ContentBlock, Implementation, Json, JsonObject } from "../types.js";
import { olderForm } from "./older-form.js";
import { wrapOutputSchema } from "./wrap-output.js";

/** The revisions that begin with `initialize`, oldest first. */
const versions = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] as const;
type Version = (typeof versions)[number];

export const latestLegacy: Version = "2025-11-25";

/** Members of an entry, by the revision that brought them. What a revision does not know is not listed to it. */
const introduced: Readonly<Record<EntryKind, Readonly<Record<string, Version>>>> = {
  tool: {
    title: "2025-06-18",
    icons: "2025-11-25",
    annotations: "2025-03-26",
    outputSchema: "2025-06-18",
    execution: "2025-11-25",
    _meta: "2025-06-18",
  },
  resource: { title: "2025-06-18", icons: "2025-11-25", _meta: "2025-06-18" },
  resourceTemplate: { title: "2025-06-18", icons: "2025-11-25", _meta: "2025-06-18" },
  prompt: { title: "2025-06-18", icons: "2025-11-25", _meta: "2025-06-18" },
};

const introducedImplementation: Readonly<Record<string, Version>> = {
  title: "2025-06-18",
  description: "2025-11-25",
  websiteUrl: "2025-11-25",
  icons: "2025-11-25",
};

const introducedAnnotations: Readonly<Record<string, Version>> = { lastModified: "2025-06-18" };

export const legacyRevisions: ReadonlyMap<string, Revision> = new Map(
  versions.map((version) => [version, legacyRevision(version)]),
);

function legacyRevision(version: Version): Revision {
  const since = (first: Version): boolean => version >= first;
  return {
    version,
    era: "legacy",
    methods,
    frame: () => ({ opening: "{", hints: () => "", meta: "" }),
    entry: (kind, listing) => entryText(version, kind, listing),
    implementation: (info) => known(version, info, introducedImplementation) as JsonObject & Implementation,
    ...(since("2025-06-18") ? undefined : { content: (block: ContentBlock) => olderContent(version, block) }),
    structuredContent: since("2025-06-18") ? "objects" : "none",
    progressMessages: since("2025-03-26"),
    completions: since("2025-03-26"),
    elicitation: since("2025-11-25") ? ["form", "url"] : since("2025-06-18") ? ["form"] : [],
    ...(since("2025-11-25") ? undefined : { form: olderForm }),
    sampling: since("2025-11-25") ? "parts" : "whole",
    batches: version === "2025-03-26",
    disconnectCancels: false,
    errorCode: (code) => code,
    httpStatus: () => 200,
  };
}

function methods(surface: Surface): ReadonlyMap<string, Method> {
  return new Map<string, Method>([
    ["ping", ping],
    ["logging/setLevel", setLevel],
    ...completion(surface),
    ...(hasTools(surface)
      ? ([
          ["tools/list", listTools],
          ["tools/call", callTool],
        ] as const)
      : []),
    ...(!globalThis.mcpcWithoutResources && hasResources(surface)
      ? ([
          ["resources/list", listResources],
          ["resources/templates/list", listResourceTemplates],
          ["resources/read", readResource],
        ] as const)
      : []),
    ...(!globalThis.mcpcWithoutResources && subscribable(surface)
      ? ([
          ["resources/subscribe", subscribe],
          ["resources/unsubscribe", unsubscribe],
        ] as const)
      : []),
    ...(!globalThis.mcpcWithoutPrompts && hasPrompts(surface)
      ? ([
          ["prompts/list", listPrompts],
          ["prompts/get", getPrompt],
        ] as const)
      : []),
  ]);
}

function known(version: Version, members: JsonObject, first: Readonly<Record<string, Version>>): JsonObject {
  const kept = Object.entries(members).filter(([name]) => !Object.hasOwn(first, name) || version >= first[name]!);
  return kept.length === Object.keys(members).length ? members : Object.fromEntries(kept);
}

function entryText(version: Version, kind: EntryKind, listing: string): string {
  const entry = JSON.parse(listing) as JsonObject;
  let projected = known(version, entry, introduced[kind]);
  if (kind === "tool") projected = olderTool(projected);
  if (kind === "prompt" && version < "2025-06-18") projected = olderPrompt(projected);
  if (isObject(projected["annotations"])) {
    const annotations = known(version, projected["annotations"], introducedAnnotations);
    if (annotations !== projected["annotations"]) projected = { ...projected, annotations };
  }
  return projected === entry ? listing : JSON.stringify(projected);
}

/** These revisions know only objects as results, and no property that is described by a bare boolean. */
function olderTool(tool: JsonObject): JsonObject {
  const { inputSchema, outputSchema } = tool;
  const input = isObject(inputSchema) ? withObjectProperties(inputSchema) : inputSchema;
  const output =
    isObject(outputSchema) && outputSchema["type"] === "object" ? withObjectProperties(outputSchema) : outputSchema;
  if (output !== undefined && output === outputSchema && !(isObject(output) && output["type"] === "object")) {
    return { ...tool, ...(input !== undefined && { inputSchema: input }), outputSchema: wrapOutputSchema(output) };
  }
  if (input === inputSchema && output === outputSchema) return tool;
  return {
    ...tool,
    ...(input !== undefined && { inputSchema: input }),
    ...(output !== undefined && { outputSchema: output }),
  };
}

function withObjectProperties(schema: JsonObject): JsonObject {
  const { properties } = schema;
  if (!isObject(properties) || !Object.values(properties).some((property) => typeof property === "boolean"))
    return schema;
  const asObject = (property: Json | undefined): Json | undefined =>
    typeof property === "boolean" ? (property ? {} : { not: {} }) : property;
  const entries = Object.entries(properties).map(([name, property]) => [name, asObject(property)] as const);
  return { ...schema, properties: Object.fromEntries(entries) };
}

function olderPrompt(prompt: JsonObject): JsonObject {
  const list = prompt["arguments"];
  if (!Array.isArray(list) || !list.some((argument) => isObject(argument) && argument["title"] !== undefined))
    return prompt;
  const untitled = (list as readonly Json[]).map((argument) => {
    if (!isObject(argument)) return argument;
    const { title: _, ...rest } = argument;
    return rest;
  });
  return { ...prompt, arguments: untitled };
}

/** A block of a type that came later, as one that these revisions know. */
function olderContent(version: Version, block: ContentBlock): ContentBlock {
  if (block.type === "resource_link") {
    const text = [block.title ?? block.name, block.uri, block.description]
      .filter((part) => part !== undefined)
      .join("\n");
    return { type: "text", text };
  }
  if (block.type === "audio" && version < "2025-03-26") {
    const { data: blob, mimeType } = block;
    return { type: "resource", resource: { uri: "audio:attachment", mimeType, blob } };
  }
  return block;
}
