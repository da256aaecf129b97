import * as fs from "node:fs";
import { isAbsolute, relative } from "node:path";
import { hashOf, type Host } from "../host.js";
import { leave, type StoredFile } from "../incremental/stored.js";
import { version } from "../package-folder.js";
import { find, sightOf, toldDisk } from "./find.js";

/** A host for build after build: what has not changed on the disk is the very same bytes, or list of paths. */
export interface StayingHost extends Host {
  hash(path: string): string | null;
  /** From now on everything is looked at once more; `touched` files are read again whatever they look like. */
  again(touched?: ReadonlySet<string>): void;
  /** Leaves what was seen to other processes, so that what looks the same to them need not be read. */
  leave(): void;
}

/** Something on the disk as it was when it was last looked at. */
interface Known<T> {
  readonly value: T;
  /** What tells it from any other; undefined where it cannot be told. */
  readonly state: string | undefined;
  /** Counts the looks. */
  readonly look: number;
}

/** What a file holds, read when it is asked for, where its hash is known from elsewhere. */
interface File {
  bytes(): Uint8Array | undefined;
  hash(): string | null;
  isRead(): boolean;
}

interface Search {
  /** What was seen of each path that it went by. */
  readonly seen: ReadonlyMap<string, string>;
  readonly paths: string[];
}

/** What is left to other processes, in the folder for that. */
export const seenFile = "seen.json";

/** A change within this time of the last may leave no trace in the times that a disk keeps. */
const fineClockMs = 100;
/** The same where those are whole seconds, or, on FAT, every other. */
const coarsestClockMs = 2100;

/** Within one look, what was looked at stays what was seen, but for what is committed. */
export function stayingHost(host: Host, left?: StoredFile): StayingHost {
  const { files, sights, searches } = recalled(left, host);
  let look = 0;
  /** Whether anything is known that was not recalled. */
  let isNew = false;
  const at = (path: string): string => (isAbsolute(path) ? path : `${host.root}/${path}`);
  const looker =
    <T>(
      known: Map<string, Known<T>>,
      state: (path: string) => string | undefined,
      see: (path: string, before: T | undefined) => T,
    ) =>
    (path: string): T => {
      const before = known.get(path);
      if (before?.look === look) return before.value;
      const now = state(at(path));
      const isSame = before !== undefined && now !== undefined && before.state === now;
      if (!isSame) isNew = true;
      const value = isSame ? before.value : see(path, before?.value);
      known.set(path, { value, state: now, look });
      return value;
    };
  const file = looker(files, stateOf, (path, before: File | undefined) => {
    const now = fileOf(host.read(path));
    return before?.isRead() && before.hash() === now.hash() ? before : now;
  });
  const sight = looker(sights, stateOfPlace, (path) => sightOf(at(path)));
  return {
    ...host,
    read: (path) => file(path).bytes(),
    hash: (path) => file(path).hash(),
    find: (patterns, ignore) => {
      const key = JSON.stringify([patterns, ignore]);
      const known = searches.get(key);
      if (known && [...known.seen].every(([path, seen]) => sight(path) === seen)) return known.paths;
      const seen = new Map<string, string>();
      const paths = find(
        host.root,
        patterns,
        ignore,
        toldDisk((path) => {
          const own = relative(host.root, path);
          seen.set(own, sight(own));
        }),
      );
      searches.set(key, { seen, paths });
      isNew = true;
      return paths;
    },
    commit: (changes) => {
      // Folders are others, too.
      for (const [path, known] of sights) sights.set(path, { ...known, look: -1 });
      for (const { path } of changes) files.delete(path);
      host.commit(changes);
      for (const { path, bytes } of changes) files.set(path, { value: fileOf(bytes), state: stateOf(at(path)), look });
    },
    again: (touched = new Set<string>()) => {
      look += 1;
      for (const path of touched) {
        const known = files.get(path);
        if (known) files.set(path, { ...known, state: undefined });
      }
    },
    leave: () => {
      if (!isNew) return;
      isNew = false;
      if (left) leave(left, JSON.stringify({ form, ...leaving({ files, sights, searches }) }));
    },
  };
}

interface Seen {
  readonly files: Map<string, Known<File>>;
  readonly sights: Map<string, Known<string>>;
  readonly searches: Map<string, Search>;
}

/** What is left to other processes. */
interface Left {
  readonly files: readonly (readonly [path: string, state: string, hash: string | null])[];
  readonly sights: readonly (readonly [path: string, state: string, sight: string])[];
  readonly searches: readonly (readonly [key: string, seen: readonly (readonly [string, string])[], paths: string[]])[];
}

function leaving({ files, sights, searches }: Seen): Left {
  const told = <T, Told>(known: Map<string, Known<T>>, tell: (value: T) => Told): [string, string, Told][] =>
    [...known].flatMap(([path, { value, state }]) => (state === undefined ? [] : [[path, state, tell(value)]]));
  return {
    files: told(files, (file) => file.hash()),
    sights: told(sights, (sight) => sight),
    searches: [...searches].map(([key, { seen, paths }]) => [key, [...seen], paths]),
  };
}

/** What looked: another one may see otherwise. */
const form = `${version} ${process.version}`;

/** What is damaged is nothing. */
function recalled(left: StoredFile | undefined, host: Host): Seen {
  const known = <T>(value: T, state: string): Known<T> => ({ value, state, look: -1 });
  try {
    const bytes = left?.read();
    const said = JSON.parse(bytes ? Buffer.from(bytes).toString() : "") as Left & { readonly form: unknown };
    if (said.form !== form) throw new Error("It tells of another way to look.");
    const { files, sights, searches } = said;
    return {
      files: new Map(files.map(([path, state, hash]) => [path, known(recalledFile(path, hash, host), state)])),
      sights: new Map(sights.map(([path, state, sight]) => [path, known(sight, state)])),
      searches: new Map(searches.map(([key, seen, paths]) => [key, { seen: new Map(seen), paths }])),
    };
  } catch {
    return { files: new Map(), sights: new Map(), searches: new Map() };
  }
}

function fileOf(bytes: Uint8Array | undefined): File {
  return { bytes: () => bytes, hash: () => hashOf(bytes), isRead: () => true };
}

function recalledFile(path: string, hash: string | null, host: Host): File {
  let read: { readonly bytes: Uint8Array | undefined } | undefined;
  return {
    bytes: () => (read ??= { bytes: host.read(path) }).bytes,
    // It may have become another one since it was looked at.
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

/** Of a path that may be a link: of that, and of where it leads. */
function stateOfPlace(path: string): string | undefined {
  const [own, there] = [stateOf(path, fs.lstatSync), stateOf(path)];
  return own === undefined || there === undefined ? undefined : `${own} ${there}`;
}

/** Null where the machine refuses to tell. */
function statOf(file: string, stat: typeof fs.statSync): fs.Stats | null | undefined {
  try {
    return stat(file, { throwIfNoEntry: false });
  } catch {
    return null;
  }
}
