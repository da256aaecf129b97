import type { Host } from "../host.js";
import type { Located, SourceFile, Sources, Span } from "../model/source.js";
import { parseAround, parseEntry, placed } from "./entries.js";
import { read } from "./index.js";
import { decoded, parse } from "./parse.js";

export const sections = ["tools", "resources", "resourceTemplates", "prompts"] as const;
export type Section = (typeof sections)[number];

/** What manifests said, and where their entries stood in them, in the order of a server's. */
export interface Written {
  /** By path. */
  readonly manifests: ReadonlyMap<string, string>;
  readonly entries: Readonly<Record<Section, readonly Span[]>>;
}

/** An entry that says something else than it did, and nothing else does. */
export interface Edited {
  readonly section: Section;
  readonly index: number;
  readonly before: Located;
  readonly after: Located;
  /** What they say now: what stands behind the entry has moved. */
  readonly written: Written;
  readonly move: Move;
  /** All that manifests refer to; of their entries, this one alone is in them. */
  readonly sources: Sources;
}

/** What stood at `from` or behind it in a file stands `by` further on. */
export interface Move {
  readonly path: string;
  readonly from: number;
  readonly by: number;
}

/**
 * Reads a project in which the manifest `path` was edited, and nothing else. Undefined unless the edit is within one
 * entry, and there is nothing to be told of it.
 */
export function readEdited(host: Host, path: string, written: Written): Edited | undefined {
  const text = written.manifests.get(path);
  const bytes = text === undefined ? undefined : host.read(path);
  const now = bytes && decoded(bytes);
  if (text === undefined || now === undefined) return undefined;
  const place = placeOf(path, differing(text, now), written);
  if (!place) return undefined;
  const { section, index, span } = place;
  const move = { path, from: span.end, by: now.length - text.length };
  const after = entryAt(now, { ...span, end: span.end + move.by });
  const before = entryAt(text, span);
  if (!after || !before) return undefined;
  const manifests = new Map([...written.manifests, [path, now]]);
  const entries = (one: Section): Span[] => written.entries[one].map((each) => moved(each, move));
  const all = {
    tools: entries("tools"),
    resources: entries("resources"),
    resourceTemplates: entries("resourceTemplates"),
    prompts: entries("prompts"),
  };
  const files = new Map<string, SourceFile>();
  for (const [manifest, text] of manifests) {
    const cuts = sections.flatMap((one) => all[one].filter((each) => each.path === manifest));
    cuts.sort((a, b) => a.start - b.start);
    const kept = cuts.map((cut) => (cut === all[section][index] ? after : undefined));
    const root = parseAround(manifest, text, cuts, kept);
    if (!root) return undefined;
    files.set(manifest, { path: manifest, text, root });
  }
  const { value: sources, diagnostics } = read(host, undefined, (file, bytes) => {
    const manifest = files.get(file);
    return manifest ? { file: manifest, diagnostics: [] } : parse(file, bytes);
  });
  if (!sources || diagnostics.length > 0 || areSchemas(sources)) return undefined;
  return { section, index, before, after, written: { manifests, entries: all }, move, sources };
}

/** Whether a manifest is a file of schemas, too: then any entry may be a part of another one. */
export function areSchemas({ manifests, schemas }: Sources): boolean {
  return manifests.some(({ path }) => schemas.has(path));
}

/** The same span after the move; one that ends where text has moved grows with it. */
export function moved(span: Span, { path, from, by }: Move): Span {
  if (span.path !== path || span.end < from) return span;
  return { path, start: span.start < from ? span.start : span.start + by, end: span.end + by };
}

/** A part of a text in place of which another one has another. */
interface Difference {
  readonly start: number;
  readonly end: number;
}

function differing(text: string, other: string): Difference {
  const most = Math.min(text.length, other.length);
  const start = longest(most, (from, to) => text.slice(from, to) === other.slice(from, to));
  const behind = longest(
    most - start,
    (from, to) =>
      text.slice(text.length - to, text.length - from) === other.slice(other.length - to, other.length - from),
  );
  return { start, end: text.length - behind };
}

/** How far two texts are the same: `isSame` compares a part. */
function longest(most: number, isSame: (from: number, to: number) => boolean): number {
  let same = 0;
  for (let step = 2 ** 16; step >= 1; step = Math.floor(step / 2))
    while (same < most && isSame(same, Math.min(same + step, most))) same = Math.min(same + step, most);
  return same;
}

/** The entry within whose braces the difference is. */
function placeOf(
  path: string,
  { start, end }: Difference,
  { entries }: Written,
): { readonly section: Section; readonly index: number; readonly span: Span } | undefined {
  for (const section of sections) {
    const index = entries[section].findIndex((span) => span.path === path && span.start < start && end < span.end);
    if (index !== -1) return { section, index, span: entries[section][index]! };
  }
  return undefined;
}

/** Undefined unless that is one well-formed object, and nothing else: what comes behind would be read in another way. */
function entryAt(text: string, { path, start, end }: Span): Located | undefined {
  const entry = parseEntry(text.slice(start, end));
  const isAll = entry?.kind === "object" && entry.span.start === 0 && entry.span.end === end - start;
  return isAll ? placed(entry, path, start) : undefined;
}
