import { join, relative } from "node:path";
import type { ts as TS } from "ts-morph";
import type { Host } from "../host.js";
import { affectedBy, changesSince, type Affected } from "./affected.js";
import { bindingsModule, isAbout, keyOf, type Binding } from "./bindings.js";
import { changedNames, declaredIn, hashed } from "./declared.js";
import { errorsIn, exportsOf } from "./errors.js";
import { reachedFrom, type KnownFile, type Memory } from "./memory.js";
import { importKey, libraryFolder, nameOf } from "./program.js";
import type { Finding, Findings, Question } from "./question.js";
import { importedNames, isSeenEverywhere, shapeOf } from "./shape.js";
import { isGenerated, situate, type Kept, type Situation } from "./situation.js";

export interface Examined {
  readonly findings: Findings;
  readonly memory: Memory;
  /** Of use to the next check in the same process. */
  readonly kept: Kept;
}

/** What TypeScript says of the user's code over generated code; it looks only at what may be different since `memory`. */
export function examine(
  ts: typeof TS,
  question: Question,
  host: Host,
  memory: Memory | undefined,
  kept: Kept | undefined,
): Examined {
  const { situation, keep } = situate(ts, question, host, kept);
  const known = memory?.environment === situation.environment ? memory : undefined;
  const { program, errors, memory: learnt } = (known && examineSome(situation, known)) ?? examineAll(situation);
  const inputs = Object.keys(learnt.files).filter((file) => !situation.overlay.has(file));
  const findings = {
    errors,
    exports: errors.length > 0 ? exportsOf(program, situation) : new Map(),
    inputs: inputs.map((file) => relative(host.root, file)),
  };
  return { findings, memory: learnt, kept: keep() };
}

interface Outcome {
  readonly program: TS.Program;
  readonly errors: readonly Finding[];
  readonly memory: Memory;
}

function examineAll(situation: Situation): Outcome {
  const { ts, overlay, server, files, environment } = situation;
  overlay.set(files.server, server.text);
  const program = programOf([files.server, files.main], situation);
  const sources = program.getSourceFiles();
  const errors = errorsIn(program, sources.filter(isOwn(situation)), situation);
  const known = knownFiles(program, sources, errors, situation);
  const reached = reachedFrom([files.server, files.main], known);
  for (const [file, entry] of Object.entries(known)) known[file] = { ...entry, given: !reached.has(file) };
  const lines = linesOf(errors, situation);
  known[files.server] = {
    ...known[files.server]!,
    // What its handlers are, each binding knows.
    imports: importsOfRest(known[files.server]!, server.rest),
    clean: lines.every((line) => server.bindings.some((binding) => isAbout(line, binding))),
  };
  const bindings = server.bindings.filter((binding) => !lines.some((line) => isAbout(line, binding)));
  const declared = hashed(declaredIn(ts, situation.reader.source(files.types, situation.options)!));
  return { program, errors, memory: { environment, files: known, bindings: bindings.map(keyOf), declared } };
}

/** Undefined when it cannot be told what is the same. */
function examineSome(situation: Situation, memory: Memory): Outcome | undefined {
  const { ts, overlay, server, files, reader, environment } = situation;
  overlay.set(files.server, server.rest);
  const changes = changesSince(memory, situation);
  if (!changes) return undefined;
  const { changed, unclean } = changes;
  const declared = declaredIn(ts, reader.source(files.types, situation.options)!);
  const names = changedNames(memory.declared, declared);
  const everywhere = Object.keys(memory.files).filter((file) => memory.files[file]!.everywhere);
  const fits = new Set(memory.bindings);
  const targetOf = ({ from }: Binding): string =>
    reader.resolve(importKey(JSON.parse(from) as string), files.server) ?? "";
  const given = Object.keys(memory.files).filter((file) => memory.files[file]!.given);
  const roots = [files.server, files.main, ...server.bindings.map(targetOf), ...given];
  const reached = reachedFrom(roots, memory.files);
  const gather = (reshaped: ReadonlySet<string>): Gathered => {
    const affected = affectedBy(reshaped, names, memory.files, situation);
    const bindings = server.bindings.filter(
      (binding) => !fits.has(keyOf(binding)) || affected.hasType(binding.type) || affected.files.has(targetOf(binding)),
    );
    if (bindings.length > 0) overlay.set(files.bindings, bindingsModule(bindings));
    const wanted = new Set(
      [...everywhere, ...changed, ...unclean, ...affected.files].filter((file) => reached.has(file)),
    );
    if (bindings.length > 0) wanted.add(files.bindings);
    return { affected, bindings, program: programOf([...wanted], situation) };
  };
  const first = gather(changes.reshaped);
  const reshaped = [...changed].filter((file) => {
    if (changes.reshaped.has(file) || file === files.types) return false;
    const source = first.program.getSourceFile(file);
    const shape = source && shapeOf(ts, first.program, source);
    return shape === undefined || shape !== memory.files[file]!.shape;
  });
  const { affected, bindings, program } =
    reshaped.length === 0 ? first : gather(new Set([...changes.reshaped, ...reshaped]));

  const isNew = ({ fileName }: TS.SourceFile): boolean => !memory.files[fileName] || changed.has(fileName);
  const checked = program
    .getSourceFiles()
    .filter((source) => isNew(source) || unclean.has(source.fileName) || affected.files.has(source.fileName));
  // Of one that is new, or has become so, any file may see something.
  if (checked.some((source) => !isLibrary(source) && isNew(source) && isSeenEverywhere(ts, source))) return undefined;
  const errors = errorsIn(program, checked.filter(isOwn(situation)), situation);
  const known = { ...memory.files };
  for (const [file, entry] of Object.entries(knownFiles(program, checked, errors, situation)))
    known[file] = { ...entry, given: memory.files[file]?.given ?? false };
  const left = reachedFrom(roots, known);
  for (const file of Object.keys(known)) {
    if (left.has(file)) continue;
    if (known[file]!.everywhere) return undefined;
    delete known[file];
  }
  const lines = linesOf(errors, situation);
  const looked = new Set(bindings);
  const fitting = server.bindings.filter(
    (binding) => !looked.has(binding) || !lines.some((line) => isAbout(line, binding)),
  );
  const learnt = { environment, files: known, bindings: fitting.map(keyOf), declared: hashed(declared) };
  const told = errors.filter(({ path }) => left.has(join(situation.host.root, path)));
  return { program, errors: told, memory: learnt };
}

interface Gathered {
  readonly affected: Affected;
  readonly bindings: readonly Binding[];
  readonly program: TS.Program;
}

function programOf(roots: readonly string[], { ts, options, reader }: Situation): TS.Program {
  return ts.createProgram(roots, options, reader.host);
}

function isLibrary({ fileName }: TS.SourceFile): boolean {
  return fileName.startsWith(libraryFolder);
}

function isOwn({ ownPath }: Situation): (source: TS.SourceFile) => boolean {
  return ({ fileName }) => ownPath(fileName) !== undefined;
}

/** What is known of files now that they have been looked at. */
function knownFiles(
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
    const fromTypes = new Set(
      Object.keys(imports)
        .filter((key) => imports[key] === files.types)
        .map(nameOf),
    );
    const isTypes = (name: string): boolean => fromTypes.has(name);
    const shape = own === undefined || isGenerated(own, situation) ? undefined : shapeOf(ts, program, source);
    known[file] = {
      version: version(file)!,
      imports,
      names: own === undefined ? [] : importedNames(ts, source, isTypes),
      ...(shape !== undefined && { shape }),
      clean: own === undefined || !faulty.has(own),
      everywhere: isSeenEverywhere(ts, source),
      given: false,
    };
  }
  return known;
}

function importsOfRest({ imports }: KnownFile, rest: string): KnownFile["imports"] {
  return Object.fromEntries(Object.entries(imports).filter(([key]) => rest.includes(JSON.stringify(nameOf(key)))));
}

/** The lines of `generated/server.ts` with errors. */
function linesOf(errors: readonly Finding[], { question }: Situation): string[] {
  return errors.filter(({ path }) => path === `${question.generated}/server.ts`).map(({ line }) => line);
}
