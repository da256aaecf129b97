import type { Result } from "../diagnostics/diagnostic.js";
import type { Server } from "../model/server.js";
import type { Findings, Question } from "./question.js";
import { boundModules, translate } from "./translate.js";

export type { Finding, Findings, Place, Question } from "./question.js";

export interface Checked {
  /** Every file that was read, relative to the project, but for the texts given. */
  readonly inputs: readonly string[];
}

/** Checks the handlers; `texts`, by project path, lie over the disk. */
export type Typecheck = (server: Server, texts: ReadonlyMap<string, string>) => Promise<Result<Checked>>;

/**
 * Checks the user's handlers against the generated types. `texts`, by project path, lie over the disk, so that nothing
 * has to be written first. Beyond the project only TypeScript's own libraries and installed packages are read. An error
 * in generated code is told at the handler that causes it. `ask` has TypeScript look.
 */
export async function typecheck(
  server: Server,
  texts: ReadonlyMap<string, string>,
  ask: (question: Question) => Findings | Promise<Findings>,
): Promise<Result<Checked>> {
  const { generated } = server.layout;
  const unseen = new Set(["surface", "listings", "settings"].map((name) => `${generated}/${name}.ts`));
  const code = new Map(
    [...texts].filter(([path]) => path.endsWith("ts") || path.endsWith("tsx")).filter(([path]) => !unseen.has(path)),
  );
  const findings = await ask({ generated, texts: code, bound: boundModules(server) });
  return { value: { inputs: findings.inputs }, diagnostics: translate(findings, server) };
}
