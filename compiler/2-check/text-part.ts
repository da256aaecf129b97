import type { SourceFile, Span } from "../model/source.js";

/** Finds the span of a part of a JSON string: UTF-16 units `from` to `to` of the text, with any escapes. */
export type TextPart = (text: Span, from: number, to: number) => Span;

export function textParts(files: readonly SourceFile[]): TextPart {
  const byPath = new Map(files.map((file) => [file.path, file]));
  // A text may have many parts, mostly in order, so the search continues from the last one.
  let last = { span: undefined as Span | undefined, unit: 0, offset: 1 };
  /** Returns the offset of a UTF-16 unit of a text in its JSON string, after the quote. */
  const offsetOf = (span: Span, index: number): number => {
    const file = byPath.get(span.path);
    const from = (span.entry === undefined ? 0 : (file?.entries?.get(span.entry) ?? 0)) + span.start;
    if (last.span !== span || last.unit > index) last = { span, unit: 0, offset: 1 };
    for (; last.unit < index; last.unit++) {
      const at = from + last.offset;
      last.offset += file?.text[at] !== "\\" ? 1 : file.text[at + 1] === "u" ? 6 : 2;
    }
    return last.offset;
  };
  return (span, from, to) => {
    const start = span.start + offsetOf(span, from);
    return { ...span, start, end: span.start + offsetOf(span, to) };
  };
}
