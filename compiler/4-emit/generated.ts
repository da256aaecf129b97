import { withHeader } from "../generated-header.js";
import type { Again, Lasting } from "../model/again.js";
import type { OutputFile } from "../model/output.js";
import type { Server } from "../model/server.js";
import { clientModule } from "./client.js";
import { declaration, declarations } from "./declarations.js";
import { healthModule } from "./health.js";
import { lockFile } from "./lock.js";
import { applicationModule, hasApplication } from "./runtime.js";
import { mainModule, serverModule } from "./server.js";
import { listingsModule, surfaceModule, validatorsModule } from "./surface.js";
import { typesModule } from "./types.js";
import { madeOf, validatorModules, type ValidatorModule } from "./validator-modules.js";

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

/** By module of validators: what its text depends on, beside the compiler. */
export function validatorsMadeOf(server: Server, again: Again = anew): Map<string, string> {
  return new Map(validatorModules(server).map((module) => [module.name, madeAgain(module, again)]));
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
