import { endOfComment } from "../1-read/extent.js";
import { applyInsertions, type Insertion } from "../model/output.js";
import type { Json, JsonObject, Located, LocatedObject } from "../model/source.js";

/**
 * Returns the text of a manifest with one more entry at the end of a section. Everything else stays, comments and
 * trailing commas included.
 *
 * @param root The tree of `text`, with spans that count from its beginning.
 */
export function insertEntry(text: string, root: LocatedObject, section: string, entry: JsonObject): string {
  return insertEntries(text, root, section, [entry]);
}

/** Inserts several entries, as `insertEntry` does. */
export function insertEntries(
  text: string,
  root: LocatedObject,
  section: string,
  entries: readonly JsonObject[],
): string {
  if (entries.length === 0) return text;
  const list = root.members.find(({ key }) => key === section)?.node;
  const unit = indentationUnit(text, root);
  if (list?.kind === "array") {
    const added = entries.map((entry) => printed(entry, unit)).join(",\n");
    return applyInsertions(text, insertLast(text, list, list.items, unit, added));
  }
  const member = `${JSON.stringify(section)}: ${printed(entries, unit)}`;
  const members = root.members.map(({ keySpan, node }) => ({ span: { start: keySpan.start, end: node.span.end } }));
  return applyInsertions(text, insertLast(text, root, members, unit, member));
}

function printed(value: Json, unit: string): string {
  return JSON.stringify(value, null, unit);
}

interface Place {
  readonly span: { readonly start: number; readonly end: number };
}

/** Inserts a part after the last part of an object or an array. */
function insertLast(text: string, { span }: Located, parts: readonly Place[], unit: string, part: string): Insertion[] {
  const last = parts.at(-1)?.span;
  const close = span.end - 1;
  const outer = indentationAt(text, span.start);
  const inner = last && lineStart(text, last.start) > span.start ? indentationAt(text, last.start) : outer + unit;
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const lines = part.split("\n").map((line) => inner + line);
  const isOwnLine = text.slice(lineStart(text, close), close).trim() === "";
  // White space before the bracket stays behind the new part.
  const at = isOwnLine ? lineStart(text, close) - eolBefore(text, close) : close;
  const comma = last && commaAfter(text, last.end);
  const inserted = `${eol}${lines.join(eol)}${comma ? "," : ""}${isOwnLine ? "" : eol + outer}`;
  return [...(last && !comma ? [{ at: last.end, text: "," }] : []), { at, text: inserted }];
}

/** Returns whether the next token after `offset` is a comma. */
function commaAfter(text: string, offset: number): boolean {
  for (let at = offset; at < text.length; at++) {
    if (text[at] === "/") at = endOfComment(text, at);
    else if (!/\s/.test(text[at]!)) return text[at] === ",";
  }
  return false;
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf("\n", offset - 1) + 1;
}

/** Returns the length of the line end before the line of `offset`. */
function eolBefore(text: string, offset: number): number {
  const start = lineStart(text, offset);
  return text[start - 2] === "\r" ? 2 : 1;
}

function indentationAt(text: string, offset: number): string {
  return /^[ \t]*/.exec(text.slice(lineStart(text, offset), offset))![0];
}

/** Returns the indentation of the members of the root; two spaces if they share its line. */
function indentationUnit(text: string, root: LocatedObject): string {
  const first = root.members[0];
  return (
    (first && lineStart(text, first.keySpan.start) > root.span.start && indentationAt(text, first.keySpan.start)) ||
    "  "
  );
}
