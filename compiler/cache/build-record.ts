import { dirname } from "node:path";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import { hashAt, hashOf, type Change, type Host } from "../host.js";
import type { Fingerprint, Search, Trace } from "../model/cache.js";
import type { Summary } from "../model/summary.js";
import { isTraceUpToDate, samePaths, type TracedHost } from "./trace.js";

/** All that a build read and wrote: while it is true, building again would change nothing. */
export interface BuildRecord {
  readonly compiler: Fingerprint;
  /** Files that the build wrote are in it, too. */
  readonly trace: Trace;
  /** The inputs of each artifact, by path. */
  readonly artifacts: Readonly<Record<string, Fingerprint>>;
  readonly summary: Summary;
  readonly warnings: readonly Diagnostic[];
  /** Handlers that are stubs. */
  readonly unwritten: readonly Diagnostic[];
}

/** Files that the compiler does not read, and that change with what is installed, or how it resolves. */
const environment = [
  "package.json",
  "tsconfig.json",
  "node_modules/.package-lock.json",
  "node_modules/.modules.yaml",
  "node_modules/.yarn-state.yml",
  "node_modules/.yarn-integrity",
];

/** Returns the record of a build that went well. `inputs` are files that were read past the host. */
export function buildRecord(
  built: Omit<BuildRecord, "trace">,
  traced: TracedHost,
  inputs: readonly string[],
  written: readonly Change[],
  host: Host,
): BuildRecord {
  const { files: read, searches, contained } = traced.trace();
  const files = new Map(Object.entries(read));
  for (const path of [...inputs, ...environment]) if (!files.has(path)) files.set(path, hashAt(host, path));
  for (const { path, bytes } of written) files.set(path, hashOf(bytes));
  const sorted = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
  const trace = {
    files: Object.fromEntries(sorted),
    searches: searches.map((search) => ({ ...search, paths: pathsAfter(search, written, host) })),
    contained,
  };
  return { ...built, trace };
}

/** A record that is damaged, or of another version, is none. */
export function parseRecord(text: string | undefined): BuildRecord | undefined {
  try {
    const record = JSON.parse(text ?? "null") as BuildRecord | null;
    return record?.summary?.serving && record.trace?.files && record.trace.searches ? record : undefined;
  } catch {
    return undefined;
  }
}

/** A comparison of a record with the disk, in two steps: files that people edit change most often. */
export interface Comparison {
  sourcesUnchanged(): boolean;
  restUnchanged(): boolean;
}

export function compareRecord({ summary, trace }: BuildRecord, host: Host): Comparison {
  const folders = ["../", "node_modules/", `${summary.serving.generated}/`, `${dirname(summary.bundle)}/`];
  const isOther = (path: string): boolean => folders.some((folder) => path.startsWith(folder));
  const files = Object.entries(trace.files);
  const part = (others: boolean): Trace["files"] =>
    Object.fromEntries(files.filter(([path]) => isOther(path) === others));
  return {
    sourcesUnchanged: () => isTraceUpToDate({ files: part(false), searches: [], contained: [] }, host),
    restUnchanged: () => isTraceUpToDate({ ...trace, files: part(true) }, host),
  };
}

/** The artifacts of the last build, and what this build made of the same paths. */
export interface ArtifactStates {
  isUpToDate(path: string, inputs: Fingerprint): boolean;
  /** Whether a file is as the last build wrote it. */
  isUnmodified(path: string): boolean;
  /** The inputs that were asked about, by path. */
  readonly inputs: ReadonlyMap<string, Fingerprint>;
}

export function artifactStates(record: BuildRecord | undefined, host: Host): ArtifactStates {
  const inputs = new Map<string, Fingerprint>();
  const isUnmodified = (path: string): boolean => {
    // Other files of the trace were read, and may not be ours.
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

/** Returns the paths that a search finds once the build's own files are written, without those that others wrote meanwhile. */
function pathsAfter({ patterns, ignore, paths }: Search, written: readonly Change[], host: Host): readonly string[] {
  const own = new Set(written.map(({ path }) => path));
  const known = new Set(paths);
  const found = host.find(patterns, ignore).filter((path) => known.has(path) || own.has(path));
  return samePaths(found, paths) ? paths : found;
}
