import { createRequire } from "node:module";

/** How long a regular expression takes on the worst of texts, and such a text, as an expression. */
export interface Attack {
  /** The time grows with the length to this power. */
  readonly degree: number;
  readonly text: string;
}

const attacks = new Map<string, Attack | undefined>();
let polynomials = 0;

/**
 * The worst that a text can do to a regular expression; undefined when its time grows with the text, or it would take
 * too long to find out. Only a repeated group can take exponential time, and only what is repeated without end, twice
 * or from anywhere in the text, any power: most patterns cost nothing.
 */
export function attackOn(pattern: string): Attack | undefined {
  if (attacks.has(pattern)) return attacks.get(pattern);
  const repeatsGroup = /\)(?:[*+]|\{\d+,?\d*\})/.test(pattern);
  const endless = pattern.match(/[*+]|\{\d+,\}/g)?.length ?? 0;
  const anchored = pattern.startsWith("^") && !pattern.includes("|");
  if (!repeatsGroup && (endless === 0 || (endless === 1 && anchored))) return undefined;
  if (!repeatsGroup && ++polynomials > mostPolynomials) return undefined;
  attacks.set(pattern, find(pattern));
  return attacks.get(pattern);
}

function find(pattern: string): Attack | undefined {
  // The part without the native program that the package would start.
  const { checkSync } = createRequire(import.meta.url)("recheck/lib/browser.js") as typeof import("recheck");
  const verdict = checkSync(pattern, "u", { checker: "automaton", timeout: mostMs });
  if (verdict.status !== "vulnerable") return undefined;
  const { complexity, attack } = verdict;
  return { degree: complexity.type === "polynomial" ? complexity.degree : Infinity, text: attack.pattern };
}

const mostMs = 5000;
/** Each takes a tenth of a second or two. */
const mostPolynomials = 100;
