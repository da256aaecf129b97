import { fingerprint } from "../fingerprint.js";
import type { Cache } from "../model/cache.js";
import type { Json, JsonObject, Located, LocatedObject, SourceFile } from "../model/source.js";
import { endOfComment, endOfString } from "./extent.js";
import { TooDeep, treeBuilder } from "./tree.js";
import { visit, type Visitor } from "./visit.js";

/**
 * Parses a manifest entry by entry: the objects in the lists and the sections of its root. Each entry has its own
 * spans, so results about an entry stay valid until its text changes. Returns undefined for a text with any error: only
 * a parse of the whole text reports errors.
 */
export function parseManifest(path: string, text: string, cache: Cache): SourceFile | undefined {
  const cuts = entryCuts(text);
  if (!cuts) return undefined;
  const entries = new Map<string, number>();
  const nodes: LocatedObject[] = [];
  for (const { start, end } of cuts) {
    const own = text.slice(start, end);
    const hash = fingerprint(own);
    if (!cache.memo("parsed-entry", [hash], () => parseEntry(path, hash, own) !== undefined)) return undefined;
    let entry = hash;
    for (let number = 2; entries.has(entry); number++) entry = `${hash} ${number}`;
    entries.set(entry, start);
    nodes.push(entryNode(path, entry, own));
  }
  const root = parseOutline(path, text, cuts, nodes);
  return root && { path, text, root, entries };
}

/** Returns an entry whose members are parsed on first access: for most entries, the value is enough. */
function entryNode(path: string, entry: string, text: string): LocatedObject {
  let parsed: LocatedObject | undefined;
  const span = { path, entry, start: 0, end: text.length };
  // A caller that has parsed the text as JSON may have an entry that nests too deeply: it has no places inside it.
  const tree = (): LocatedObject =>
    (parsed ??= parseEntry(path, entry, text) ?? { kind: "object", span, members: [], value: {} });
  return {
    kind: "object",
    span,
    value: plainJson(text) ?? tree().value,
    get members() {
      return tree().members;
    },
  };
}

/** Parses plain JSON; undefined for a text with comments or trailing commas. */
function plainJson(text: string): JsonObject | undefined {
  try {
    return JSON.parse(text) as JsonObject;
  } catch {
    return undefined;
  }
}

/** The offsets of an entry in a text. */
interface Cut {
  readonly start: number;
  readonly end: number;
}

/** Finds the entries of a well-formed text. Syntax errors inside entries show only when the entries are parsed. */
function entryCuts(text: string): Cut[] | undefined {
  const cuts: Cut[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') {
      at = endOfString(text, at);
      if (at === -1) return undefined;
    } else if (character === "/") {
      at = endOfComment(text, at);
      if (at === -1) return undefined;
    } else if (character === "{" || character === "[") {
      if (depth === entryDepth) start = at;
      depth += 1;
    } else if (character === "}" || character === "]") {
      depth -= 1;
      if (depth === entryDepth && character === "}" && text[start] === "{") cuts.push({ start, end: at + 1 });
    }
  }
  return cuts;
}

/** The number of values around an entry. */
const entryDepth = 2;

/** Parses an entry, with spans relative to its beginning; undefined unless it is well formed. */
function parseEntry(path: string, entry: string, text: string): LocatedObject | undefined {
  // A slice would keep the whole manifest in memory.
  const own = Buffer.from(text).toString();
  const builder = treeBuilder({ path, entry }, own, entryDepth);
  if (!isVisited(own, builder.visitor) || builder.diagnostics.length > 0) return undefined;
  const root = builder.root();
  return root?.kind === "object" ? root : undefined;
}

/** Parses the text around the entries, with `{}` in place of each, and puts the entries back. */
function parseOutline(
  path: string,
  text: string,
  cuts: readonly Cut[],
  entries: readonly Located[],
): Located | undefined {
  const instead = "{}";
  const builder = treeBuilder({ path }, text);
  const { visitor } = builder;
  let next = 0;
  let isWithin = false;
  let shift = 0;
  // Offsets come in the order of the text.
  const place = (offset: number): number => offset + shift;
  const isEntry = (offset: number): boolean => cuts[next] !== undefined && place(offset) === cuts[next]!.start;
  const own: Visitor = {
    onObjectBegin: (offset, ...more) => {
      isWithin = isEntry(offset);
      if (!isWithin) visitor.onObjectBegin!(place(offset), ...more);
    },
    onObjectEnd: (offset, ...more) => {
      if (!isWithin) return visitor.onObjectEnd!(place(offset), ...more);
      builder.place(entries[next]!);
      const { start, end } = cuts[next]!;
      shift += end - start - instead.length;
      next += 1;
      isWithin = false;
    },
    onArrayBegin: (offset, ...more) => visitor.onArrayBegin!(place(offset), ...more),
    onArrayEnd: (offset, ...more) => visitor.onArrayEnd!(place(offset), ...more),
    onObjectProperty: (name, offset, ...more) => visitor.onObjectProperty!(name, place(offset), ...more),
    onLiteralValue: (value: Json, offset, ...more) => visitor.onLiteralValue!(value, place(offset), ...more),
    onError: visitor.onError!,
  };
  let outline = "";
  let from = 0;
  for (const { start, end } of cuts) {
    outline += text.slice(from, start) + instead;
    from = end;
  }
  outline += text.slice(from);
  if (!isVisited(outline, own) || builder.diagnostics.length > 0) return undefined;
  return next === cuts.length ? builder.root() : undefined;
}

/** Whether the visitor reaches the end of a text; a text that nests too deeply stops it. */
function isVisited(text: string, visitor: Visitor): boolean {
  try {
    visit(text, visitor);
    return true;
  } catch (error) {
    if (!(error instanceof TooDeep)) throw error;
    return false;
  }
}
