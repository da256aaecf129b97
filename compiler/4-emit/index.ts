import type { Diagnostic, Result } from "../diagnostics/diagnostic.js";
import type { Again, Lasting } from "../model/again.js";
import type { Earlier } from "../model/earlier.js";
import { withHeader } from "../generated-header.js";
import { standing, type OutputFile } from "../model/output.js";
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
  promptValidators,
  settingsValidator,
  templateValidators,
  toolValidators,
  type ValidatorModule,
} from "./validator-modules.js";

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
  const result = emitUserFiles(server, existing, elsewhere);
  return { value: [...emitGenerated(server), ...(result.value ?? [])], diagnostics: result.diagnostics };
}

/** Generated code but for validators, and the lock file. */
export function emitGenerated(server: Server, again: Again = anew, lasting: Lasting = anew): OutputFile[] {
  const { generated } = server.layout;
  const file = (name: string, text: string): OutputFile => ({
    path: `${generated}/${name}.ts`,
    owner: "generated",
    content: withHeader(text),
  });
  const files = [
    file("types", typesModule(server, declarations(server, again, lasting), again)),
    file("surface", surfaceModule(server)),
    file("listings", listingsModule(server, again)),
    file("validators", validatorsModule(server)),
    file("server", serverModule(server)),
    file("main", mainModule(server)),
    file("client", clientModule(server)),
    ...[healthModule(server)].flatMap((text) => (text === undefined ? [] : [file("health", text)])),
  ];
  const { config } = server.runtime;
  if (hasApplication(server)) {
    const type = config ? declaration(config.schema, "Settings of the server.") : "";
    files.push(file("application", applicationModule(server, type)));
  }
  files.push({ path: "mcpc.lock.json", owner: "artifact", content: lockFile(server, again) });
  return files;
}

/** Remembers nothing. */
const anew = <T>(_kind: string, _key: unknown, make: () => T): T => make();

/** Stubs of missing handlers and hooks. */
export function emitUserFiles(
  server: Server,
  existing: ReadonlyMap<string, string>,
  elsewhere: ReadonlyMap<string, string>,
): Result<OutputFile[]> {
  const { hooks } = server.runtime;
  const diagnostics: Diagnostic[] = [];
  const files: OutputFile[] = [];
  const written = hooks && existing.get(hooks.file);
  if (written !== undefined) diagnostics.push(...misspeltHooks(hooks!.file, written));
  else if (hooks) files.push({ path: hooks.file, owner: "user", content: hooksStub(server, hooks.file) });
  const made = handlers(server, existing, elsewhere);
  files.push(...(made.value ?? []));
  return { value: files, diagnostics: [...diagnostics, ...made.diagnostics] };
}

/** By module of validators: what its text depends on, beside the compiler. */
export function validatorsMadeOf(server: Server, again: Again = anew): Map<string, string> {
  return new Map(validatorModules(server).map((module) => [module.name, madeAgain(module, again)]));
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

function validatorModules({ tools, resourceTemplates, prompts, runtime: { config } }: Server): ValidatorModule[] {
  return [
    ...(config ? [settingsValidator(config)] : []),
    ...tools.map(toolValidators),
    ...resourceTemplates.map(templateValidators),
    ...prompts.flatMap(promptValidators),
  ];
}

/** `madeOf`, known by its schemas where they are the very same as before. */
function madeAgain(module: ValidatorModule, again: Again): string {
  const { schemas, answers } = module;
  const parts = [...Object.entries(schemas), ...answers].flatMap(([name, { dialect, schema }]) => [
    name,
    dialect,
    schema,
  ]);
  const key = parts.find((part) => typeof part === "object");
  const make = (): Made => ({ parts, text: madeOf(module) });
  const known = key ? again("made of", key, make) : make();
  return known.parts.length === parts.length && known.parts.every((part, index) => part === parts[index])
    ? known.text
    : make().text;
}

interface Made {
  readonly parts: readonly unknown[];
  readonly text: string;
}

async function printed(module: ValidatorModule): Promise<string | Diagnostic[]> {
  const { printValidators } = await import("./validators.js");
  const { value, diagnostics } = printValidators(module);
  return value === undefined ? [...diagnostics] : withHeader(value);
}
