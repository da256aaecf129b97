import type {} from "../parts.js";
import type { EntryKind, Method, Revision } from "../exchange.js";
import { completion } from "../methods/completion.js";
import { listPrompts, listResources, listResourceTemplates, listTools } from "../methods/listings.js";
import { getPrompt } from "../methods/prompts.js";
import { readResource } from "../methods/resources.js";
import { hasPrompts, hasResources, hasTools, ping, setLevel, subscribable } from "../methods/session.js";
import { subscribe, unsubscribe } from "../methods/subscriptions.js";
import { callTool } from "../methods/tools.js";
import type { Surface } from "../surface.js";
import type { ContentBlock, JsonObject } from "../types.js";
import { legacyVersions, olderEntry, olderImplementation, type LegacyVersion } from "./older-entry.js";
import { olderForm } from "./older-form.js";

export const latestLegacy: LegacyVersion = "2025-11-25";

export const legacyRevisions: ReadonlyMap<string, Revision> = new Map(
  legacyVersions.map((version) => [version, legacyRevision(version)]),
);

function legacyRevision(version: LegacyVersion): Revision {
  const since = (first: LegacyVersion): boolean => version >= first;
  return {
    version,
    era: "legacy",
    methods,
    frame: () => ({ opening: "{", hints: () => "", meta: "" }),
    entry: (kind, listing, wraps) =>
      globalThis.mcpcWithoutOlderEntries || version >= (globalThis.mcpcSameEntriesSince ?? "none")
        ? listing
        : entryText(version, kind, listing, wraps),
    implementation: (info) => (globalThis.mcpcWithoutOlderServer ? info : olderImplementation(version, info)),
    ...(since("2025-06-18") ? undefined : { content: (block: ContentBlock) => olderContent(version, block) }),
    structuredContent: since("2025-06-18") ? "objects" : "none",
    progressMessages: since("2025-03-26"),
    completions: since("2025-03-26"),
    elicitation: since("2025-11-25") ? ["form", "url"] : since("2025-06-18") ? ["form"] : [],
    ...(globalThis.mcpcWithoutAsking || since("2025-11-25") ? undefined : { form: olderForm }),
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

function entryText(version: LegacyVersion, kind: EntryKind, listing: string, wraps?: boolean): string {
  const entry = JSON.parse(listing) as JsonObject;
  const older = olderEntry(version, kind, entry, wraps);
  return older === entry ? listing : JSON.stringify(older);
}

/** Converts a block of a newer type to one that the revision knows. */
function olderContent(version: LegacyVersion, block: ContentBlock): ContentBlock {
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
