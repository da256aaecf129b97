import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import type { Json, Located, LocatedArray, LocatedObject, Member, Span } from "../model/source.js";
import type { Visitor } from "./visit.js";

export const deepest = 200;
const maxErrors = 5;

export class TooDeep extends Error {
  readonly offset: number;
  constructor(offset: number) {
    super();
    this.offset = offset;
  }
}

interface OpenObject {
  readonly kind: "object";
  readonly start: number;
  readonly members: Member[];
  readonly value: Record<string, Json>;
  readonly keys: Map<string, Span>;
  key?: { readonly name: string; readonly span: Span };
}
interface OpenArray {
  readonly kind: "array";
  readonly start: number;
  readonly items: Located[];
  readonly value: Json[];
}

/** Builds the tree of a text from parser events. `around` is the nesting depth of the text within its file. */
export function treeBuilder(origin: Pick<Span, "path" | "entry">, text: string, around = 0) {
  const diagnostics: Diagnostic[] = [];
  let errors = 0;
  let lineEnd = 0;
  const open: (OpenObject | OpenArray)[] = [];
  let root: Located | undefined;

  const push = (container: OpenObject | OpenArray): void => {
    if (around + open.length >= deepest) throw new TooDeep(container.start);
    open.push(container);
  };
  /** Reports lone surrogates: they have no UTF-8 encoding (RFC 7493, section 2.1). */
  const checkText = (value: string, span: Span): void => {
    if (/\p{Surrogate}/u.test(value))
      diagnostics.push(diagnose("file/invalid-json", span, { reason: "the text holds half of a surrogate pair" }));
  };
  const place = (node: Located): void => {
    const parent = open.at(-1);
    if (!parent) root ??= node;
    else if (parent.kind === "array") {
      parent.items.push(node);
      parent.value.push(node.value);
    } else if (parent.key) {
      parent.members.push({ key: parent.key.name, keySpan: parent.key.span, node });
      define(parent.value, parent.key.name, node.value);
      delete parent.key;
    }
  };
  const close = (end: number): void => {
    const container = open.pop();
    if (!container) return;
    const { kind, start, value } = container;
    const span = { ...origin, start, end };
    if (kind === "array") place({ kind, span, items: container.items, value } as LocatedArray);
    else place({ kind, span, members: container.members, value } as LocatedObject);
  };

  const visitor: Visitor = {
    onObjectBegin: (start) => push({ kind: "object", start, members: [], value: {}, keys: new Map() }),
    onArrayBegin: (start) => push({ kind: "array", start, items: [], value: [] }),
    onObjectEnd: (offset, length) => close(offset + length),
    onArrayEnd: (offset, length) => close(offset + length),
    onObjectProperty: (name, offset, length) => {
      const parent = open.at(-1);
      if (parent?.kind !== "object") return;
      const span = { ...origin, start: offset, end: offset + length };
      checkText(name, span);
      const first = parent.keys.get(name);
      if (first)
        diagnostics.push(diagnose("file/duplicate-key", span, { key: name }, [{ span: first, message: "first here" }]));
      parent.keys.set(name, span);
      parent.key = { name, span };
    },
    onLiteralValue: (value: null | boolean | number | string, offset, length) => {
      const span = { ...origin, start: offset, end: offset + length };
      if (typeof value === "number" && !Number.isFinite(value))
        diagnostics.push(diagnose("file/invalid-json", span, { reason: "the number is too large" }));
      if (typeof value === "string") checkText(value, span);
      place({ kind: "scalar", span, value });
    },
    onError: (code, offset, length) => {
      // One error a line: later errors on a line mostly come from the parser's recovery.
      if (offset < lineEnd || errors >= maxErrors) return;
      errors += 1;
      const end = text.indexOf("\n", offset);
      lineEnd = end === -1 ? text.length : end;
      const span = { ...origin, start: offset, end: offset + Math.max(length, 1) };
      diagnostics.push(diagnose("file/invalid-json", span, { reason: reasons[code] ?? "this is unexpected" }));
    },
  };
  return { visitor, place, diagnostics, root: () => root };
}

/** Defines a member. An ordinary assignment to `__proto__` would change the prototype and lose the key. */
function define(object: Record<string, Json>, key: string, value: Json): void {
  if (key === "__proto__")
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  else object[key] = value;
}

/** Messages by jsonc-parser's ParseErrorCode. */
const reasons: Readonly<Record<number, string>> = {
  1: "this is no value; text needs double quotes",
  2: "this is no number",
  3: "a key in double quotes is expected here",
  4: "a value is expected here",
  5: "a colon is expected here",
  6: "a comma is missing before this",
  7: 'a closing "}" is missing',
  8: 'a closing "]" is missing',
  9: "there is something after the end",
  10: "this comment is not allowed",
  11: "the comment is not closed",
  12: "the text is not closed",
  13: "the number is not complete",
  14: "an invalid \\u escape",
  15: "an invalid escape after the backslash",
  16: "a control character in a text; write it as an escape",
};
