import type { Json, LocatedArray, LocatedObject, Span } from "../model/source.js";
import { catalogue, type Code, type Parameters } from "./catalogue.js";

/** Something the user should know: a value, never thrown. */
export interface Diagnostic {
  readonly code: Code;
  readonly severity: "error" | "warning";
  /** One sentence, lower case, no full stop, the user's words in double quotes. */
  readonly message: string;
  readonly span?: Span;
  /** An imperative: what to do about it. */
  readonly help?: string;
  readonly related: readonly { readonly span: Span; readonly message: string }[];
  /** The change that puts it right, where there is but one. */
  readonly fix?: Fix;
  /** The package that has to stay outside the bundle. */
  readonly external?: string;
}

/** Text in place of a span, which may be empty. */
export interface Fix {
  readonly span: Span;
  readonly text: string;
  /** The white space before the span comes after the text once more: a new member stands as its neighbours do. */
  readonly spaced?: true;
  /** The place of a neighbour: a comma, and the white space before that, come before the text. */
  readonly after?: number;
}

/** The result of a phase: its value (absent when it has none), and its diagnostics. */
export interface Result<T> {
  readonly value?: T;
  readonly diagnostics: readonly Diagnostic[];
}

/** Makes a diagnostic of the catalogue; `parameters` are type-checked against its code. */
export function diagnose<C extends Code>(
  code: C,
  span: Span | undefined,
  parameters: Parameters<C>,
  related: Diagnostic["related"] = [],
  fix?: Fix,
): Diagnostic {
  const definition = catalogue[code] as {
    severity: "error" | "warning";
    message: (p: unknown) => string;
    help?: (p: unknown) => string | undefined;
  };
  const help = definition.help?.(parameters);
  return {
    code,
    severity: definition.severity,
    message: definition.message(parameters),
    ...(span && { span }),
    ...(help !== undefined && { help }),
    related,
    ...(fix && { fix }),
  };
}

/** Puts the word that was meant in place of a JSON string, key or value. */
export function respell(span: Span, word: string | undefined): Fix | undefined {
  return word === undefined ? undefined : { span, text: JSON.stringify(word) };
}

/** Puts a member in front of an object's others. */
export function addMember(object: LocatedObject, key: string, value: Json): Fix {
  const text = `${JSON.stringify(key)}: ${JSON.stringify(value)}`;
  const first = object.members[0]?.keySpan.start;
  if (first === undefined) return { span: at(object.span, object.span.start + 1), text: ` ${text} ` };
  return { span: at(object.span, first), text: `${text},`, spaced: true };
}

/** Puts a member behind an object's others, spaced as manifests are. */
export function appendMember(object: LocatedObject, key: string, value: Json): Fix {
  const text = `${JSON.stringify(key)}: ${spacedJson(value)}`;
  const last = object.members.at(-1);
  if (last) return behind(last.node.span.end, last.keySpan, text);
  return { span: at(object.span, object.span.start + 1), text: ` ${text} ` };
}

/** Puts an item behind an array's others. */
export function appendItem(array: LocatedArray, value: Json): Fix {
  const text = spacedJson(value);
  const last = array.items.at(-1);
  if (last) return behind(last.span.end, last.span, text);
  return { span: at(array.span, array.span.start + 1), text };
}

function behind(end: number, span: Span, text: string): Fix {
  return { span: at(span, end), text, after: span.start };
}

/** Returns the empty span at an offset, in the file or the entry of another span. */
function at(span: Span, offset: number): Span {
  return { ...span, start: offset, end: offset };
}

/** JSON on one line, with a blank behind each colon and comma and within braces. */
function spacedJson(value: Json): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(spacedJson).join(", ")}]`;
  return `{ ${Object.entries(value)
    .map(([key, each]) => `${JSON.stringify(key)}: ${spacedJson(each as Json)}`)
    .join(", ")} }`;
}

/** Orders diagnostics by file and position; what has no place comes last. */
export function byPlace({ span: a }: Diagnostic, { span: b }: Diagnostic): number {
  if (!a || !b) return a ? -1 : b ? 1 : 0;
  if (a.path !== b.path) return a.path < b.path ? -1 : 1;
  return a.start - b.start;
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === "error");
}
