import type { Diagnostic } from "./diagnostic.js";
import { lineText, locator } from "./position.js";
import { printable } from "./printable.js";
import type { Report } from "./report.js";
import type { Span } from "../model/source.js";

export interface RenderOptions {
  readonly color: boolean;
}

/**
 * Formats diagnostics with code frames, errors last, nearest to the prompt, then their counts. Returns an empty text
 * without diagnostics.
 */
export function formatPretty(report: Report, { color }: RenderOptions): string {
  if (report.diagnostics.length === 0) return "";
  const paint = color ? colors : plain;
  const locate = locator(report.textOf);
  const ordered = [
    ...report.diagnostics.filter(({ severity }) => severity === "warning"),
    ...report.diagnostics.filter(({ severity }) => severity === "error"),
  ];
  const blocks = ordered.map((diagnostic) => block(diagnostic, report, locate, paint));
  return `${blocks.join("\n")}\n${paint.strong(summary(report.diagnostics))}\n`;
}

function block(diagnostic: Diagnostic, report: Report, locate: ReturnType<typeof locator>, paint: Paint): string {
  const { code, severity, message, span, help, related } = diagnostic;
  const tone = severity === "error" ? paint.error : paint.warning;
  const lines = [`${tone(`${severity}[${code}]`)}${paint.strong(`: ${printable(message)}`)}`];
  const places = [
    ...(span ? [{ span, message: "", arrow: "-->", tone }] : []),
    ...related.map((other) => ({ ...other, arrow: ":::", tone: paint.note })),
  ];
  const numbers = places.map((place) => locate.range(place.span).start.line);
  const margin = " ".repeat(String(Math.max(0, ...numbers)).length);
  for (const place of places) lines.push(...frame(place, margin, report.prefix, locate, paint));
  if (help !== undefined) lines.push(`${margin} ${paint.dim("=")} ${paint.strong("help")}: ${printable(help)}`);
  return `${lines.join("\n")}\n`;
}

interface Place {
  readonly span: Span;
  readonly message: string;
  readonly arrow: string;
  readonly tone: (text: string) => string;
}

/** Formats ` --> file:line:column`, the line, and carets below it. */
function frame(
  place: Place,
  margin: string,
  prefix: string,
  locate: ReturnType<typeof locator>,
  paint: Paint,
): string[] {
  const { file, start, end } = locate.range(place.span);
  const head = `${margin}${paint.dim(place.arrow)} ${printable(prefix + file)}:${start.line}:${start.column}`;
  const lines = locate.lines(file);
  if (!lines) return [head];
  const text = lineText(lines, start.line);
  const until = end.line === start.line ? end.column : text.length + 1;
  const window = cut(text, start.column - 1, until - 1);
  const carets = place.tone(
    "^".repeat(Math.max(1, width(window.marked))) + (place.message && ` ${printable(place.message)}`),
  );
  const bar = paint.dim("|");
  return [
    head,
    `${margin} ${bar}`,
    `${paint.dim(`${String(start.line).padStart(margin.length)} |`)} ${printable(window.before + window.marked + window.after)}`,
    `${margin} ${bar} ${" ".repeat(width(window.before))}${carets}`,
  ];
}

const maxWidth = 120;

/** Cuts a line around the mark, since minified manifests have only one line. */
function cut(text: string, from: number, to: number): { before: string; marked: string; after: string } {
  const before = text.slice(0, from);
  const marked = text.slice(from, to);
  const after = text.slice(to);
  if (text.length <= maxWidth) return { before, marked, after };
  return {
    before: before.length > 50 ? `…${before.slice(-50)}` : before,
    marked: marked.length > 60 ? `${marked.slice(0, 60)}…` : marked,
    after: after.length > 20 ? `${after.slice(0, 20)}…` : after,
  };
}

function summary(diagnostics: readonly Diagnostic[]): string {
  const count = (severity: Diagnostic["severity"]): string => {
    const number = diagnostics.filter((diagnostic) => diagnostic.severity === severity).length;
    return number === 0 ? "" : `${number} ${severity}${number === 1 ? "" : "s"}`;
  };
  const fixable = diagnostics.filter(({ fix }) => fix).length;
  const found = [count("error"), count("warning")].filter((text) => text !== "").join(", ");
  return fixable === 0 ? found : `${found} (mcpc check --fix puts ${fixable} right)`;
}

/**
 * Returns the approximate columns of a text on a terminal: two for East Asian characters and emoji, none for combining
 * marks.
 */
function width(text: string): number {
  let columns = 0;
  for (const character of printable(text)) {
    if (/\p{Mn}|\u200d|\ufe0f/u.test(character)) continue;
    columns +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return columns;
}

interface Paint {
  readonly error: (text: string) => string;
  readonly warning: (text: string) => string;
  readonly note: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly dim: (text: string) => string;
}
const unchanged = (text: string): string => text;
const plain: Paint = { error: unchanged, warning: unchanged, note: unchanged, strong: unchanged, dim: unchanged };
const ansi = (code: string) => (text: string) => `\u001b[${code}m${text}\u001b[0m`;
const colors: Paint = {
  error: ansi("1;31"),
  warning: ansi("1;33"),
  note: ansi("36"),
  strong: ansi("1"),
  dim: ansi("34"),
};
