import { defaultTransports } from "../4-emit/lock.js";
import { parseByEntries } from "../1-read/parse.js";
import { absoluteSpan } from "../diagnostics/absolute.js";
import { child } from "../json-schema/pointer.js";
import { noCache, type Cache } from "../model/cache.js";
import type { Json, JsonObject, SourceFile } from "../model/source.js";
import type { Lists } from "./client.js";
import { isObject } from "./schemas/classes.js";
import {
  keyOf,
  NoSide,
  sections,
  serverOf,
  type Entry,
  type ServerContract,
  type SurfaceSection,
  type Side,
  type SideOptions,
  type Surface,
} from "./surface.js";

/** Cache for a text that is JSON, so that an entry is parsed only where a span inside it is needed. */
const wellFormed: Cache = { ...noCache, memo: (_task, _inputs, _compute) => true as never };

/** Returns the surface of lists. */
export function surfaceOf(
  lists: Lists,
  server: JsonObject,
  instructions: Json | undefined,
  onOmitted?: SideOptions["onOmitted"],
): Surface {
  return surfaceFrom(lists, server, instructions, (_section, listing) => ({ listing }), onOmitted);
}

/** Returns the surface of a lock file's content. */
export function surfaceOfLock(lock: JsonObject, server: JsonObject): Surface {
  return {
    ...surfaceFrom(listsIn(lock), server, lock["instructions"], lockedEntry),
    contract: serverContract(lock),
    ...(typeof lock["tokens"] === "number" && { tokens: lock["tokens"] }),
  };
}

type Content = Pick<Entry, "listing" | "wraps" | "contract">;

function surfaceFrom(
  lists: Lists,
  server: JsonObject,
  instructions: Json | undefined,
  contentOf: (section: SurfaceSection, listed: JsonObject) => Content,
  onOmitted: (sentence: string) => void = (sentence) => {
    throw new NoSide(`the lists cannot be compared: ${sentence}`);
  },
): Surface {
  const omit = (sentence: string): [] => (onOmitted(sentence), []);
  const entriesOf = (section: SurfaceSection): Entry[] => {
    const key = keyOf[section];
    const places = new Map<string, string>();
    return (lists[section] ?? []).flatMap((listed, index): Entry[] => {
      const place = `${section}/${index}`;
      const name = isObject(listed) ? listed[key] : undefined;
      if (!isObject(listed) || typeof name !== "string") return omit(`${place} has no "${key}"`);
      const before = places.get(name);
      if (before !== undefined) return omit(`${place} has the "${key}" of ${before}, ${JSON.stringify(name)}`);
      places.set(name, place);
      return [{ section, name, index, ...contentOf(section, listed) }];
    });
  };
  return { ...serverOf(server, instructions), entries: sections.flatMap(entriesOf) };
}

function listsIn(value: JsonObject): Lists {
  return Object.fromEntries(
    sections.flatMap((section) => (Array.isArray(value[section]) ? [[section, value[section]]] : [])),
  );
}

/** Members of all entries of a lock file beyond the protocol's, and those of a section. */
const besides = ["scopes", "tokens"];
const besideOf: Readonly<Record<SurfaceSection, readonly string[]>> = {
  tools: ["errors", "olderOutputSchema", "text", "elicitations"],
  resources: ["subscribe"],
  resourceTemplates: ["params", "completes"],
  prompts: ["argumentRules", "elicitations", "completes"],
};

function lockedEntry(section: SurfaceSection, locked: JsonObject): Content {
  const beside = new Set([...besides, ...besideOf[section]]);
  return {
    listing: Object.fromEntries(Object.entries(locked).filter(([key]) => !beside.has(key))),
    wraps: locked["olderOutputSchema"] !== undefined,
    contract: {
      scopes: stringsIn(locked["scopes"]),
      errors: objectIn(locked["errors"]),
      elicitations: objectIn(locked["elicitations"]),
      text: locked["text"] ?? "json",
      subscribe: locked["subscribe"] === true,
      completes: stringsIn(locked["completes"]),
      ...(locked["params"] !== undefined && { params: locked["params"] }),
      argumentRules: objectIn(locked["argumentRules"]),
    },
  };
}

function serverContract(lock: JsonObject): ServerContract {
  return {
    transports: lock["transports"] === undefined ? defaultTransports : objectIn(lock["transports"]),
    auth: stringsIn(lock["auth"]),
    access: objectIn(objectIn(lock["access"])["scopes"]),
    profiles: Object.keys(objectIn(lock["projections"])),
  };
}

function objectIn(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}

function stringsIn(value: Json | undefined): string[] {
  return Array.isArray(value) ? (value as readonly Json[]).map(String) : [];
}

/** Reads a JSON file: a lock file, results of list methods, or an object of lists. */
export function fileSide(
  path: string,
  bytes: Uint8Array,
  versionOf: (path: string) => string | undefined,
  onOmitted?: SideOptions["onOmitted"],
): Side {
  const text = new TextDecoder().decode(bytes);
  let value: Json;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, "")) as Json;
  } catch (error) {
    throw new NoSide(`${JSON.stringify(path)} is not JSON: ${(error as Error).message}`);
  }
  const isLock = isObject(value) && value["lockVersion"] !== undefined;
  const results = (Array.isArray(value) ? (value as readonly Json[]) : [value]).map((each, index) => {
    const way = Array.isArray(value) ? [String(index)] : [];
    return isObject(each) && isObject(each["result"])
      ? { each: each["result"], way: [...way, "result"] }
      : { each, way };
  });
  const incomplete = new Set<SurfaceSection>();
  const lists: { [section in SurfaceSection]?: Json[] } = {};
  const ways: Record<string, readonly string[]> = {};
  let [server, instructions]: [JsonObject, Json | undefined] = [{}, undefined];
  for (const { each, way } of results) {
    if (!isObject(each)) continue;
    const info = each["server"] ?? each["serverInfo"];
    if (isObject(info)) server = info;
    instructions ??= each["instructions"];
    for (const section of sections) {
      const found = each[section];
      if (!Array.isArray(found)) continue;
      incomplete.delete(section);
      if (typeof each["nextCursor"] === "string") incomplete.add(section);
      const before = (lists[section] ??= []);
      found.forEach((_, index) => (ways[`${section}/${before.length + index}`] = [...way, section, String(index)]));
      before.push(...(found as readonly Json[]));
    }
  }
  if (Object.keys(lists).length === 0)
    throw new NoSide(
      `${JSON.stringify(path)} is neither a lock file nor holds lists: name a file with "tools", "resources", "resourceTemplates" or "prompts"`,
    );
  for (const section of incomplete)
    throw new NoSide(
      `${JSON.stringify(path)} has only the first pages of "${section}", as its "nextCursor" says: put the results of all pages into one list`,
    );
  const { version } = server;
  const written = isObject(version) && typeof version["file"] === "string" ? versionOf(version["file"]) : undefined;
  const known = isObject(version) ? { ...server, ...(written !== undefined && { version: written }) } : server;
  let file: SourceFile | undefined;
  return {
    surface: isLock ? surfaceOfLock(value as JsonObject, known) : surfaceOf(lists, known, instructions, onOmitted),
    prefix: "",
    textOf: (asked) => (asked === path ? text : undefined),
    spanOf: (entry, at) => {
      const way = entry && ways[`${entry.section}/${entry.index}`];
      file ??= parseByEntries(path, bytes, wellFormed).file;
      let node = file?.root;
      for (const token of [...(way ?? []), ...(way ? at : [])]) {
        const next = node && child(node, token);
        if (!next) break;
        node = next;
      }
      return node && file && absoluteSpan(node.span, new Map([[path, file.entries ?? new Map<string, number>()]]));
    },
  };
}
