import type { Result } from "../diagnostics/diagnostic.js";
import type { Server } from "../model/server.js";
import type { Findings, Question } from "./question.js";
import { boundModules, translate } from "./translate.js";

export type { Finding, Findings, ExportPlace, Question } from "./question.js";

export interface Checked {
  /** The files that were read, relative to the project, except the given texts. */
  readonly inputs: readonly string[];
  /** Whether a configuration of the user decides which files belong together, so that a new file may affect all. */
  readonly isProject: boolean;
}

/** Answers a question about types. Sends the request before it returns. */
export type TypeChecker = (question: Question) => Promise<Findings>;

/**
 * Checks the user's handlers against the generated types. `texts`, by project path, replace files on the disk, so that
 * nothing has to be written first. Outside the project, only TypeScript's libraries and installed packages are read.
 * Errors in generated code are reported at the handler that causes them.
 */
export async function typecheck(
  server: Server,
  texts: ReadonlyMap<string, string>,
  typeChecker: TypeChecker,
): Promise<Result<Checked>> {
  const { generated } = server.layout;
  const unseen = new Set(["surface", "listings", "settings"].map((name) => `${generated}/${name}.ts`));
  const code = new Map(
    [...texts].filter(([path]) => path.endsWith("ts") || path.endsWith("tsx")).filter(([path]) => !unseen.has(path)),
  );
  const findings = await typeChecker({ generated, texts: code, bound: boundModules(server) });
  const { inputs, isProject } = findings;
  return { value: { inputs, isProject }, diagnostics: translate(findings, server) };
}
