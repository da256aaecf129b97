import type { Span } from "../model/source.js";

/** Lines and columns count from 1; columns in UTF-16 units, as editors and annotations do. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Returns the text of a project file; `undefined` if it does not exist. */
export type TextOf = (path: string) => string | undefined;

export interface Lines {
  readonly text: string;
  readonly starts: readonly number[];
}

export function linesOf(text: string): Lines {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return { text, starts };
}

export function positionAt({ starts, text }: Lines, offset: number): Position {
  const at = Math.max(0, Math.min(offset, text.length));
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= at) low = middle;
    else high = middle - 1;
  }
  const byteOrderMark = low === 0 && text.startsWith("\uFEFF") ? 1 : 0;
  return { line: low + 1, column: Math.max(1, at - (starts[low] ?? 0) - byteOrderMark + 1) };
}

/** Returns a line without its end. */
export function lineText({ text, starts }: Lines, line: number): string {
  const start = starts[line - 1] ?? text.length;
  const end = starts[line] === undefined ? text.length : (starts[line] ?? text.length) - 1;
  return text
    .slice(start, end)
    .replace(/\r$/, "")
    .replace(/^\uFEFF/, "");
}

export interface TextRange {
  readonly file: string;
  readonly start: Position;
  readonly end: Position;
}

/**
 * Returns the line and column of a span; the start of the file if its text is missing. Caches the lines of each file.
 */
export function locator(textOf: TextOf): { range(span: Span): TextRange; lines(path: string): Lines | undefined } {
  const files = new Map<string, Lines | undefined>();
  const lines = (path: string): Lines | undefined => {
    if (!files.has(path)) {
      const text = textOf(path);
      files.set(path, text === undefined ? undefined : linesOf(text));
    }
    return files.get(path);
  };
  const range = (span: Span): TextRange => {
    const found = lines(span.path);
    const first = { line: 1, column: 1 };
    if (!found) return { file: span.path, start: first, end: first };
    return { file: span.path, start: positionAt(found, span.start), end: positionAt(found, span.end) };
  };
  return { range, lines };
}
