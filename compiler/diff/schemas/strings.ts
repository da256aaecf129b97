import { closed, type Domain, type Sides, type Tools } from "./outcome.js";
import { automatonOf, automatonOfTexts, textsOf, type Automaton } from "./pattern-automaton.js";
import { patternSamples } from "./pattern-samples.js";
import { formatSamples } from "./palette.js";

const longest = 20_000;

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
  for (const literal of right)
    if (literal.kind === "minLength") most = Math.min(most, literal.value - 1);
    else if (literal.kind === "maxLength") least = Math.max(least, literal.value + 1);
    else if (literal.kind === "pattern" && patterns.has(literal.pattern)) return closed;
    else if (literal.kind === "format" && formats.has(literal.format)) return closed;
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
    .filter((length) => length <= longest)
    .flatMap((length) => ["a", "0"].map((c) => c.repeat(length)));
  const named = [...patterns].flatMap((pattern) => patternSamples(pattern));
  const formatted = [...formats].flatMap((format) => formatSamples(format));
  const found = [...(texts ?? []), ...plain, ...named, ...formatted, ...palette.strings];
  const padded = found.filter((text) => text.length > 0 && text.length < least).map((text) => padTo(text, least));
  return { samples: [...new Set([...found, ...padded])] };
}

function padTo(text: string, length: number): string {
  return length > longest ? text : text.padEnd(length, text.at(-1));
}
