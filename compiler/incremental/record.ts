import { dirname } from "node:path";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import type { Earlier, Untouched } from "../model/earlier.js";
import { hashAt, hashOf, type Change, type Host } from "../host.js";
import type { Summary } from "../model/summary.js";

/** All that a build saw and left behind: while it is true, building again would change nothing. */
export interface BuildRecord {
  /** What compiled. */
  readonly compiler: string;
  readonly searches: readonly Search[];
  /** Paths that stood inside the project, links resolved. */
  readonly contained: readonly string[];
  /** The hash of each file that was read or written; null for one that was looked for and not there. */
  readonly files: Readonly<Record<string, string | null>>;
  /** The hash of what output files were made of, where that was told. */
  readonly made: Readonly<Record<string, string>>;
  readonly summary: Summary;
  readonly warnings: readonly Diagnostic[];
  /** Handlers that are stubs. */
  readonly unwritten: readonly Diagnostic[];
}
interface Search {
  readonly patterns: readonly string[];
  readonly ignore: readonly string[];
  readonly paths: readonly string[];
}

/** Not read by the compiler, but whoever changes what is installed, or how it resolves, changes one of them. */
const environment = [
  "package.json",
  "tsconfig.json",
  "node_modules/.package-lock.json",
  "node_modules/.modules.yaml",
  "node_modules/.yarn-state.yml",
  "node_modules/.yarn-integrity",
];

export interface Recorder {
  /** The same host; what is asked of it is remembered. */
  readonly host: Host;
  /** The files that it was asked to read, there or not. */
  looked(): Iterable<string>;
  /** Of a build that ended well; `inputs` are files that were read past the host. */
  record(
    built: Pick<BuildRecord, "compiler" | "summary" | "warnings" | "unwritten" | "made">,
    inputs: readonly string[],
  ): BuildRecord;
}

export function recorder(host: Host): Recorder {
  const searches = new Map<string, Search>();
  const contained = new Set<string>();
  const files = new Map<string, string | null>();
  const read = new Set<string>();
  const written: Change[] = [];
  const recording: Host = {
    ...host,
    find: (patterns, ignore) => {
      const paths = host.find(patterns, ignore);
      searches.set(JSON.stringify([patterns, ignore]), { patterns, ignore, paths });
      return paths;
    },
    read: (path) => {
      const bytes = host.read(path);
      // What was read first is in the build, whatever was thought to be there.
      if (!read.has(path)) files.set(path, hashOf(bytes));
      read.add(path);
      return bytes;
    },
    hash: (path) => {
      const hash = hashAt(host, path);
      if (!files.has(path)) files.set(path, hash);
      return hash;
    },
    contains: (path) => {
      const inside = contained.has(path) || host.contains(path);
      if (inside) contained.add(path);
      return inside;
    },
    commit: (changes) => {
      host.commit(changes);
      written.push(...changes);
    },
  };
  return {
    host: recording,
    looked: () => files.keys(),
    record: (built, inputs) => {
      for (const path of [...inputs, ...environment]) if (!files.has(path)) files.set(path, hashAt(host, path));
      for (const { path, bytes } of written) files.set(path, hashOf(bytes));
      return {
        ...built,
        searches: [...searches.values()].map((search) => ({ ...search, paths: after(search, written, host) })),
        contained: [...contained],
        // In an order of its own: packages are read by many at once.
        files: Object.fromEntries([...files].sort(([a], [b]) => (a < b ? -1 : 1))),
      };
    },
  };
}

/** Of a build that went well: what it saw, what people edit apart from what is made and installed. */
export interface Seen {
  /** False when a file that people edit has changed since. */
  sourcesHold(): boolean;
  /** False when anything else has. */
  restHolds(): boolean;
}

export function seenBy({ summary, ...record }: BuildRecord, host: Host): Seen {
  const made = [`${summary.serving.generated}/`, `${dirname(summary.bundle)}/`];
  const installed = ["../", "node_modules/"];
  const files = Object.entries(record.files);
  const within = (folders: readonly string[]) =>
    files.filter(([path]) => folders.some((folder) => path.startsWith(folder)));
  const apart = new Set([...within(made), ...within(installed)]);
  const stand = (some: typeof files): boolean => some.every(([path, hash]) => hashAt(host, path) === hash);
  return {
    sourcesHold: () => stand(files.filter((file) => !apart.has(file))),
    restHolds: () =>
      record.searches.every(({ patterns, ignore, paths }) => same(host.find(patterns, ignore), paths)) &&
      record.contained.every((path) => host.contains(path)) &&
      stand([...apart]),
  };
}

/** The files of the build that `record` tells of, as far as they stand untouched; `made` grows as they are asked for. */
export function earlierFiles(
  record: BuildRecord | undefined,
  host: Host,
): { readonly earlier: Earlier; readonly untouched: Untouched; readonly made: ReadonlyMap<string, string> } {
  const made = new Map<string, string>();
  const untouched: Untouched = (path, madeOf = record?.made[path]) => {
    // Others may have been looked at, and be somebody else's.
    const before = madeOf !== undefined && record?.made[path] === madeOf ? record.files[path] : undefined;
    return typeof before === "string" && hashAt(host, path) === before;
  };
  const earlier: Earlier = (path, madeOf) => {
    made.set(path, madeOf);
    return untouched(path, madeOf);
  };
  return { earlier, untouched, made };
}

/** What a search finds once the build's own files are written: nothing that somebody else did in the meantime. */
function after({ patterns, ignore, paths }: Search, written: readonly Change[], host: Host): readonly string[] {
  const own = new Set(written.map(({ path }) => path));
  const known = new Set(paths);
  return host.find(patterns, ignore).filter((path) => known.has(path) || own.has(path));
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((path, index) => path === b[index]);
}
