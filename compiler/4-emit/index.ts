import type { Diagnostic, Result } from "../diagnostics/diagnostic.js";
import { withHeader } from "../generated-header.js";
import { anew, type Again } from "../model/again.js";
import type { Earlier } from "../model/earlier.js";
import { standing, type OutputFile } from "../model/output.js";
import type { Server } from "../model/server.js";
import { handlers } from "./handlers.js";
import { misspeltHooks } from "./misspelt-hooks.js";
import { hooksStub } from "./runtime.js";
import { validatorModules, type ValidatorModule } from "./validator-modules.js";

export { userFiles } from "./handlers.js";
export { orphans } from "./orphans.js";
export { renamed, type Rename } from "./rename.js";
export { unwritten } from "./unwritten.js";

/**
 * Stubs of missing handlers and hooks. `existing` holds the text of the handlers' files that exist; `elsewhere`, where a
 * handler's file is missing, that of all source files; `present` are the paths in the handlers' folders.
 */
export function emitUserFiles(
  server: Server,
  existing: ReadonlyMap<string, string>,
  elsewhere: ReadonlyMap<string, string>,
  present: readonly string[] = [],
): Result<OutputFile[]> {
  const { hooks } = server.runtime;
  const diagnostics: Diagnostic[] = [];
  const files: OutputFile[] = [];
  const written = hooks && existing.get(hooks.file);
  if (written !== undefined) diagnostics.push(...misspeltHooks(hooks!.file, written));
  else if (hooks) files.push({ path: hooks.file, owner: "user", content: hooksStub(server, hooks.file) });
  const made = handlers(server, existing, elsewhere, present);
  files.push(...(made.value ?? []));
  return { value: files, diagnostics: [...diagnostics, ...made.diagnostics] };
}

/** The modules of validators; types are checked without them. What prints them is loaded where one has to be. */
export async function emitValidators(
  server: Server,
  madeOf: ReadonlyMap<string, string>,
  earlier: Earlier,
  again: Again = anew,
): Promise<Result<OutputFile[]>> {
  const { generated } = server.layout;
  const diagnostics: Diagnostic[] = [];
  const files: OutputFile[] = [];
  for (const module of validatorModules(server)) {
    const path = `${generated}/${module.name}.ts`;
    const made = madeOf.get(module.name)!;
    const content = earlier(path, made) ? standing : await again("validators", made, () => printed(module));
    if (Array.isArray(content)) diagnostics.push(...content);
    else files.push({ path, owner: "generated", content });
  }
  return { value: files, diagnostics };
}

async function printed(module: ValidatorModule): Promise<string | Diagnostic[]> {
  const { printValidators } = await import("./validators.js");
  const { value, diagnostics } = printValidators(module);
  return value === undefined ? [...diagnostics] : withHeader(value);
}
