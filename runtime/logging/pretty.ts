import { severity, type LogRecord } from "../protocol/logger.js";
import type { LoggingLevel } from "../protocol/types.js";

/**
 * Formats an entry for people: one line, then texts of several lines, indented. Only the first line starts at the
 * margin.
 */
export function prettyLines({ time, level, message, details }: LogRecord, colours: boolean): string {
  const paint = (code: number, text: string): string => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);
  const entries = Object.entries(details).filter(([, value]) => value !== undefined);
  const isLong = (value: unknown): value is string => typeof value === "string" && /[\n\r]/.test(value);
  const short = entries
    .filter(([, value]) => !isLong(value))
    .map(([key, value]) => paint(2, `${word(key)}=`) + word(value));
  const long = entries.flatMap(([, value]) => (isLong(value) ? value.split(/\r?\n/) : []));
  const head = [
    paint(2, time.slice(11, 23)),
    paint(colour(level), level.toUpperCase().padEnd(7)),
    visible(message),
    ...short,
  ].join(" ");
  return [head, ...long.map((line) => `    ${visible(line)}`)].join("\n");
}

function colour(level: LoggingLevel): number {
  if (level === "debug") return 2;
  if (severity(level) >= severity("error")) return 31;
  return level === "warning" ? 33 : 36;
}

/** Formats a value as one word, quoted if necessary. */
function word(value: unknown): string {
  if (typeof value === "string" && /^[^\s"=\p{Cc}]+$/u.test(value)) return visible(value);
  return visible(JSON.stringify(value) ?? "");
}

/** Escapes characters that a terminal would interpret: control characters, line ends, changes of direction. */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}\u2028\u2029\p{Bidi_Control}]/gu, (character) => {
    if (character === "\t") return " ";
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
