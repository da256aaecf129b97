import { withHeader } from "../generated-header.js";
import { anew, type Again } from "../model/again.js";
import type { Edit, Replacement } from "../model/edit.js";
import type { OutputFile } from "../model/output.js";
import type { Server, Tool } from "../model/server.js";
import { clientModule, clientPiece } from "./client.js";
import { declaration, type Declaration } from "./declarations.js";
import { healthModule } from "./health.js";
import { lockFile, lockPiece } from "./lock.js";
import { applicationModule, hasApplication } from "./runtime.js";
import { mainModule, serverModule } from "./server.js";
import { listingPiece, listingsModule, surfaceModule, surfacePiece, validatorsModule } from "./surface.js";
import { declaredTypes, typesModule, typesReplacement } from "./types.js";
import { madeOf, validatorModules, type ValidatorModule } from "./validator-modules.js";

export { declaredTypes } from "./types.js";

/** The generated code that types are checked with: all but the modules of validators. */
export function emitCode(
  server: Server,
  types: ReadonlyMap<string, Declaration> = declaredTypes(server, anew, anew),
): OutputFile[] {
  const { config } = server.runtime;
  const modules: readonly (readonly [name: string, text: string | undefined])[] = [
    ["types", typesModule(server, types)],
    ["validators", validatorsModule(server)],
    ["server", serverModule(server)],
    ["main", mainModule(server)],
    ["client", clientModule(server)],
    ["health", healthModule(server)],
    [
      "application",
      hasApplication(server)
        ? applicationModule(server, config ? declaration(config.schema, "Settings of the server.") : "")
        : undefined,
    ],
  ];
  return modules.flatMap(([name, text]) => (text === undefined ? [] : [generatedFile(server, name, text)]));
}

/** Generated modules that hold no types. */
export function emitData(server: Server, again: Again = anew): OutputFile[] {
  return [
    generatedFile(server, "surface", surfaceModule(server)),
    generatedFile(server, "listings", listingsModule(server, again)),
  ];
}

const lockPath = "mcpc.lock.json";

export function emitLock(server: Server): OutputFile {
  return { path: lockPath, owner: "artifact", content: lockFile(server) };
}

/** Returns the replacements of an edit, by path; undefined where they are unknown. Other files stay. */
export type Replacements = ReadonlyMap<string, Replacement | undefined>;

export function codeReplacements(edit: Edit): Replacements {
  const { generated } = edit.server.layout;
  return new Map([
    [`${generated}/types.ts`, typesReplacement(edit)],
    [`${generated}/client.ts`, of(edit, clientPiece)],
  ]);
}

export function dataReplacements(edit: Edit): Replacements {
  const { generated } = edit.server.layout;
  return new Map([
    [`${generated}/surface.ts`, of(edit, surfacePiece)],
    [`${generated}/listings.ts`, of(edit, listingPiece)],
  ]);
}

export function lockReplacements(edit: Edit): Replacements {
  return new Map([[lockPath, of(edit, lockPiece)]]);
}

function of({ before, after }: Edit, piece: (tool: Tool) => string): Replacement {
  return { before: piece(before), after: piece(after) };
}

function generatedFile({ layout: { generated } }: Server, name: string, text: string): OutputFile {
  return { path: `${generated}/${name}.ts`, owner: "generated", content: withHeader(text) };
}

/** By module of validators: what its text depends on, beside the compiler. */
export function validatorsMadeOf(server: Server, again: Again = anew): Map<string, string> {
  return new Map(validatorModules(server).map((module) => [module.name, madeAgain(module, again)]));
}

/** `madeOf`, known by its schemas where they are the very same as before. */
function madeAgain(module: ValidatorModule, again: Again): string {
  const { schemas, answers, filling } = module;
  const parts = [
    ...[...Object.entries(schemas), ...answers].flatMap(([name, { plain, schema }]) => [name, plain ?? schema]),
    filling?.places,
  ];
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
