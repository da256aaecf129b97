import type { Report } from "../diagnostics/report.js";
import type { ExampleResult } from "./example.js";

/** The outcome of testing one project. Without results if the project has errors. */
export interface TestReport extends Report {
  /** The name of the server. */
  readonly name: string;
  readonly results: readonly ExampleResult[];
}
