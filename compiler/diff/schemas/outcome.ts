import type { Json } from "../../model/source.js";
import type { Evaluate } from "./evaluate.js";
import { canonical, type Formula, type Literal, type Make } from "./formula.js";
import type { Palette } from "./palette.js";

/** The outcome of an attempt to prove that values with all formulas on the left have one on the right. */
export interface Outcome {
  readonly closed: boolean;
  /** Values that perhaps refute it; without a proof only. */
  readonly candidates: readonly Json[];
}

/** Proves for members and items, which are smaller than the value itself. */
export type Prove = (left: readonly Formula[], right: readonly Formula[]) => Outcome;

/** The means of the rules for single types. */
export interface Tools {
  readonly prove: Prove;
  readonly evaluate: Evaluate;
  readonly make: Make;
  readonly palette: Palette;
  keywordsOf(id: number): readonly Formula[];
}

export const noProof: Outcome = { closed: false, candidates: [] };
export const proof: Outcome = { closed: true, candidates: [] };

/** Literals about the values of one type, but for types and choices of values. */
export interface Sides {
  readonly left: readonly Literal[];
  readonly right: readonly Literal[];
  /** All values are integers, or none is: as "type" has it. */
  readonly integer: { readonly left: boolean; readonly right: boolean };
  /** Values of the type that a choice on the right has. */
  readonly refused: readonly Json[];
}

/** A domain of values: proved empty, listed, or with samples. */
export type Domain =
  { readonly closed: true } | { readonly values: readonly Json[] } | { readonly samples: readonly Json[] };

export const closed: Domain = { closed: true };

export function distinct(values: readonly Json[]): Json[] {
  return [...new Map(values.map((value) => [canonical(value), value])).values()];
}
