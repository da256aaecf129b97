/** A range of code points, both ends included. */
export type Range = readonly [first: number, last: number];

/** A regular expression. */
export type Expression =
  /**
   * Expression without characters; `isExact` is false for lookarounds and backreferences, which the type cannot
   * express.
   */
  | { readonly kind: "empty"; readonly isExact: boolean }
  | { readonly kind: "start" | "end" }
  | { readonly kind: "characters"; readonly ranges: readonly Range[]; readonly isExact: boolean }
  | { readonly kind: "sequence" | "choice"; readonly of: readonly Expression[] }
  | { readonly kind: "repeat"; readonly of: Expression; readonly least: number; readonly most: number };

export const lastCodePoint = 0x10ffff;
const digits: readonly Range[] = [[0x30, 0x39]];
const words: readonly Range[] = [
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
];
const spaces: readonly Range[] = [
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
];
const classes: Readonly<Record<string, readonly Range[]>> = { d: digits, w: words, s: spaces };
const lineEnds: readonly Range[] = [
  [0x0a, 0x0a],
  [0x0d, 0x0d],
  [0x2028, 0x2029],
];
const letters: readonly Range[] = [
  [0x41, 0x5a],
  [0x61, 0x7a],
];
const controls: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, v: 11, f: 12, 0: 0 };
const maxDepth = 50;

/** Parses a pattern with the flag `u`; undefined for unknown syntax. */
export function parsePattern(pattern: string): Expression | undefined {
  const characters = [...pattern];
  let at = 0;
  const peek = (): string | undefined => characters[at];
  const takes = (text: string): boolean => {
    if (characters.slice(at, at + text.length).join("") !== text) return false;
    at += text.length;
    return true;
  };
  const skipTo = (end: string): void => {
    while (characters[at++] !== end) if (at > characters.length) throw new SyntaxError("no end");
  };

  const choice = (depth: number): Expression => {
    if (depth > maxDepth) throw new SyntaxError("too deep");
    const of = [sequence(depth)];
    while (takes("|")) of.push(sequence(depth));
    return of.length === 1 ? of[0]! : { kind: "choice", of };
  };
  const sequence = (depth: number): Expression => {
    const of: Expression[] = [];
    while (peek() !== undefined && peek() !== "|" && peek() !== ")") of.push(quantified(atom(depth)));
    return { kind: "sequence", of };
  };
  const quantified = (of: Expression): Expression => {
    const bounds = quantifier();
    if (!bounds) return of;
    takes("?");
    return { kind: "repeat", of, ...bounds };
  };
  const quantifier = (): { least: number; most: number } | undefined => {
    if (takes("*")) return { least: 0, most: Infinity };
    if (takes("+")) return { least: 1, most: Infinity };
    if (takes("?")) return { least: 0, most: 1 };
    const match = /^\{(\d+)(,?)(\d*)\}/.exec(characters.slice(at, at + 24).join(""));
    if (!match) return undefined;
    at += match[0].length;
    const least = Number(match[1]);
    return { least, most: match[2] === "" ? least : match[3] === "" ? Infinity : Number(match[3]) };
  };
  const atom = (depth: number): Expression => {
    const character = characters[at++]!;
    if (character === "^") return { kind: "start" };
    if (character === "$") return { kind: "end" };
    if (character === ".") return exactly(complement(lineEnds));
    if (character === "[") return classOf();
    if (character === "\\") return escaped() ?? { kind: "empty", isExact: false };
    if (character !== "(") return exactly([single(character)]);
    const looks = ["?=", "?!", "?<=", "?<!"].some(takes);
    if (!looks && !takes("?:") && takes("?<")) skipTo(">");
    const inner = choice(depth + 1);
    if (!takes(")")) throw new SyntaxError("no end");
    return looks ? { kind: "empty", isExact: false } : inner;
  };
  /** Parses an escape; undefined where it does not denote characters. */
  const escaped = (): (Expression & { readonly kind: "characters" }) | undefined => {
    const character = characters[at++];
    if (character === undefined) throw new SyntaxError("no end");
    if (character === "b" || character === "B" || /[1-9]/.test(character)) return undefined;
    if (character === "k") return (skipTo(">"), undefined);
    const named = classes[character.toLowerCase()];
    if (named) return exactly(character === character.toLowerCase() ? named : complement(named));
    if (character === "p" || character === "P") {
      skipTo("}");
      return { kind: "characters", ranges: letters, isExact: false };
    }
    const control = controls[character];
    if (control !== undefined) return exactly([[control, control]]);
    const hexadecimal = /^(?:u\{([0-9a-fA-F]+)\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))/.exec(
      characters.slice(at - 1, at + 9).join(""),
    );
    if (!hexadecimal) return /[cux]/.test(character) ? undefined : exactly([single(character)]);
    at += hexadecimal[0].length - 1;
    const code = parseInt(hexadecimal[1] ?? hexadecimal[2] ?? hexadecimal[3]!, 16);
    // A lone surrogate may form a pair with the next character.
    return { kind: "characters", ranges: [[code, code]], isExact: !isSurrogate(code) };
  };
  const classOf = (): Expression => {
    const isNegated = takes("^");
    const ranges: Range[] = [];
    let isExact = true;
    while (!takes("]")) {
      if (at >= characters.length) throw new SyntaxError("no end");
      const first = member();
      isExact &&= first.isExact;
      if (first.ranges.length === 1 && peek() === "-" && characters[at + 1] !== "]") {
        at++;
        const last = member();
        isExact &&= last.isExact;
        ranges.push([first.ranges[0]![0], last.ranges.at(-1)?.[1] ?? 0]);
      } else ranges.push(...first.ranges);
    }
    return { kind: "characters", ranges: isNegated ? complement(ranges) : ranges, isExact };
  };
  const member = (): Expression & { readonly kind: "characters" } => {
    const character = characters[at++]!;
    if (character !== "\\") return exactly([single(character)]);
    if (takes("b")) return exactly([[8, 8]]);
    return escaped() ?? { kind: "characters", ranges: [], isExact: false };
  };

  try {
    const expression = choice(0);
    return at === characters.length ? expression : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function exactly(ranges: readonly Range[]): Expression & { readonly kind: "characters" } {
  return { kind: "characters", ranges, isExact: true };
}

function single(character: string): Range {
  const code = character.codePointAt(0)!;
  return [code, code];
}

function isSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdfff;
}

/** Returns all code points outside the ranges. */
function complement(ranges: readonly Range[]): Range[] {
  const found: Range[] = [];
  let next = 0;
  for (const [first, last] of ranges.toSorted((a, b) => a[0] - b[0])) {
    if (first > next) found.push([next, first - 1]);
    next = Math.max(next, last + 1);
  }
  if (next <= lastCodePoint) found.push([next, lastCodePoint]);
  return found;
}

const printable: readonly Range[] = [
  [0x61, 0x7a],
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x21, 0x7e],
  [0x20, 0x20],
  [0xa1, 0xff],
  [0x100, 0xd7ff],
];

/** Returns characters of a range: its ends, and some that are easy to read. */
export function charactersOf([first, last]: Range): number[] {
  const shown = printable.flatMap(([low, high]): number[] => {
    const [from, to] = [Math.max(first, low), Math.min(last, high)];
    return from > to ? [] : [from, to];
  });
  return shown.length > 0 ? [...new Set(shown)].slice(0, 6) : isSurrogate(first) ? [] : [first];
}
