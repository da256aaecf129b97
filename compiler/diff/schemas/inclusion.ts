import type { JsonSchema } from "../../model/schema.js";
import type { Json } from "../../model/source.js";
import { createBudget, NotComparable, type Budget } from "./formula.js";
import { paletteOf } from "./palette.js";
import { formulasOf } from "./parse.js";
import { createProver } from "./prover.js";

/** Result of an inclusion test: a proof, or candidates for counterexamples. */
export type Inclusion =
  | { readonly kind: "included" }
  | { readonly kind: "open"; readonly candidates: readonly Json[]; readonly reason?: string };

/** Default work limit, about a second on a slow machine. */
export const wholeBudget = 2_000_000;

/** Decides whether a wide schema accepts all values of a narrow one. Both schemas are plain. */
export function includes(wide: JsonSchema, narrow: JsonSchema, budget: Budget = createBudget(wholeBudget)): Inclusion {
  try {
    const formulas = formulasOf([narrow, wide]);
    const prove = createProver(formulas, paletteOf([narrow, wide]), budget);
    const { closed, candidates } = prove([formulas.root(narrow)], [formulas.root(wide)]);
    return closed ? { kind: "included" } : { kind: "open", candidates };
  } catch (error) {
    if (error instanceof NotComparable) return { kind: "open", candidates: [], reason: error.message };
    // The nesting of hostile schemas exceeds the stack.
    if (error instanceof RangeError) return { kind: "open", candidates: [], reason: "the schemas nest too deeply" };
    throw error;
  }
}
