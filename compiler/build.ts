import {
  artifactStates,
  buildRecord,
  compareRecord,
  parseRecord,
  type ArtifactStates,
  type BuildRecord,
} from "./cache/build-record.js";
import { openCache, type StoredCache } from "./cache/cache.js";
import { compilerFingerprint } from "./cache/compiler-fingerprint.js";
import { store, type StoredFile } from "./cache/stored-file.js";
import { traceReads } from "./cache/trace.js";
import type { Compilation, Options } from "./compile.js";
import { byPlace, hasErrors } from "./diagnostics/diagnostic.js";
import type { Change, Host } from "./host.js";
import { noCache } from "./model/cache.js";
import type { Session } from "./session.js";

/** The services of builds of one project. */
export interface BuildServices extends Omit<Session, "cache" | "artifacts"> {
  /** Returns a file in the folder of caches. */
  readonly files: (name: string) => StoredFile;
  /** Called when a build is out of date, so that services start while files are compared. */
  readonly warmUp: () => void;
  /** State that stays in memory between builds. */
  readonly memory?: Memory;
  /** Computes each cached result a second time, and throws on a difference. */
  readonly verify?: boolean;
}

export interface Memory {
  cache?: StoredCache;
  /** The last record, and its text in the record file. */
  record?: { readonly text: string; readonly value: BuildRecord };
}

/** Whether the environment asks to verify cached results. */
export function isVerifying(): boolean {
  return process.env["MCPC_CACHE"] === "verify";
}

/** Fingerprint of the compiler, memoized: its code does not change while the process runs. */
let compiler: string | undefined;

/**
 * Compiles a project, or returns the recorded outcome when the record of the last build is up to date. The compiler
 * itself is loaded only for an outdated build.
 */
export async function build(services: BuildServices, options: Options): Promise<Compilation> {
  const { host, files, warmUp, memory, verify = false } = services;
  const recordFile = files("build.json");
  const last = lastRecord(recordFile, memory);
  const record = options.force || options.prune || options.rename ? undefined : last;
  const comparison = record && compareRecord(record, host);
  const isEdited = !comparison?.sourcesUnchanged();
  if (isEdited) warmUp();
  compiler ??= compilerFingerprint();
  const previous = record?.compiler === compiler ? record : undefined;
  const isUpToDate = previous !== undefined && !isEdited && comparison!.restUnchanged();
  if (isUpToDate && !verify) return outcomeOf(previous, options.mode);
  if (!isEdited) warmUp();

  const { compile } = await import("./compile.js");
  const cache = options.force ? undefined : (memory?.cache ?? openCache({ files, compiler, verify }));
  if (memory && cache) memory.cache = cache;
  cache?.begin();
  const traced = traceReads(host);
  const written: Change[] = [];
  const commit = (changes: readonly Change[]): void => {
    host.commit(changes);
    written.push(...changes);
  };
  const recording: Host = { ...traced.host, commit };
  const states = artifactStates(previous, recording);
  const { artifacts, refuted } = verify ? unproven(states) : { artifacts: states, refuted: () => undefined };
  const compilation = await compile({ ...services, host: recording, cache: cache ?? noCache, artifacts }, options);
  const wrong = isUpToDate ? written[0]?.path : refuted(written);
  if (wrong !== undefined) throw new Error(`${wrong} was up to date by the last build's record, and is not`);

  const { diagnostics, unwritten, summary, inputs } = compilation;
  if (options.mode === "build" && summary) {
    // In memory, results stay until the session ends.
    if (!memory) cache?.save();
    if (!hasErrors(diagnostics)) {
      const built = {
        compiler,
        artifacts: Object.fromEntries(states.inputs),
        summary,
        warnings: diagnostics,
        unwritten,
      };
      const value = buildRecord(built, traced, inputs, written, recording);
      const text = JSON.stringify(value);
      store(recordFile, text);
      if (memory) memory.record = { text, value };
    }
  }
  return { ...compilation, inputs: [...new Set([...traced.paths(), ...inputs])] };
}

/**
 * Returns states in which no artifact is up to date, and a check for artifacts whose content differs despite an
 * up-to-date record.
 */
function unproven(states: ArtifactStates): {
  readonly artifacts: Session["artifacts"];
  readonly refuted: (changes: readonly Change[]) => string | undefined;
} {
  const claimed = new Set<string>();
  const isUpToDate = (path: string, inputs: string): boolean => {
    if (states.isUpToDate(path, inputs)) claimed.add(path);
    return false;
  };
  return {
    artifacts: { ...states, isUpToDate },
    refuted: (changes) => changes.find(({ path }) => claimed.has(path))?.path,
  };
}

/** Returns the recorded outcome, for a build without changes. */
function outcomeOf({ warnings, unwritten, summary, trace }: BuildRecord, mode: Options["mode"]): Compilation {
  const diagnostics = mode === "check" ? [...warnings, ...unwritten].sort(byPlace) : warnings;
  return { diagnostics, changed: [], unwritten, summary, inputs: Object.keys(trace.files) };
}

/** Returns the last record. The record in memory spares the parser while the file has the same text. */
function lastRecord(file: StoredFile, memory: Memory | undefined): BuildRecord | undefined {
  const bytes = file.read();
  const text = bytes && Buffer.from(bytes).toString();
  return memory?.record?.text === text ? memory?.record?.value : parseRecord(text);
}
