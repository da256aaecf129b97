import { isObject } from "../protocol/json-rpc.js";
import type { JsonObject } from "../protocol/types.js";
import type { UpstreamConversation } from "./conversation.js";

/** A list of an upstream. */
export type UpstreamList = "tools" | "prompts" | "resources";

/** The entries that the manifest has of an upstream, by list. */
export type Entries = Readonly<Record<UpstreamList, ReadonlySet<string>>>;

const maxPages = 100;
/** The maximum number of names in a message. */
const maxNames = 10;

/** Compares a list of an upstream with the manifest. Returns a sentence about the difference, if there is any. */
export async function driftOf(
  conversation: UpstreamConversation,
  list: UpstreamList,
  entries: Entries,
): Promise<string | undefined> {
  const listed = new Set<string>();
  let cursor: unknown;
  for (let page = 0; page < maxPages; page++) {
    const params = (cursor === undefined ? {} : { cursor }) as JsonObject;
    const result = await conversation.request(`${list}/list`, params);
    const items = result[list];
    for (const item of Array.isArray(items) ? items : []) {
      const name = isObject(item) ? item[list === "resources" ? "uri" : "name"] : undefined;
      if (typeof name === "string") listed.add(name);
    }
    cursor = result["nextCursor"];
    if (cursor === undefined || cursor === null) break;
  }
  const added = [...listed].filter((name) => !entries[list].has(name));
  const missing = [...entries[list]].filter((name) => !listed.has(name));
  if (added.length === 0 && missing.length === 0) return undefined;
  return [
    `its ${list} differ from the manifest's:`,
    ...(added.length > 0 ? [`it also has ${named(added)};`] : []),
    ...(missing.length > 0 ? [`it lacks ${named(missing)};`] : []),
    "mcpc import merges the difference into the manifest",
  ].join(" ");
}

function named(names: readonly string[]): string {
  const shown = names.slice(0, maxNames).map((name) => JSON.stringify(name.slice(0, 100)));
  return names.length > maxNames ? `${shown.join(", ")} and ${names.length - maxNames} more` : shown.join(", ");
}
