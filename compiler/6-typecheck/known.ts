import type { ts as TS } from "ts-morph";
import type { KnownFile, Memory } from "./memory.js";
import { libraryFolder, nameOf } from "./program.js";
import type { Finding } from "./question.js";
import { importedNames, isSeenEverywhere, shapeOf } from "./shape.js";
import { isGenerated, type Situation } from "./situation.js";

/** What a look at all or some files came to. */
export interface Outcome {
  readonly program: TS.Program;
  readonly errors: readonly Finding[];
  readonly memory: Memory;
}

export function programOf(roots: readonly string[], { ts, options, reader }: Situation): TS.Program {
  return ts.createProgram(roots, options, reader.host);
}

/** TypeScript's own. */
export function isLibrary({ fileName }: TS.SourceFile): boolean {
  return fileName.startsWith(libraryFolder);
}

/** Of the user's files, and of generated code. */
export function isOwn({ ownPath }: Situation): (source: TS.SourceFile) => boolean {
  return ({ fileName }) => ownPath(fileName) !== undefined;
}

/** What is known of files now that they have been looked at. */
export function knownFiles(
  program: TS.Program,
  sources: readonly TS.SourceFile[],
  errors: readonly Finding[],
  situation: Situation,
): Record<string, KnownFile> {
  const { ts, reader, files, version, ownPath } = situation;
  const faulty = new Set(errors.map(({ path }) => path));
  const known: Record<string, KnownFile> = {};
  for (const source of sources) {
    const file = source.fileName;
    if (isLibrary(source) || file === files.bindings) continue;
    const own = ownPath(file);
    const imports = reader.imports.get(file) ?? {};
    const shape = own === undefined || isGenerated(own, situation) ? undefined : shapeOf(ts, program, source);
    known[file] = {
      version: version(file)!,
      imports,
      names: own === undefined ? [] : namesOf(source, situation),
      ...(shape !== undefined && { shape }),
      clean: own === undefined || !faulty.has(own),
      everywhere: isSeenEverywhere(ts, source),
      given: false,
    };
  }
  return known;
}

/** What `generated/server.ts` imports beside handlers. */
export function importsOfRest({ imports }: KnownFile, rest: string): KnownFile["imports"] {
  return Object.fromEntries(Object.entries(imports).filter(([key]) => rest.includes(JSON.stringify(nameOf(key)))));
}

/** The names of `generated/types.ts` that a file imports; `*` for any. */
export function namesOf(source: TS.SourceFile, { ts, reader, files }: Situation): string[] {
  const imports = reader.imports.get(source.fileName) ?? {};
  const types = new Set(
    Object.keys(imports)
      .filter((key) => imports[key] === files.types)
      .map(nameOf),
  );
  return importedNames(ts, source, (name) => types.has(name));
}
