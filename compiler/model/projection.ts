import type { JsonObject } from "./source.js";

/** A rule that a projected schema no longer states: validators still enforce it, and a description names it. */
export interface Loss {
  /** JSON Pointer into the projected entry. */
  readonly at: string;
  /** The rule, as a phrase. */
  readonly rule: string;
}

/** The tools as clients of a profile see them: those that differ from the author's. */
export interface Projection {
  readonly profile: string;
  readonly tools: readonly ProjectedTool[];
}

export interface ProjectedTool {
  readonly name: string;
  /** The tool's entry in `tools/list`. */
  readonly listing: JsonObject;
  readonly losses: readonly Loss[];
}
