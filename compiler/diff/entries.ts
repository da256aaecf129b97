import {
  olderEntry,
  olderImplementation,
  type EntryKind,
  type LegacyVersion,
} from "@mcpc/runtime/codegen/v1/older-forms";
import { cut, quote } from "../diagnostics/catalogue/definition.js";
import type { Json, JsonObject } from "../model/source.js";
import { change, type SurfaceChange } from "./change.js";
import { compareAccess, compareContracts, compareServerContracts } from "./contracts.js";
import { compareArguments, compareSchema } from "./entry-schemas.js";
import { isObject } from "./schemas/classes.js";
import { areEqual, canonical } from "./schemas/formula.js";
import { keyOf, sections, type Entry, type SurfaceSection, type Surface } from "./surface.js";

/** Returns all changes from one surface to another, in the order of the entries. */
export function compareSurfaces(old: Surface, now: Surface): SurfaceChange[] {
  const [before, after] = [inRevision(old, now.revision), inRevision(now, old.revision)];
  return [
    ...compareServers(old, now),
    ...compareServerContracts(old, now),
    ...sections.flatMap((section) => compareSection(section, before, after)),
    ...compareAccess(old, now),
  ];
}

const kinds = {
  tools: "tool",
  resources: "resource",
  resourceTemplates: "resourceTemplate",
  prompts: "prompt",
} as const satisfies Record<SurfaceSection, EntryKind>;

/** Returns a surface as servers list it in an older revision of the protocol. */
function inRevision(surface: Surface, revision: LegacyVersion | undefined): Surface {
  if (revision === undefined || (surface.revision ?? "3") <= revision) return surface;
  const entries = surface.entries.map((entry) => {
    const listing = olderEntry(revision, kinds[entry.section], entry.listing, entry.wraps) as JsonObject;
    return { ...entry, listing };
  });
  const { name, version, ...details } = olderImplementation(revision, { name: "", version: "", ...surface.details });
  return { ...surface, details: details as JsonObject, entries };
}

function compareServers(old: Surface, now: Surface): SurfaceChange[] {
  // Results of lists alone do not describe their server.
  if (old.name === "" || now.name === "") return [];
  const changes: SurfaceChange[] = [];
  if (old.name !== now.name)
    changes.push(
      change("server/renamed", "server", {
        at: ["name"],
        message: `the server is called ${quote(now.name)}, was ${quote(old.name)}`,
        old: old.name,
        new: now.name,
      }),
    );
  for (const key of new Set([...Object.keys(old.details), ...Object.keys(now.details)])) {
    const [before, after] = [old.details[key], now.details[key]];
    if (before !== undefined && after !== undefined && areEqual(before, after)) continue;
    const message = `${quote(key)} of the server ${effectOn(before, after)}`;
    changes.push(change("text/changed", "server", { at: [key], message, old: before, new: after }));
  }
  if (old.instructions !== now.instructions)
    changes.push(
      change("text/changed", "server", {
        at: ["instructions"],
        message: `the instructions ${old.instructions === undefined ? "are new" : now.instructions === undefined ? "are gone" : "have other words"}`,
        old: old.instructions,
        new: now.instructions,
      }),
    );
  return changes;
}

function effectOn(before: Json | undefined, after: Json | undefined): string {
  return before === undefined ? "is new" : after === undefined ? "is gone" : "has changed";
}

/** The word for an entry of each section. */
export const nouns: Readonly<Record<SurfaceSection, string>> = {
  tools: "tool",
  resources: "resource",
  resourceTemplates: "resource template",
  prompts: "prompt",
};

function compareSection(section: SurfaceSection, old: Surface, now: Surface): SurfaceChange[] {
  const of = ({ entries }: Surface): Entry[] => entries.filter((entry) => entry.section === section);
  const [before, after] = [of(old), of(now)];
  const byName = new Map(before.map((entry) => [entry.name, entry]));
  const names = new Set(after.map(({ name }) => name));
  const added = after.filter(({ name }) => !byName.has(name));
  const removed = before.filter(({ name }) => !names.has(name));
  const renamed = twins(removed, added);
  const taken = new Set(renamed.values());
  const noun = nouns[section];
  return [
    ...removed.map((entry) => {
      const twin = renamed.get(entry);
      return twin
        ? change("entry/renamed", entry, {
            message: `the ${noun} ${quote(entry.name)} is now called ${quote(twin.name)}${restOf(entry) === restOf(twin) ? "" : ", and has changed besides"}`,
            old: entry.name,
            new: twin.name,
            side: "old",
          })
        : change("entry/removed", entry, { message: `the ${noun} ${quote(entry.name)} is gone`, side: "old" });
    }),
    ...after.flatMap((entry) => {
      const other = byName.get(entry.name);
      if (other) return compareEntries(other, entry);
      return taken.has(entry)
        ? []
        : [change("entry/added", entry, { message: `the ${noun} ${quote(entry.name)} is new` })];
    }),
  ];
}

/** Returns the new entry for each that is gone, if all but its name is equal, or its name all but equal. */
function twins(removed: readonly Entry[], added: readonly Entry[]): ReadonlyMap<Entry, Entry> {
  const found = new Map<Entry, Entry>();
  for (const sameness of [restOf, plainName]) {
    const rest = added.filter((entry) => ![...found.values()].includes(entry));
    const byText = new Map(rest.toReversed().map((entry) => [sameness(entry), entry]));
    for (const entry of removed) {
      const twin = found.has(entry) ? undefined : byText.get(sameness(entry));
      if (!twin) continue;
      found.set(entry, twin);
      byText.delete(sameness(entry));
    }
  }
  return found;
}

/** Returns a name in lower case, without separators. */
function plainName({ name }: Entry): string {
  return name.toLowerCase().replace(/[-_.\s]/g, "");
}

/**
 * Returns the text of an entry without its name and title. Entries without further members all have different texts.
 */
function restOf({ listing, section, name }: Entry): string {
  const { [keyOf[section]]: _, title: _title, ...members } = listing;
  if (Object.keys(members).length === 0) return `only ${name}`;
  return canonical(section === "resources" || section === "resourceTemplates" ? { ...members, name: "" } : members);
}

/** Members of entries with rules of their own. */
const judged: ReadonlySet<string> = new Set([
  "inputSchema",
  "outputSchema",
  "annotations",
  "arguments",
  "mimeType",
  "execution",
]);

function compareEntries(old: Entry, now: Entry): SurfaceChange[] {
  const [before, after] = [old.listing, now.listing];
  const changes: SurfaceChange[] = [];
  const text = (at: readonly string[], one?: Json, other?: Json): void => {
    if (one === other || (one !== undefined && other !== undefined && areEqual(one, other))) return;
    const message = `${quote(at.join("/"))} ${effectOn(one, other)}`;
    changes.push(change("text/changed", now, { at, message, old: one, new: other }));
  };
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)]))
    if (!judged.has(key) || (key === "annotations" && now.section !== "tools")) text([key], before[key], after[key]);
  if (before["mimeType"] !== after["mimeType"])
    changes.push(
      change("mime-type/changed", now, {
        at: ["mimeType"],
        message: `"mimeType" is ${shownType(after["mimeType"])}, was ${shownType(before["mimeType"])}`,
        old: before["mimeType"],
        new: after["mimeType"],
      }),
    );
  if (now.section === "tools") changes.push(...compareTools(old, now));
  if (now.section === "prompts") changes.push(...compareArguments(old, now));
  return [...changes, ...compareContracts(old, now)];
}

function shownType(type: Json | undefined): string {
  return type === undefined ? "not given" : quote(String(type));
}

function compareTools(old: Entry, now: Entry): SurfaceChange[] {
  const [before, after] = [old.listing, now.listing];
  const changes: SurfaceChange[] = [];
  if (before["inputSchema"] !== undefined || after["inputSchema"] !== undefined)
    changes.push(
      ...compareSchema(["inputSchema"], before["inputSchema"] ?? true, after["inputSchema"] ?? true, "input", now),
    );
  // Without a schema, a result may be any value.
  if (before["outputSchema"] !== undefined || after["outputSchema"] !== undefined)
    changes.push(
      ...compareSchema(["outputSchema"], before["outputSchema"] ?? true, after["outputSchema"] ?? true, "output", now),
    );
  const hints = (listing: JsonObject): JsonObject => (isObject(listing["annotations"]) ? listing["annotations"] : {});
  const [one, other] = [hints(before), hints(after)];
  for (const hint of new Set([...Object.keys(one), ...Object.keys(other)])) {
    if (one[hint] === other[hint]) continue;
    const isWeaker =
      (hint === "readOnlyHint" && one[hint] === true) || (hint === "destructiveHint" && one[hint] === false);
    const shown = (value: Json | undefined): string => (value === undefined ? "not set" : cut(JSON.stringify(value)));
    const message = `${quote(hint)} is ${shown(other[hint])}, was ${shown(one[hint])}`;
    const rule = isWeaker ? "hint/weakened" : hint.endsWith("Hint") ? "hint/changed" : "text/changed";
    changes.push(change(rule, now, { at: ["annotations", hint], message, old: one[hint], new: other[hint] }));
  }
  const support = (listing: JsonObject): Json =>
    (isObject(listing["execution"]) ? listing["execution"]["taskSupport"] : undefined) ?? "forbidden";
  const [from, to] = [support(before), support(after)];
  if (from !== to)
    changes.push(
      change(to === "required" ? "task/required" : "task/changed", now, {
        at: ["execution", "taskSupport"],
        message: `"taskSupport" is ${quote(String(to))}, was ${quote(String(from))}`,
        old: from,
        new: to,
      }),
    );
  return changes;
}
