import { join } from "node:path";
import type { ts as TS } from "ts-morph";
import { affectedBy, changesSince, type Affected } from "./affected.js";
import { bindingsModule, isAbout, keyOf, type Binding } from "./bindings.js";
import { changedNames, excerpt, hashed } from "./declared.js";
import { errorsIn, linesOf } from "./errors.js";
import { isLibrary, isOwn, knownFiles, namesOf, programOf, type Outcome } from "./known.js";
import { reachedFrom, type Memory } from "./memory.js";
import { importKey } from "./program.js";
import type { Finding } from "./question.js";
import { isSeenEverywhere, shapeOf } from "./shape.js";
import type { Situation } from "./situation.js";

/** What may be different since the last time, as a program. */
interface Selection {
  readonly affected: Affected;
  readonly bindings: readonly Binding[];
  readonly program: TS.Program;
}

/** Looks only at what may be different since `memory`. Undefined when it cannot be told what is the same. */
export function examineSome(situation: Situation, memory: Memory): Outcome | undefined {
  const { ts, host, question, overlay, server, types, files, reader, environment } = situation;
  overlay.set(files.server, server.rest);
  const changes = changesSince(memory, situation);
  if (!changes) return undefined;
  const { changed, unclean } = changes;
  const names = changedNames(memory.declared, types.declarations);
  const fits = new Set(memory.bindings);
  const targetOf = ({ from }: Binding): string =>
    reader.resolve(importKey(JSON.parse(from) as string), files.server) ?? "";
  const those = (is: "everywhere" | "given"): string[] =>
    Object.keys(memory.files).filter((file) => memory.files[file]![is]);
  const roots = [files.server, files.main, ...server.bindings.map(targetOf), ...those("given")];
  const reached = reachedFrom(roots, memory.files);

  const select = (reshaped: ReadonlySet<string>, whole: boolean): Selection => {
    const affected = affectedBy(reshaped, names, memory.files, situation);
    const bindings = server.bindings.filter(
      (binding) => !fits.has(keyOf(binding)) || affected.hasType(binding.type) || affected.files.has(targetOf(binding)),
    );
    const wanted = new Set(
      [...those("everywhere"), ...changed, ...unclean, ...affected.files].filter((file) => reached.has(file)),
    );
    if (bindings.length > 0) {
      overlay.set(files.bindings, bindingsModule(bindings));
      wanted.add(files.bindings);
    }
    const programFor = (spoken: Iterable<string> | "all"): TS.Program => {
      overlay.set(files.types, spoken === "all" ? types.text : excerpt(types.declarations, spoken));
      return programOf([...wanted], situation);
    };
    if (whole || names === "all") return { affected, bindings, program: programFor("all") };
    // A first guess: what changed files import is seen once they are read.
    const known = [...reachedFrom(wanted, memory.files)].flatMap((file) => memory.files[file]?.names ?? []);
    const spoken = new Set([...names, ...bindings.map(({ type }) => type), ...known]);
    const guess = programFor(spoken);
    const more = guess
      .getSourceFiles()
      .filter(isOwn(situation))
      .flatMap((source) => namesOf(source, situation));
    const enough = more.every((name) => name !== "*" && spoken.has(name));
    if (enough) return { affected, bindings, program: guess };
    const all = more.includes("*");
    return { affected, bindings, program: programFor(all ? "all" : new Set([...spoken, ...more])) };
  };

  const first = select(changes.reshaped, false);
  const others = [...changed].filter((file) => {
    if (changes.reshaped.has(file) || file === files.types) return false;
    const source = first.program.getSourceFile(file);
    const shape = source && shapeOf(ts, first.program, source);
    return shape === undefined || shape !== memory.files[file]!.shape;
  });
  const reshaped = new Set([...changes.reshaped, ...others]);
  const look = (selection: Selection) => {
    const { affected, program } = selection;
    const checked = program.getSourceFiles().filter(({ fileName: file }) => {
      return isNew(file) || unclean.has(file) || affected.files.has(file);
    });
    return { ...selection, checked, errors: errorsIn(program, checked.filter(isOwn(situation)), situation) };
  };
  const isNew = (file: string): boolean => !memory.files[file] || changed.has(file);
  let looked = look(others.length === 0 ? first : select(reshaped, false));
  // What TypeScript proposes instead depends on all that there is.
  if (looked.errors.length > 0) looked = look(select(reshaped, true));
  const { program, bindings, checked, errors } = looked;
  const isOurs = ({ path, line }: Finding): boolean =>
    path.startsWith(`${question.generated}/`) && !bindings.some((binding) => isAbout(line, binding));
  // Generated code that is not whole may have mistakes of its own.
  if (errors.some(isOurs)) return undefined;
  // Of one that is new, or has become so, any file may see something.
  const strange = checked.some(
    (source) => isNew(source.fileName) && !isLibrary(source) && isSeenEverywhere(ts, source),
  );
  if (strange) return undefined;

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
  const seen = new Set(bindings);
  const fitting = server.bindings.filter(
    (binding) => !seen.has(binding) || !lines.some((line) => isAbout(line, binding)),
  );
  const learnt = { environment, files: known, bindings: fitting.map(keyOf), declared: hashed(types.declarations) };
  return { program, errors: errors.filter(({ path }) => left.has(join(host.root, path))), memory: learnt };
}
