import type { Costs } from "../model/costs.js";
import type { Diagnostic } from "./diagnostic.js";
import type { TextOf } from "./position.js";

/** The diagnostics of one project, for formatters. */
export interface Report {
  /** The name of what the report is about; by default, of the project. */
  readonly name?: string;
  readonly summary?: ReportSummary;
  readonly diagnostics: readonly Diagnostic[];
  readonly textOf: TextOf;
  /** The path from the working directory to the project, with a trailing `/`; empty if they are the same. */
  readonly prefix: string;
  /** The tokens of the project's entries, if they are part of the report. */
  readonly costs?: Costs;
}

/** The result of a command in one sentence. */
export interface ReportSummary {
  readonly title: string;
  readonly text: string;
  /** The severity of its annotation; absent for a result without one. */
  readonly severity?: "error" | "warning" | "notice";
}

/** The names of the formats. They are separate from the formatters, so that the command line starts without these. */
export const formatNames = ["pretty", "json", "sarif", "github", "junit", "markdown"] as const;
export type Format = (typeof formatNames)[number];
