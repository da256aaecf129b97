/** One kind of diagnostic. */
export interface DiagnosticDefinition<P> {
  readonly severity: "error" | "warning";
  /** One sentence, lower case, no full stop, the user's words in double quotes. */
  readonly message: (parameters: P) => string;
  /** An imperative: what to do about it. */
  readonly help?: (parameters: P) => string | undefined;
  /** Two or three sentences for `mcpc explain`; the example comes from the code's fixture. */
  readonly explain: string;
}

export function define<P>(definition: DiagnosticDefinition<P>): DiagnosticDefinition<P> {
  return definition;
}

/** The user's words: quoted, escaped, and never longer than a line. */
export function quote(text: string): string {
  return JSON.stringify(cut(text));
}

/** Text of our own making that may be long. */
export function cut(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/** `"a", "b" or "c"`, shortened. */
export function oneOf(words: readonly string[]): string {
  return listOf(words, "or");
}

/** `"a", "b" and "c"`, shortened. */
export function listOf(words: readonly string[], conjunction = "and"): string {
  const shown = words.slice(0, 8).map(quote);
  if (words.length > shown.length) return `${shown.join(", ")} ${conjunction} ${words.length - shown.length} more`;
  const last = shown.pop() ?? "";
  return shown.length === 0 ? last : `${shown.join(", ")} ${conjunction} ${last}`;
}

export function didYouMean(suggestion: string | undefined): string | undefined {
  return suggestion === undefined ? undefined : `did you mean ${quote(suggestion)}?`;
}
