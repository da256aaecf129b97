/** A hash of all that a value depends on, or a text short enough to stand for itself. */
export type Fingerprint = string;

/** The kinds of results that are cached: each is a table of its own. */
export type Task =
  | "parsed-entry"
  | "entry-files"
  | "checked-shared"
  | "checked-entry"
  | "checked-promises"
  | "lowered-entry"
  | "tokens"
  | "linted-entry"
  | "server"
  | "declaration"
  | "listing"
  | "runtime";

/** The files that a result was computed from, and all else that was asked about the disk. */
export interface Trace {
  /** The hash of each file; null for one that was not there. */
  readonly files: Readonly<Record<string, string | null>>;
  readonly searches: readonly Search[];
  /** Paths inside the project, links resolved. */
  readonly contained: readonly string[];
  /** Days, such as 2027-03-01, and whether they had passed. */
  readonly days: Readonly<Record<string, boolean>>;
}

/** The paths that a search found. */
export interface Search {
  readonly patterns: readonly string[];
  readonly ignore: readonly string[];
  readonly paths: readonly string[];
}

/** A value, and what it was computed from. */
export interface Traced<T> {
  readonly value: T;
  readonly trace: Trace;
  /** Keeps a value out of the cache. */
  readonly isCacheable?: boolean;
}

/** Results of earlier builds of the same compiler. Values are plain data. */
export interface Cache {
  /** Returns the result of `compute`, now or in an earlier build: `inputs` name everything that it depends on. */
  memo<T>(task: Task, inputs: readonly Fingerprint[], compute: () => T): T;
  /** Returns the result of `compute`, which also depends on the parts of `disk` that its trace names. */
  traced<T>(task: Task, inputs: readonly Fingerprint[], disk: Disk, compute: () => Promise<Traced<T>>): Promise<T>;
}

/** The disk, as far as traces ask about it. */
export interface Disk {
  find(patterns: readonly string[], ignore: readonly string[]): readonly string[];
  read(path: string): Uint8Array | undefined;
  hash?(path: string): string | null;
  contains(path: string): boolean;
  isPast?(day: string): boolean;
}

/** Computes everything, and keeps nothing. */
export const noCache: Cache = {
  memo: (_task, _inputs, compute) => compute(),
  traced: async (_task, _inputs, _disk, compute) => (await compute()).value,
};
