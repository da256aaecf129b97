import { closed, type Domain, type Sides, type Tools } from "./outcome.js";
import { automatonOf, automatonOfTexts, textsOf, type Automaton } from "./pattern-automaton.js";
import { patternSamples } from "./pattern-samples.js";
import { formatSamples } from "./palette.js";
import { maxTextLength } from "./patterns.js";

/** Formats that accept all texts of another. */
export const widerFormats: Readonly<Record<string, readonly string[]>> = {
  "date-time": ["iso-date-time"],
  ipv4: ["hostname"],
  "json-pointer-uri-fragment": ["uri-reference"],
  time: ["iso-time"],
  uri: ["uri-reference"],
};

/** The shortest and the longest text of formats with a limit. */
export const lengthsOfFormats: Readonly<Record<string, readonly [least: number, most: number]>> = {
  date: [10, 10],
  hostname: [1, 253],
  ipv4: [7, 15],
  ipv6: [2, 45],
  uuid: [36, 45],
};

/** Texts that are of no format with rules for characters. */
const malformed = ["(", "{ "];

/** Solves strings: an interval of lengths, patterns and formats. */
export function solveStrings({ left, right, refused }: Sides, { palette }: Tools): Domain {
  let [least, most] = [0, Infinity];
  const patterns = new Set<string>();
  const formats = new Set<string>();
  for (const literal of left)
    if (literal.kind === "minLength") least = Math.max(least, literal.value);
    else if (literal.kind === "maxLength") most = Math.min(most, literal.value);
    else if (literal.kind === "pattern") patterns.add(literal.pattern);
    else if (literal.kind === "format") formats.add(literal.format);
  for (const format of formats) {
    const [shortest, longest] = lengthsOfFormats[format] ?? [0, Infinity];
    [least, most] = [Math.max(least, shortest), Math.min(most, longest)];
  }

  const isImplied = (format: string): boolean =>
    [...formats].some((each) => each === format || widerFormats[each]?.includes(format));
  for (const literal of right)
    if (literal.kind === "minLength") most = Math.min(most, literal.value - 1);
    else if (literal.kind === "maxLength") least = Math.max(least, literal.value + 1);
    else if (literal.kind === "pattern" && patterns.has(literal.pattern)) return closed;
    else if (literal.kind === "format" && isImplied(literal.format)) return closed;
  least = Math.ceil(least);
  if (least > most) return closed;
  if (most < 1) return { values: [""] };
  const automata = (all: readonly string[]): Automaton[] => all.flatMap((pattern) => automatonOf(pattern) ?? []);
  const against = right.flatMap((literal) => (literal.kind === "pattern" ? [literal.pattern] : []));
  const exceptions = refused.filter((value) => typeof value === "string");
  const texts =
    patterns.size + against.length + exceptions.length === 0
      ? undefined
      : textsOf({
          left: automata([...patterns]),
          right: [...automata(against), ...(exceptions.length > 0 ? [automatonOfTexts(exceptions) ?? []].flat() : [])],
          least,
          most,
        });
  if (texts?.length === 0) return closed;
  const lengths = [least, least + 1, ...(Number.isFinite(most) ? [Math.floor(most)] : [])];
  const plain = lengths
    .filter((length) => length <= maxTextLength)
    .flatMap((length) => ["a", "0"].map((c) => c.repeat(length)));
  const named = [...patterns].flatMap((pattern) => patternSamples(pattern));
  const formatted = [...formats].flatMap((format) => formatSamples(format));
  const found = [...(texts ?? []), ...plain, ...named, ...formatted, ...palette.strings, ...malformed];
  const padded = found.filter((text) => text.length > 0 && text.length < least).map((text) => padTo(text, least));
  return { samples: [...new Set([...found, ...padded])] };
}

function padTo(text: string, length: number): string {
  return length > maxTextLength ? text : text.padEnd(length, text.at(-1));
}
