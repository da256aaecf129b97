import type { Diagnostic, Result } from "../diagnostics/diagnostic.js";
import { withHeader } from "../generated-header.js";
import type { Artifact, IsUpToDate } from "../model/output.js";
import type { Server } from "../model/server.js";
import { handlers } from "./handlers.js";
import { misspeltHooks } from "./misspelt-hooks.js";
import { hooksStub } from "./runtime.js";
import { validatorInputs, validatorModules } from "./validator-modules.js";

export { userFiles } from "./handlers.js";
export { parseModule } from "./module-names.js";
export { orphans } from "./orphans.js";
export { renamed, type Rename } from "./rename.js";
export { unwritten } from "./unwritten.js";

/**
 * Emits stubs of missing handlers and hooks. `existing` holds the contents of existing handler files; `elsewhere`,
 * where a handler's file is missing, the contents of all source files; `present` has the paths in the handlers'
 * folders.
 */
export function emitUserFiles(
  server: Server,
  existing: ReadonlyMap<string, string>,
  elsewhere: ReadonlyMap<string, string>,
  present: readonly string[] = [],
): Result<Artifact[]> {
  const { hooks } = server.runtime;
  const diagnostics: Diagnostic[] = [];
  const files: Artifact[] = [];
  const written = hooks && existing.get(hooks.file);
  if (written !== undefined) diagnostics.push(...misspeltHooks(hooks!.file, written));
  else if (hooks) files.push({ path: hooks.file, owner: "user", content: () => hooksStub(server, hooks.file) });
  const stubs = handlers(server, existing, elsewhere, present);
  files.push(...(stubs.value ?? []));
  return { value: files, diagnostics: [...diagnostics, ...stubs.diagnostics] };
}

/**
 * Emits the modules of validators, which the type check does not need. Their printer is loaded only when a module is
 * out of date.
 */
export async function emitValidators(server: Server, isUpToDate: IsUpToDate): Promise<Result<Artifact[]>> {
  const { generated } = server.layout;
  const diagnostics: Diagnostic[] = [];
  const files: Artifact[] = [];
  for (const module of validatorModules(server)) {
    const path = `${generated}/${module.name}.ts`;
    const inputs = validatorInputs(module);
    const file = { path, owner: "generated", inputs } as const;
    if (isUpToDate(path, inputs)) {
      files.push({ ...file, content: unused });
      continue;
    }
    const { printValidators } = await import("./validators.js");
    const { value, diagnostics: mistakes } = printValidators(module);
    diagnostics.push(...mistakes);
    if (value !== undefined) files.push({ ...file, content: () => withHeader(value) });
  }
  return { value: files, diagnostics };
}

function unused(): never {
  throw new Error("the file is up to date");
}
