import type { Result } from "../diagnostics/diagnostic.js";
import type { Server } from "../model/server.js";
import type { Findings, Question } from "./question.js";
import { boundModules, translate } from "./translate.js";

export type { Finding, Findings, Place, Question } from "./question.js";

export interface Checked {
  /** Every file that was read, relative to the project, but for the texts given. */
  readonly inputs: readonly string[];
  /** Whether the user's configuration says which files belong together: a new one may matter to all. */
  readonly isProject: boolean;
}

/** Answers a question about types. Sends the request before it returns. */
export type TypeChecker = (question: Question) => Promise<Findings>;

/**
 * Checks the user's handlers against the generated types. `texts`, by project path, lie over the disk, so that nothing
 * has to be written first. Beyond the project only TypeScript's own libraries and installed packages are read. An error
 * in generated code is told at the handler that causes it.
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
