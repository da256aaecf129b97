import type { Diagnostic, Result } from "../diagnostics/diagnostic.js";
import type { Earlier } from "../model/earlier.js";
import { withHeader } from "../generated-header.js";
import type { OutputFile } from "../model/output.js";
import type { Server } from "../model/server.js";
import { clientModule } from "./client.js";
import { declaration, declarations } from "./declarations.js";
import { handlers } from "./handlers.js";
import { healthModule } from "./health.js";
import { lockFile } from "./lock.js";
import { misspeltHooks } from "./misspelt-hooks.js";
import { applicationModule, hasApplication, hooksStub } from "./runtime.js";
import { mainModule, serverModule } from "./server.js";
import { listingsModule, surfaceModule, validatorsModule } from "./surface.js";
import { typesModule } from "./types.js";
import {
  madeOf,
  printValidators,
  promptValidators,
  settingsValidator,
  templateValidators,
  toolValidators,
} from "./validators.js";

export { userFiles } from "./handlers.js";
export { orphans } from "./orphans.js";
export { renamed, type Rename } from "./rename.js";

/**
 * The files of a server but for its validators: generated code, stubs of missing handlers, the lock file. `existing` holds the text of the
 * handlers' files that exist; `elsewhere`, where a handler's file is missing, that of all source files.
 */
export function emit(
  server: Server,
  existing: ReadonlyMap<string, string>,
  elsewhere: ReadonlyMap<string, string>,
): Result<OutputFile[]> {
  const diagnostics: Diagnostic[] = [];
  const take = <T>(result: Result<T>): T | undefined => {
    diagnostics.push(...result.diagnostics);
    return result.value;
  };
  const { generated } = server.layout;
  const file = (name: string, text: string): OutputFile => ({
    path: `${generated}/${name}.ts`,
    owner: "generated",
    content: withHeader(text),
  });
  const files = [
    file("types", typesModule(server, declarations(server))),
    file("surface", surfaceModule(server)),
    file("listings", listingsModule(server)),
    file("validators", validatorsModule(server)),
    file("server", serverModule(server)),
    file("main", mainModule(server)),
    file("client", clientModule(server)),
    ...[healthModule(server)].flatMap((text) => (text === undefined ? [] : [file("health", text)])),
  ];
  const { config, hooks } = server.runtime;
  if (hasApplication(server)) {
    const type = config ? declaration(config.schema, "Settings of the server.") : "";
    files.push(file("application", applicationModule(server, type)));
  }
  const written = hooks && existing.get(hooks.file);
  if (written !== undefined) diagnostics.push(...misspeltHooks(hooks!.file, written));
  else if (hooks) files.push({ path: hooks.file, owner: "user", content: hooksStub(server, hooks.file) });
  files.push(...(take(handlers(server, existing, elsewhere)) ?? []));
  files.push({ path: "mcpc.lock.json", owner: "artifact", content: lockFile(server) });
  return { value: files, diagnostics };
}

/** The modules of validators; types are checked without them. */
export function emitValidators(server: Server, earlier: Earlier): Result<OutputFile[]> {
  const { generated } = server.layout;
  const { config } = server.runtime;
  const diagnostics: Diagnostic[] = [];
  const files: OutputFile[] = [];
  const modules = [
    ...(config ? [settingsValidator(config)] : []),
    ...server.tools.map(toolValidators),
    ...server.resourceTemplates.map(templateValidators),
    ...server.prompts.flatMap(promptValidators),
  ];
  for (const module of modules) {
    const path = `${generated}/${module.name}.ts`;
    const known = earlier(path, madeOf(module));
    const result = known === undefined ? printValidators(module) : undefined;
    diagnostics.push(...(result?.diagnostics ?? []));
    const content = known ?? (result?.value !== undefined ? withHeader(result.value) : undefined);
    if (content !== undefined) files.push({ path, owner: "generated", content });
  }
  return { value: files, diagnostics };
}
