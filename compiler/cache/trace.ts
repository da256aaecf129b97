import { hashAt, hashOf, HostError, type Host } from "../host.js";
import type { Disk, Search, Trace } from "../model/cache.js";

/** A host that records its reads. */
export interface TracedHost {
  readonly host: Host;
  /** The paths of the files that it was asked for, there or not. */
  paths(): Iterable<string>;
  trace(): Trace;
}

/** Returns the same host with a trace of later reads. The trace has the first answer about each file. */
export function traceReads(host: Host): TracedHost {
  const searches = new Map<string, Search>();
  const contained = new Set<string>();
  const files = new Map<string, string | null>();
  /** Files whose bytes were handed out: their hash is that of these bytes. */
  const read = new Set<string>();
  return {
    host: {
      ...host,
      find: (patterns, ignore) => {
        const paths = host.find(patterns, ignore);
        searches.set(JSON.stringify([patterns, ignore]), { patterns, ignore, paths });
        return paths;
      },
      read: (path) => {
        const bytes = host.read(path);
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
        const isInside = contained.has(path) || host.contains(path);
        if (isInside) contained.add(path);
        return isInside;
      },
    },
    paths: () => files.keys(),
    trace: () => ({
      // In an order of its own: packages are read by many at once.
      files: Object.fromEntries([...files].sort(([a], [b]) => (a < b ? -1 : 1))),
      searches: [...searches.values()],
      contained: [...contained],
    }),
  };
}

/** Whether the disk is as it was. */
export function isTraceUpToDate({ files, searches, contained }: Trace, disk: Disk): boolean {
  return (
    Object.entries(files).every(([path, hash]) => currentHash(disk, path) === hash) &&
    searches.every(({ patterns, ignore, paths }) => samePaths(disk.find(patterns, ignore), paths)) &&
    contained.every((path) => disk.contains(path))
  );
}

/** Undefined where the machine refuses to read the file: that is a change, too. */
function currentHash(disk: Disk, path: string): string | null | undefined {
  try {
    return hashAt(disk, path);
  } catch (error) {
    if (error instanceof HostError) return undefined;
    throw error;
  }
}

export function samePaths(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((path, index) => path === b[index]);
}
