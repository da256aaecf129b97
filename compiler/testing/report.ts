import type { Report } from "../diagnostics/report.js";
import type { Verdict } from "./example.js";

/** The outcome of testing one project. Without verdicts if the project has errors. */
export interface TestReport extends Report {
  /** The name of the server. */
  readonly name: string;
  readonly verdicts: readonly Verdict[];
}
