import { dirname } from "node:path";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import { hashAt, hashOf, type Change, type Host } from "../host.js";
import type { Fingerprint, Search, Trace } from "../model/cache.js";
import type { Summary } from "../model/summary.js";
import { isTraceUpToDate, samePaths, type TracedHost } from "./trace.js";

/** Record of all that a build read and wrote. While it is up to date, a build would change nothing. */
export interface BuildRecord {
  readonly compiler: Fingerprint;
  /** Reads of the build, including the files that it wrote. */
  readonly trace: Trace;
  /** The fingerprint of each artifact's inputs, by path. */
  readonly artifacts: Readonly<Record<string, Fingerprint>>;
  readonly summary: Summary;
  readonly warnings: readonly Diagnostic[];
  /** Handlers that are stubs. */
  readonly unwritten: readonly Diagnostic[];
}

/** Files that the compiler does not read itself, but that change with installed packages or with their resolution. */
const environment = [
  "package.json",
  "tsconfig.json",
  "node_modules/.package-lock.json",
  "node_modules/.modules.yaml",
  "node_modules/.yarn-state.yml",
  "node_modules/.yarn-integrity",
];

/** Returns the record of a successful build. `inputs` are files that were read without the host. */
export function buildRecord(
  built: Omit<BuildRecord, "trace">,
  traced: TracedHost,
  inputs: readonly string[],
  written: readonly Change[],
  host: Host,
): BuildRecord {
  const { files: read, ...rest } = traced.trace();
  const files = new Map(Object.entries(read));
  for (const path of [...inputs, ...environment]) if (!files.has(path)) files.set(path, hashAt(host, path));
  for (const { path, bytes } of written) files.set(path, hashOf(bytes));
  const sorted = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
  const trace = {
    ...rest,
    files: Object.fromEntries(sorted),
    searches: rest.searches.map((search) => ({ ...search, paths: pathsAfter(search, written, host) })),
  };
  return { ...built, trace };
}

/** Parses a record; undefined for one that is damaged, or of another version. */
export function parseRecord(text: string | undefined): BuildRecord | undefined {
  try {
    const record = JSON.parse(text ?? "null") as BuildRecord | null;
    return record?.summary?.serving && record.trace?.files && record.trace.searches && record.trace.days
      ? record
      : undefined;
  } catch {
    return undefined;
  }
}

/** A comparison of a record with the disk, in two steps: the files that users edit most often come first. */
export interface RecordComparison {
  sourcesUnchanged(): boolean;
  restUnchanged(): boolean;
}

export function compareRecord({ summary, trace }: BuildRecord, host: Host): RecordComparison {
  const folders = ["../", "node_modules/", `${summary.serving.generated}/`, `${dirname(summary.bundle)}/`];
  const isOther = (path: string): boolean => folders.some((folder) => path.startsWith(folder));
  const files = Object.entries(trace.files);
  const part = (others: boolean): Trace["files"] =>
    Object.fromEntries(files.filter(([path]) => isOther(path) === others));
  return {
    sourcesUnchanged: () => isTraceUpToDate({ files: part(false), searches: [], contained: [], days: {} }, host),
    restUnchanged: () => isTraceUpToDate({ ...trace, files: part(true) }, host),
  };
}

/** States of the artifacts of the last build, and of this one. */
export interface ArtifactStates {
  isUpToDate(path: string, inputs: Fingerprint): boolean;
  /** Whether a file has the content that the last build wrote. */
  isUnmodified(path: string): boolean;
  /** The inputs of artifacts that this build checked, by path. */
  readonly inputs: ReadonlyMap<string, Fingerprint>;
}

export function artifactStates(record: BuildRecord | undefined, host: Host): ArtifactStates {
  const inputs = new Map<string, Fingerprint>();
  const isUnmodified = (path: string): boolean => {
    // Other files of the trace were only read, and may belong to the user.
    if (record?.artifacts[path] === undefined) return false;
    const hash = record.trace.files[path];
    return typeof hash === "string" && hashAt(host, path) === hash;
  };
  return {
    inputs,
    isUnmodified,
    isUpToDate: (path, current) => {
      inputs.set(path, current);
      return record?.artifacts[path] === current && isUnmodified(path);
    },
  };
}

/**
 * Returns the result of a search after the build has written its files, without files that other programs wrote
 * meanwhile.
 */
function pathsAfter({ patterns, ignore, paths }: Search, written: readonly Change[], host: Host): readonly string[] {
  const own = new Set(written.map(({ path }) => path));
  const recorded = new Set(paths);
  const found = host.find(patterns, ignore).filter((path) => recorded.has(path) || own.has(path));
  return samePaths(found, paths) ? paths : found;
}
