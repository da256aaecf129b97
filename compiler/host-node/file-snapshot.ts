import * as fs from "node:fs";
import { isAbsolute, relative } from "node:path";
import { store, type StoredFile } from "../cache/stored-file.js";
import { hashOf, type Host } from "../host.js";
import { version } from "../package-folder.js";
import { directoryFingerprint, find, tracingFs } from "./find.js";

/**
 * A host for consecutive builds. An unchanged file or search returns the identical object. Within one snapshot, results
 * do not change, except by commits.
 */
export interface FileSnapshot extends Host {
  hash(path: string): string | null;
  /** Begins a new snapshot; `touched` files are read again even with an unchanged stat fingerprint. */
  refresh(touched?: ReadonlySet<string>): void;
  /** Writes the state for other processes, which then skip files with an unchanged stat fingerprint. */
  save(): void;
}

/** A result from the disk, as of a snapshot. */
interface Observed<T> {
  readonly value: T;
  /** The stat fingerprint; undefined where the last change is too recent for a reliable one. */
  readonly state: string | undefined;
  /** The number of the snapshot that last compared the result. */
  readonly generation: number;
}

/** A file; if its hash is known, its bytes are read on first access. */
interface File {
  bytes(): Uint8Array | undefined;
  hash(): string | null;
  isRead(): boolean;
}

interface Search {
  /** The fingerprint of each directory that the search visited. */
  readonly directories: ReadonlyMap<string, string>;
  readonly paths: string[];
}

/** Name of the snapshot file in the folder of caches. */
export const snapshotFile = "snapshot.json";

/** Margin for fine clocks: two changes within this time may have the same timestamp. */
const fineClockMs = 100;
/** Margin for coarse clocks: timestamps are whole seconds, or even seconds on FAT. */
const coarsestClockMs = 2100;

export function fileSnapshot(host: Host, stored?: StoredFile): FileSnapshot {
  const { files, directories, searches } = storedState(stored, host);
  let generation = 0;
  /** Whether the state has results that are not stored. */
  let isNew = false;
  const at = (path: string): string => (isAbsolute(path) ? path : `${host.root}/${path}`);
  const lookUp =
    <T>(
      observed: Map<string, Observed<T>>,
      stateOf: (path: string) => string | undefined,
      read: (path: string, before: T | undefined) => T,
    ) =>
    (path: string): T => {
      const before = observed.get(path);
      if (before?.generation === generation) return before.value;
      const state = stateOf(at(path));
      const isSame = before !== undefined && state !== undefined && before.state === state;
      if (!isSame) isNew = true;
      const value = isSame ? before.value : read(path, before?.value);
      observed.set(path, { value, state, generation });
      return value;
    };
  const file = lookUp(files, stateOf, (path, before: File | undefined) => {
    const current = fileOf(host.read(path));
    return before?.isRead() && before.hash() === current.hash() ? before : current;
  });
  const directory = lookUp(directories, stateOfPlace, (path) => directoryFingerprint(at(path)));
  return {
    ...host,
    read: (path) => file(path).bytes(),
    hash: (path) => file(path).hash(),
    find: (patterns, ignore) => {
      const key = JSON.stringify([patterns, ignore]);
      const cached = searches.get(key);
      if (cached && [...cached.directories].every(([path, seen]) => directory(path) === seen)) return cached.paths;
      const seen = new Map<string, string>();
      const onPath = (path: string): void => {
        const own = relative(host.root, path);
        seen.set(own, directory(own));
      };
      const paths = find(host.root, patterns, ignore, tracingFs(onPath));
      searches.set(key, { directories: seen, paths });
      isNew = true;
      return paths;
    },
    commit: (changes) => {
      // Directories may have changed, too.
      for (const [path, observed] of directories) directories.set(path, { ...observed, generation: -1 });
      for (const { path } of changes) files.delete(path);
      host.commit(changes);
      for (const { path, bytes } of changes)
        files.set(path, { value: fileOf(bytes), state: stateOf(at(path)), generation });
    },
    refresh: (touched = new Set<string>()) => {
      generation += 1;
      for (const path of touched) {
        const observed = files.get(path);
        if (observed) files.set(path, { ...observed, state: undefined });
      }
    },
    save: () => {
      if (!isNew) return;
      isNew = false;
      if (stored) store(stored, JSON.stringify({ form, ...toStored({ files, directories, searches }) }));
    },
  };
}

interface State {
  readonly files: Map<string, Observed<File>>;
  readonly directories: Map<string, Observed<string>>;
  readonly searches: Map<string, Search>;
}

/** A state as JSON. */
interface StoredState {
  readonly files: readonly (readonly [path: string, state: string, hash: string | null])[];
  readonly directories: readonly (readonly [path: string, state: string, fingerprint: string])[];
  readonly searches: readonly (readonly [
    key: string,
    directories: readonly (readonly [string, string])[],
    paths: string[],
  ])[];
}

function toStored({ files, directories, searches }: State): StoredState {
  const rows = <T, Stored>(
    observed: Map<string, Observed<T>>,
    stored: (value: T) => Stored,
  ): [string, string, Stored][] =>
    [...observed].flatMap(([path, { value, state }]) => (state === undefined ? [] : [[path, state, stored(value)]]));
  return {
    files: rows(files, (file) => file.hash()),
    directories: rows(directories, (fingerprint) => fingerprint),
    searches: [...searches].map(([key, { directories: seen, paths }]) => [key, [...seen], paths]),
  };
}

/** Versions with the same format of states and fingerprints. */
const form = `${version} ${process.version}`;

/** Returns the stored state; an empty state for a file that is damaged, or of another version. */
function storedState(file: StoredFile | undefined, host: Host): State {
  const observed = <T>(value: T, state: string): Observed<T> => ({ value, state, generation: -1 });
  try {
    const bytes = file?.read();
    const stored = JSON.parse(bytes ? Buffer.from(bytes).toString() : "") as StoredState & { readonly form: unknown };
    if (stored.form !== form) throw new Error("another version wrote the snapshot");
    const { files, directories, searches } = stored;
    return {
      files: new Map(files.map(([path, state, hash]) => [path, observed(storedHash(path, hash, host), state)])),
      directories: new Map(directories.map(([path, state, fingerprint]) => [path, observed(fingerprint, state)])),
      searches: new Map(searches.map(([key, seen, paths]) => [key, { directories: new Map(seen), paths }])),
    };
  } catch {
    return { files: new Map(), directories: new Map(), searches: new Map() };
  }
}

function fileOf(bytes: Uint8Array | undefined): File {
  return { bytes: () => bytes, hash: () => hashOf(bytes), isRead: () => true };
}

/** Returns a file whose hash another process has stored. */
function storedHash(path: string, hash: string | null, host: Host): File {
  let read: { readonly bytes: Uint8Array | undefined } | undefined;
  return {
    bytes: () => (read ??= { bytes: host.read(path) }).bytes,
    // The file may have changed since the snapshot compared it.
    hash: () => (read ? hashOf(read.bytes) : hash),
    isRead: () => read !== undefined,
  };
}

function stateOf(file: string, stat: typeof fs.statSync = fs.statSync): string | undefined {
  const state = statOf(file, stat);
  if (!state) return state === undefined ? "absent" : undefined;
  const { mtimeMs, ctimeMs, size, ino } = state;
  const isCoarse = mtimeMs % 1000 === 0 || ctimeMs % 1000 === 0;
  const since = Date.now() - Math.max(mtimeMs, ctimeMs);
  return since < (isCoarse ? coarsestClockMs : fineClockMs) ? undefined : `${mtimeMs} ${ctimeMs} ${size} ${ino}`;
}

/** Returns the stat fingerprint of a path and, for a link, of its target. */
function stateOfPlace(path: string): string | undefined {
  const [own, there] = [stateOf(path, fs.lstatSync), stateOf(path)];
  return own === undefined || there === undefined ? undefined : `${own} ${there}`;
}

/** Returns the file status; null for an I/O error. */
function statOf(file: string, stat: typeof fs.statSync): fs.Stats | null | undefined {
  try {
    return stat(file, { throwIfNoEntry: false });
  } catch {
    return null;
  }
}
