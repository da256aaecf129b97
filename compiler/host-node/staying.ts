import * as fs from "node:fs";
import { resolve } from "node:path";
import type { Host } from "../host.js";
import { find, sightOf, toldDisk } from "./find.js";

/** A host for build after build: what has not changed on the disk is the very same bytes, or list of paths. */
export interface StayingHost extends Host {
  /** From now on everything is looked at once more; `touched` files are read again whatever they look like. */
  again(touched?: ReadonlySet<string>): void;
}

/** Something on the disk as it was when it was last looked at. */
interface Known<T> {
  readonly value: T;
  /** What tells it from any other; undefined where it cannot be told. */
  readonly state: string | undefined;
  /** Counts the looks. */
  readonly look: number;
}

/** A change within this time of the last may leave no trace in the times that the disk keeps. */
const coarsestClockMs = 100;

export function stayingHost(host: Host): StayingHost {
  const files = new Map<string, Known<Uint8Array | undefined>>();
  const sights = new Map<string, Known<string>>();
  const searches = new Map<string, { readonly seen: ReadonlyMap<string, string>; readonly paths: string[] }>();
  let look = 0;
  const looker =
    <T>(known: Map<string, Known<T>>, see: (path: string) => T, same: (one: T, other: T) => boolean) =>
    (path: string): T => {
      const before = known.get(path);
      if (before?.look === look) return before.value;
      const state = stateOf(resolve(host.root, path));
      const seen = before && state !== undefined && before.state === state ? before.value : see(path);
      const value = before && same(before.value, seen) ? before.value : seen;
      known.set(path, { value, state, look });
      return value;
    };
  const read = looker(files, host.read, sameBytes);
  const sight = looker(sights, sightOf, (one, other) => one === other);
  return {
    ...host,
    read,
    find: (patterns, ignore) => {
      const key = JSON.stringify([patterns, ignore]);
      const known = searches.get(key);
      if (known && [...known.seen].every(([path, seen]) => sight(path) === seen)) return known.paths;
      const seen = new Map<string, string>();
      const paths = find(
        host.root,
        patterns,
        ignore,
        toldDisk((path) => void seen.set(path, sight(path))),
      );
      searches.set(key, { seen, paths });
      return paths;
    },
    commit: (changes) => {
      // Folders are others, too.
      for (const [path, known] of sights) sights.set(path, { ...known, look: -1 });
      for (const { path } of changes) files.delete(path);
      host.commit(changes);
      for (const { path, bytes } of changes)
        files.set(path, { value: bytes, state: stateOf(resolve(host.root, path)), look });
    },
    again: (touched = new Set<string>()) => {
      look += 1;
      for (const path of touched) {
        const known = files.get(path);
        if (known) files.set(path, { ...known, state: undefined });
      }
    },
  };
}

function stateOf(file: string): string | undefined {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  if (!stat) return "absent";
  const { mtimeMs, ctimeMs, size, ino } = stat;
  return Date.now() - Math.max(mtimeMs, ctimeMs) < coarsestClockMs ? undefined : `${mtimeMs} ${ctimeMs} ${size} ${ino}`;
}

function sameBytes(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return one === other || (one !== undefined && other !== undefined && Buffer.compare(one, other) === 0);
}
