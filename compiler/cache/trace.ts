import { hashAt, hashOf, HostError, type Host } from "../host.js";
import type { Disk, Search, Trace } from "../model/cache.js";

/** A host that records its reads. */
export interface TracedHost {
  readonly host: Host;
  /** Returns the paths of requested files, existing or not. */
  paths(): Iterable<string>;
  trace(): Trace;
}

/** Wraps a host, and records all later reads. The first answer about a file counts. */
export function traceReads(host: Host): TracedHost {
  const searches = new Map<string, Search>();
  const contained = new Set<string>();
  const files = new Map<string, string | null>();
  const days = new Map<string, boolean>();
  /** Files whose bytes were returned: the trace has the hash of these bytes. */
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
      isPast: (day) => {
        const isPast = host.isPast?.(day) ?? false;
        days.set(day, isPast);
        return isPast;
      },
    },
    paths: () => files.keys(),
    trace: () => ({
      // Sorted, because packages are read concurrently and in varying order.
      files: Object.fromEntries([...files].sort(([a], [b]) => (a < b ? -1 : 1))),
      searches: [...searches.values()],
      contained: [...contained],
      days: Object.fromEntries(days),
    }),
  };
}

/** Whether the disk still matches a trace. */
export function isTraceUpToDate({ files, searches, contained, days }: Trace, disk: Disk): boolean {
  return (
    Object.entries(files).every(([path, hash]) => currentHash(disk, path) === hash) &&
    searches.every(({ patterns, ignore, paths }) => samePaths(disk.find(patterns, ignore), paths)) &&
    contained.every((path) => disk.contains(path)) &&
    Object.entries(days).every(([day, wasPast]) => (disk.isPast?.(day) ?? false) === wasPast)
  );
}

/** Returns the hash of a file; undefined for a read error, which counts as a change too. */
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
