import { createRequire } from "node:module";
import type { Diagnostics } from "recheck";

/** How long a regular expression takes on the worst of texts, and such a text, as an expression. */
export interface Attack {
  /** The time grows with the length to this power. */
  readonly degree: number;
  readonly text: string;
}

type Verdict = Attack | "too complex" | undefined;

const attacks = new Map<string, Verdict>();
let polynomials = 0;

/**
 * The worst that a text can do to a regular expression; undefined when its time grows with the text, or it would take
 * too long to find out; "too complex" when it cannot be found out at all. Only a repeated group can take exponential time, and only what is repeated without end, twice
 * or from anywhere in the text, any power: most patterns cost nothing.
 */
export function attackOn(pattern: string): Verdict {
  if (attacks.has(pattern)) return attacks.get(pattern);
  const repeatsGroup = /\)(?:[*+]|\{\d+,?\d*\})/.test(pattern);
  const endless = pattern.match(/[*+]|\{\d+,\}/g)?.length ?? 0;
  const anchored = pattern.startsWith("^") && !pattern.includes("|");
  if (!repeatsGroup && (endless === 0 || (endless === 1 && anchored))) return undefined;
  if (!repeatsGroup && ++polynomials > mostPolynomials) return undefined;
  attacks.set(pattern, find(pattern));
  return attacks.get(pattern);
}

function find(pattern: string): Verdict {
  const verdict = check(pattern);
  if (!verdict) return "too complex";
  if (verdict.status !== "vulnerable") return undefined;
  const { complexity, attack } = verdict;
  return { degree: complexity.type === "polynomial" ? complexity.degree : Infinity, text: attack.pattern };
}

/** Undefined where the pattern is nested or continued so often that the proof runs out of stack. */
function check(pattern: string): Diagnostics | undefined {
  // The part without the native program that the package would start.
  const { checkSync } = createRequire(import.meta.url)("recheck/lib/browser.js") as typeof import("recheck");
  try {
    return checkSync(pattern, "u", { checker: "automaton", timeout: mostMs });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

const mostMs = 5000;
/** Each takes a tenth of a second or two. */
const mostPolynomials = 100;
