import type { Diagnostic } from "./diagnostic.js";
import type { TextOf } from "./position.js";

/** The diagnostics of one project, ready to be rendered. */
export interface Report {
  readonly diagnostics: readonly Diagnostic[];
  readonly textOf: TextOf;
  /** Path from the working directory to the project, with a trailing `/`; empty when they are the same. */
  readonly prefix: string;
}
