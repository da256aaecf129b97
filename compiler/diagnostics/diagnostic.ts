import type { Json, LocatedArray, LocatedObject, Span } from "../model/source.js";
import { catalogue, type Code, type Parameters } from "./catalogue.js";

/** A finding for the user. It is a value and never thrown. */
export interface Diagnostic {
  readonly code: Code;
  readonly severity: "error" | "warning";
  /** One sentence, lower case, no full stop, the user's words in double quotes. */
  readonly message: string;
  readonly span?: Span;
  /** An imperative: what to do about it. */
  readonly help?: string;
  readonly related: readonly { readonly span: Span; readonly message: string }[];
  /** The edit that removes the diagnostic, if there is only one. */
  readonly fix?: Fix;
  /** The package that must stay outside the bundle. */
  readonly external?: string;
}

/** A text that replaces a span, which may be empty. */
export interface Fix {
  readonly span: Span;
  readonly text: string;
  /**
   * Whether to repeat the white space before the span after the text, so that a new member is formatted like its
   * neighbours.
   */
  readonly spaced?: true;
  /** The offset of a neighbour. A comma, and the white space before the neighbour, precede the text. */
  readonly after?: number;
}

/** The result of a phase: its value, if it has one, and its diagnostics. */
export interface Result<T> {
  readonly value?: T;
  readonly diagnostics: readonly Diagnostic[];
}

/** Creates a diagnostic of the catalogue. `parameters` are type-checked by its code. */
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

/** Replaces a JSON string, key or value, by the suggested word. */
export function respell(span: Span, word: string | undefined): Fix | undefined {
  return word === undefined ? undefined : { span, text: JSON.stringify(word) };
}

/** Inserts a member before an object's others. */
export function addMember(object: LocatedObject, key: string, value: Json): Fix {
  const text = `${JSON.stringify(key)}: ${JSON.stringify(value)}`;
  const first = object.members[0]?.keySpan.start;
  if (first === undefined) return { span: at(object.span, object.span.start + 1), text: ` ${text} ` };
  return { span: at(object.span, first), text: `${text},`, spaced: true };
}

/** Appends a member to an object, in the usual format of manifests. */
export function appendMember(object: LocatedObject, key: string, value: Json): Fix {
  const text = `${JSON.stringify(key)}: ${spacedJson(value)}`;
  const last = object.members.at(-1);
  if (last) return behind(last.node.span.end, last.keySpan, text);
  return { span: at(object.span, object.span.start + 1), text: ` ${text} ` };
}

/** Appends an item to an array. */
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

/** Formats JSON on one line, with spaces after colons and commas and within braces. */
export function spacedJson(value: Json): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(spacedJson).join(", ")}]`;
  if (Object.keys(value).length === 0) return "{}";
  return `{ ${Object.entries(value)
    .map(([key, each]) => `${JSON.stringify(key)}: ${spacedJson(each as Json)}`)
    .join(", ")} }`;
}

/** Compares diagnostics by file and position. Those without a place come last. */
export function byPlace({ span: a }: Diagnostic, { span: b }: Diagnostic): number {
  if (!a || !b) return a ? -1 : b ? 1 : 0;
  if (a.path !== b.path) return a.path < b.path ? -1 : 1;
  return a.start - b.start;
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === "error");
}
