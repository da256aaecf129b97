import type { Report } from "../diagnostics/report.js";
import type { Verdict } from "./example.js";

/** What testing one project came to. Verdicts are absent where the project has mistakes. */
export interface TestReport extends Report {
  /** The server's. */
  readonly name: string;
  readonly verdicts: readonly Verdict[];
}
