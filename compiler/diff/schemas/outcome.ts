import type { Json } from "../../model/source.js";
import type { Evaluate } from "./evaluate.js";
import { canonical, type Formula, type Literal, type Make } from "./formula.js";
import type { Palette } from "./palette.js";

/** Outcome of a proof that values which satisfy all formulas on the left satisfy one on the right. */
export interface Outcome {
  readonly closed: boolean;
  /** Candidates for counterexamples; empty for a proof. */
  readonly candidates: readonly Json[];
}

/** Proves statements about members and items, which are smaller than the value itself. */
export type Prove = (left: readonly Formula[], right: readonly Formula[]) => Outcome;

/** Services for the solvers of single types. */
export interface Tools {
  readonly prove: Prove;
  readonly evaluate: Evaluate;
  readonly make: Make;
  readonly palette: Palette;
  keywordsOf(id: number): readonly Formula[];
}

export const noProof: Outcome = { closed: false, candidates: [] };
export const proof: Outcome = { closed: true, candidates: [] };

/** Literals about the values of one type, except for types and choices of values. */
export interface Sides {
  readonly left: readonly Literal[];
  readonly right: readonly Literal[];
  /** Whether all values are integers, or none, in the sense of "type". */
  readonly integer: { readonly left: boolean; readonly right: boolean };
  /** Values of the type that belong to a choice on the right. */
  readonly refused: readonly Json[];
}

/** A domain of values: proved empty, enumerated, or sampled. */
export type Domain =
  { readonly closed: true } | { readonly values: readonly Json[] } | { readonly samples: readonly Json[] };

export const closed: Domain = { closed: true };

export function distinct(values: readonly Json[]): Json[] {
  return [...new Map(values.map((value) => [canonical(value), value])).values()];
}
