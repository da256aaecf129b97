import type { SourceFile, Span } from "../model/source.js";

/** Finds the place of a part of a JSON string: the text's units from `from` to `to`, however they are escaped. */
export type TextPart = (text: Span, from: number, to: number) => Span;

export function textParts(files: readonly SourceFile[]): TextPart {
  const texts = new Map(files.map(({ path, text }) => [path, text]));
  // A text may have many parts, which mostly follow each other.
  let last = { span: undefined as Span | undefined, unit: 0, offset: 1 };
  /** Returns the offset of a UTF-16 unit of a text in its JSON string, behind the quote. */
  const offsetOf = (span: Span, index: number): number => {
    const raw = texts.get(span.path);
    if (last.span !== span || last.unit > index) last = { span, unit: 0, offset: 1 };
    for (; last.unit < index; last.unit++) {
      const at = span.start + last.offset;
      last.offset += raw?.[at] !== "\\" ? 1 : raw[at + 1] === "u" ? 6 : 2;
    }
    return last.offset;
  };
  return (span, from, to) => {
    const start = span.start + offsetOf(span, from);
    return { path: span.path, start, end: span.start + offsetOf(span, to) };
  };
}
