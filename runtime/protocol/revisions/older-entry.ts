import type { EntryKind } from "../exchange.js";
import { isObject } from "../json-rpc.js";
import type { Implementation, Json, JsonObject } from "../types.js";
import { wrapOutputSchema } from "./wrap-output.js";

/** The revisions that begin with `initialize`, oldest first. */
export const legacyVersions = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] as const;
export type LegacyVersion = (typeof legacyVersions)[number];

/** Members of an entry, by the first revision that has them. Older revisions get entries without them. */
const introduced: Readonly<Record<EntryKind, Readonly<Record<string, LegacyVersion>>>> = {
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

const introducedImplementation: Readonly<Record<string, LegacyVersion>> = {
  title: "2025-06-18",
  description: "2025-11-25",
  websiteUrl: "2025-11-25",
  icons: "2025-11-25",
};

const introducedAnnotations: Readonly<Record<string, LegacyVersion>> = { lastModified: "2025-06-18" };

/** Converts the server's description of itself to an older revision. */
export function olderImplementation(
  version: LegacyVersion,
  info: JsonObject & Implementation,
): JsonObject & Implementation {
  return withoutNewer(version, info, introducedImplementation) as JsonObject & Implementation;
}

function withoutNewer(
  version: LegacyVersion,
  members: JsonObject,
  first: Readonly<Record<string, LegacyVersion>>,
): JsonObject {
  const kept = Object.entries(members).filter(([name]) => !Object.hasOwn(first, name) || version >= first[name]!);
  return kept.length === Object.keys(members).length ? members : Object.fromEntries(kept);
}

/** Converts an entry of a listing to an older revision; `wraps` is that of a tool's surface. */
export function olderEntry(version: LegacyVersion, kind: EntryKind, entry: JsonObject, wraps = false): JsonObject {
  let projected = withoutNewer(version, entry, introduced[kind]);
  if (kind === "tool") projected = olderTool(projected, wraps);
  if (kind === "prompt" && version < "2025-06-18") projected = olderPrompt(projected);
  if (isObject(projected["annotations"])) {
    const annotations = withoutNewer(version, projected["annotations"], introducedAnnotations);
    if (annotations !== projected["annotations"]) projected = { ...projected, annotations };
  }
  return projected;
}

/** Converts a tool. Older revisions have only objects as results, and no boolean schemas of properties. */
function olderTool(tool: JsonObject, wraps: boolean): JsonObject {
  const { inputSchema, outputSchema } = tool;
  const input = isObject(inputSchema) ? withObjectProperties(inputSchema) : inputSchema;
  const output = outputSchema === undefined ? undefined : olderOutput(outputSchema, wraps);
  if (input === inputSchema && output === outputSchema) return tool;
  return {
    ...tool,
    ...(input !== undefined && { inputSchema: input }),
    ...(output !== undefined && { outputSchema: output }),
  };
}

/** Converts an output schema. Older clients require `"type": "object"` at the root and follow no reference there. */
function olderOutput(schema: Json, wraps: boolean): Json {
  if (wraps || !isObject(schema)) return wrapOutputSchema(schema);
  return withObjectProperties(schema["type"] === "object" ? schema : { ...schema, type: "object" });
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
