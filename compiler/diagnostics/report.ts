import type { Diagnostic } from "./diagnostic.js";
import type { TextOf } from "./position.js";

/** The diagnostics of one project, ready to be rendered. */
export interface Report {
  readonly diagnostics: readonly Diagnostic[];
  readonly textOf: TextOf;
  /** Path from the working directory to the project, with a trailing `/`; empty when they are the same. */
  readonly prefix: string;
}

/** The formats of reports: apart from what makes them, so that the command line starts without it. */
export const formatNames = ["pretty", "json", "sarif", "github", "junit", "markdown"] as const;
export type Format = (typeof formatNames)[number];
