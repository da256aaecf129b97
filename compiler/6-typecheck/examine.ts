import { relative } from "node:path";
import type { ts as TS } from "ts-morph";
import type { Host } from "../host.js";
import { isAbout, keyOf } from "./bindings.js";
import { hashed } from "./declared.js";
import { errorsIn, exportsOf, linesOf } from "./errors.js";
import { importsOfRest, isOwn, knownFiles, programOf, type Outcome } from "./known.js";
import { reachedFrom, type Memory } from "./memory.js";
import { examineSome } from "./partly.js";
import type { Findings, Question } from "./question.js";
import { situate, type Kept, type Situation } from "./situation.js";

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

function examineAll(situation: Situation): Outcome {
  const { overlay, server, types, files, environment } = situation;
  overlay.set(files.server, server.text);
  overlay.set(files.types, types.text);
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
  const declared = hashed(types.declarations);
  return { program, errors, memory: { environment, files: known, bindings: bindings.map(keyOf), declared } };
}
