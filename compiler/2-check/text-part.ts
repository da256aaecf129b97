import type { SourceFile, Span } from "../model/source.js";

/** Finds the place of a part of a JSON string: the text's units from `from` to `to`, however they are escaped. */
export type TextPart = (text: Span, from: number, to: number) => Span;

export function textParts(files: readonly SourceFile[]): TextPart {
  const texts = new Map(files.map(({ path, text }) => [path, text]));
  return ({ path, start, end }, from, to) => {
    const raw = texts.get(path)?.slice(start, end) ?? "";
    return { path, start: start + offsetOf(raw, from), end: start + offsetOf(raw, to) };
  };
}

/** Returns the offset of the UTF-16 unit `index` in its JSON string, behind the quote. */
function offsetOf(raw: string, index: number): number {
  let offset = 1;
  for (let unit = 0; unit < index; unit++) offset += raw[offset] !== "\\" ? 1 : raw[offset + 1] === "u" ? 6 : 2;
  return offset;
}
