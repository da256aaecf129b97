import { charactersOf, parsePattern, type Expression } from "./pattern-syntax.js";
import { matcher } from "./patterns.js";

const known = new Map<string, readonly string[]>();
const variants = 24;
const maxSamples = 14;
const longest = 60;

/** Returns short texts in which a pattern matches, as different as possible. */
export function patternSamples(pattern: string): readonly string[] {
  let samples = known.get(pattern);
  if (!samples) {
    const expression = parsePattern(pattern);
    const texts = expression
      ? Array.from({ length: variants }, (_, variant) => sampleOf(expression, choices(variant)))
      : [];
    const found = [...new Set(texts)].filter((text) => text.length <= longest && matcher(pattern)(text) !== false);
    known.set(pattern, (samples = found.slice(0, maxSamples)));
  }
  return samples;
}

type Choose = (count: number) => number;

/** Returns a strategy of choices: always the first, always the last, or a deterministic pseudorandom sequence. */
function choices(variant: number): Choose {
  if (variant === 0) return () => 0;
  if (variant === 1) return (count) => count - 1;
  let state = variant * 2654435761;
  return (count) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % count;
  };
}

function sampleOf(expression: Expression, choose: Choose): string {
  switch (expression.kind) {
    case "empty":
    case "start":
    case "end":
      return "";
    case "characters": {
      const texts = expression.ranges.slice(0, 40).flatMap(charactersOf);
      return texts.length === 0 ? "" : String.fromCodePoint(texts[choose(texts.length)]!);
    }
    case "sequence":
      return expression.of.map((each) => sampleOf(each, choose)).join("");
    case "choice":
      return sampleOf(expression.of[choose(expression.of.length)]!, choose);
    case "repeat": {
      const { least, most, of } = expression;
      const times = least + choose(Math.min(3, most - least + 1));
      return times > longest ? "" : Array.from({ length: times }, () => sampleOf(of, choose)).join("");
    }
  }
}
