import { insertEntries } from "../add/insert-entry.js";
import { setField } from "../add/set-field.js";
import { isObject } from "../diff/schemas/classes.js";
import { keyOf, sections, type SurfaceSection } from "../diff/surface.js";
import { fingerprint } from "../fingerprint.js";
import type { Json, JsonObject, LocatedObject } from "../model/source.js";

/** Entries by section, as they are to be in a manifest. */
export type Imported = Readonly<Record<SurfaceSection, readonly JsonObject[]>>;

/** Fingerprints of the fields of the entries of the last import, by `SECTION/NAME` and field. */
export type ImportRecord = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface MergeResult {
  readonly text: string;
  /** Sentences about what was not taken over, one for each. */
  readonly notes: readonly string[];
  readonly counts: { readonly added: number; readonly changed: number; readonly gone: number };
}

export function recordOf(imported: Imported): ImportRecord {
  return Object.fromEntries(
    sections.flatMap((section) =>
      imported[section].map((entry) => [
        idOf(section, entry),
        Object.fromEntries(Object.keys(entry).map((field) => [field, fieldFingerprint(entry, field)!])),
      ]),
    ),
  );
}

export function idOf(section: SurfaceSection, entry: JsonObject): string {
  return `${section}/${String(entry[keyOf[section]])}`;
}

/**
 * Merges imported entries into the text of a manifest. A field is replaced only if it is as the last import wrote it.
 * New entries are added, entries that are gone upstream stay and are reported.
 *
 * @param parse Returns the tree of a text, with spans that count from its beginning.
 * @param departed What a rule did to entries, by `SECTION/NAME`: they are not gone upstream.
 */
export function merge(
  text: string,
  imported: Imported,
  record: ImportRecord,
  parse: (text: string) => LocatedObject,
  departed: ReadonlyMap<string, string> = new Map(),
): MergeResult {
  const notes: string[] = [];
  let merged = text;
  let [added, changed, gone] = [0, 0, 0];
  for (const section of sections) {
    const present = entriesIn(parse(merged), section);
    const indexes = new Map(present.map((other, index) => [other && idOf(section, other), index]));
    const fresh: JsonObject[] = [];
    for (const entry of imported[section]) {
      const id = idOf(section, entry);
      const index = indexes.get(id);
      const other = index === undefined ? undefined : present[index];
      if (index !== undefined && other) {
        const { fields, conflicts } = changesOf(other, entry, record[id] ?? {});
        if (fields.length > 0) changed++;
        for (const [field, value] of fields) merged = setField(merged, [section, index, field], value);
        for (const field of conflicts)
          notes.push(`${id}: "${field}" was changed here and upstream, and stays as it is here`);
      } else if (Object.hasOwn(record, id)) notes.push(`${id} was removed from the manifest, and is not added`);
      else {
        added++;
        fresh.push(entry);
      }
    }
    if (fresh.length > 0) merged = insertEntries(merged, parse(merged), section, fresh);
    const upstream = new Set(imported[section].map((entry) => idOf(section, entry)));
    for (const other of present) {
      const id = other && idOf(section, other);
      if (id === undefined || upstream.has(id) || !Object.hasOwn(record, id)) continue;
      const why = departed.get(id) ?? newName(section, record[id]!, fresh);
      if (why === undefined) gone++;
      notes.push(
        `${id} ${why ?? "is gone upstream"}, and stays in the manifest${why === undefined ? "" : ": delete it there"}`,
      );
    }
  }
  return { text: merged, notes, counts: { added, changed, gone } };
}

/** Returns the new name of an entry that is gone: that of the only new entry with all its other fields. */
function newName(
  section: SurfaceSection,
  { [keyOf[section]]: _, ...record }: Readonly<Record<string, string>>,
  fresh: readonly JsonObject[],
): string | undefined {
  const same = fresh.filter(({ [keyOf[section]]: _name, ...entry }) => {
    const fields = Object.keys(entry);
    const isSame = (field: string): boolean => record[field] === fieldFingerprint(entry, field);
    return fields.length > 1 && fields.length === Object.keys(record).length && fields.every(isSame);
  });
  return same.length === 1 ? `is now called ${String(same[0]![keyOf[section]])}` : undefined;
}

/** Returns the entries of a section; undefined for an item that is no object. */
function entriesIn(root: LocatedObject, section: SurfaceSection): (JsonObject | undefined)[] {
  const list = root.value[section];
  return Array.isArray(list) ? (list as readonly Json[]).map((item) => (isObject(item) ? item : undefined)) : [];
}

interface Changes {
  readonly fields: readonly (readonly [field: string, value: Json | undefined])[];
  /** Fields that were changed in the manifest and upstream. */
  readonly conflicts: readonly string[];
}

/** Compares an entry of the manifest with the imported one, and with the one that the last import wrote. */
function changesOf(entry: JsonObject, imported: JsonObject, record: Readonly<Record<string, string>>): Changes {
  const fields: [string, Json | undefined][] = [];
  const conflicts: string[] = [];
  for (const field of new Set([...Object.keys(record), ...Object.keys(imported)])) {
    const before = Object.hasOwn(record, field) ? record[field] : undefined;
    const here = fieldFingerprint(entry, field);
    const upstream = fieldFingerprint(imported, field);
    if (upstream === before || upstream === here) continue;
    if (here === before) fields.push([field, imported[field]]);
    else conflicts.push(field);
  }
  return { fields, conflicts };
}

function fieldFingerprint(entry: JsonObject, field: string): string | undefined {
  return Object.hasOwn(entry, field) ? fingerprint(JSON.stringify(entry[field])) : undefined;
}
