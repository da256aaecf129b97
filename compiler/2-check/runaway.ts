import { createRequire } from "node:module";

const attacks = new Map<string, string | undefined>();

/**
 * A text, as an expression, on which a regular expression takes exponential time; undefined when there is none, or it
 * would take too long to find out. Only a repeated group can have one, so most patterns cost nothing.
 */
export function attackOn(pattern: string): string | undefined {
  if (!/\)(?:[*+]|\{\d+,?\d*\})/.test(pattern)) return undefined;
  if (!attacks.has(pattern)) attacks.set(pattern, find(pattern));
  return attacks.get(pattern);
}

function find(pattern: string): string | undefined {
  // The part without the native program that the package would start.
  const { checkSync } = createRequire(import.meta.url)("recheck/lib/browser.js") as typeof import("recheck");
  const verdict = checkSync(pattern, "u", { checker: "automaton", timeout: mostMs });
  if (verdict.status !== "vulnerable" || verdict.complexity.type !== "exponential") return undefined;
  return verdict.attack.pattern;
}

const mostMs = 5000;
