import { createRequire } from "node:module";
import type { Diagnostics } from "recheck";

/** The worst-case time of a regular expression, and a text that causes it, as an expression. */
export interface Attack {
  /** Exponent of the time's growth with the length. */
  readonly degree: number;
  readonly text: string;
}

type Verdict = Attack | "too complex" | undefined;

const attacks = new Map<string, Verdict>();
let polynomials = 0;

/**
 * Finds the worst-case text for a regular expression. Undefined when the time grows linearly or the analysis exceeds
 * its limit; "too complex" when the analysis fails. Only a repeated group can take exponential time. Polynomial time
 * requires unbounded repetition, twice or from any place in the text. So most patterns need no analysis.
 */
export function attackOn(pattern: string): Verdict {
  if (attacks.has(pattern)) return attacks.get(pattern);
  const repeatsGroup = /\)(?:[*+]|\{\d+,?\d*\})/.test(pattern);
  const endless = pattern.match(/[*+]|\{\d+,\}/g)?.length ?? 0;
  const anchored = pattern.startsWith("^") && !pattern.includes("|");
  if (!repeatsGroup && (endless === 0 || (endless === 1 && anchored))) return undefined;
  if (!repeatsGroup && ++polynomials > maxPolynomials) return undefined;
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

/** Analyses a pattern; undefined where its nesting or length overflows the stack of the analysis. */
function check(pattern: string): Diagnostics | undefined {
  // The module without the native program, which the package would start.
  const { checkSync } = createRequire(import.meta.url)("recheck/lib/browser.js") as typeof import("recheck");
  try {
    return checkSync(pattern, "u", { checker: "automaton", timeout: timeoutMs });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

const timeoutMs = 5000;
/** Limit of candidates: each takes between 0.1 and 0.2 seconds. */
const maxPolynomials = 100;
