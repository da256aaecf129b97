import type { Report } from "../diagnostics/report.js";
import type { Verdict } from "./example.js";

/** The outcome of testing one project. Verdicts are absent where the project has mistakes. */
export interface TestReport extends Report {
  /** The server's. */
  readonly name: string;
  readonly verdicts: readonly Verdict[];
}
