import type { Span } from "./source.js";

/** Tokens of a surface, as clients show it to models. */
export interface Costs {
  /** Tokens of what a model sees in every conversation: the instructions and all tools. */
  readonly total: number;
  /** The instructions and all entries, in the order of the lists. */
  readonly entries: readonly EntryCost[];
}

export interface EntryCost {
  /** `SECTION/NAME`, or `instructions`. */
  readonly entry: string;
  readonly tokens: number;
  /** Tokens by field of the listing. */
  readonly fields: FieldCosts;
  /** Whether a model sees the entry in every conversation. Resources and prompts are shown on request. */
  readonly isAlwaysShown: boolean;
}

export type FieldCosts = Readonly<Record<string, number>>;

/** Limits of tokens: of the surface that models always see, and of each tool. */
export interface Budgets {
  readonly total?: { readonly tokens: number; readonly span: Span };
  readonly perTool?: number;
}
