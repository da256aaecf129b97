import * as fs from "node:fs";
import { resolve } from "node:path";
import type { Host } from "../host.js";

/** A host for build after build: a file that has not changed on the disk is the very same bytes. */
export interface StayingHost extends Host {
  /** From now on each file is looked at once more; `touched` are read again whatever they look like. */
  again(touched?: ReadonlySet<string>): void;
}

interface Known {
  readonly bytes: Uint8Array | undefined;
  readonly state: string | undefined;
  /** The look at the disk that it is from. */
  readonly look: number;
}

/** A change within this time of the last may leave no trace in the times that the disk keeps. */
const coarsestClockMs = 100;

export function stayingHost(host: Host): StayingHost {
  const files = new Map<string, Known>();
  let look = 0;
  /** What tells one state of a file from the next; undefined where it cannot be told. */
  const stateOf = (path: string): string | undefined => {
    const stat = fs.statSync(resolve(host.root, path), { throwIfNoEntry: false });
    if (!stat) return "absent";
    const { mtimeMs, ctimeMs, size, ino } = stat;
    return Date.now() - Math.max(mtimeMs, ctimeMs) < coarsestClockMs
      ? undefined
      : `${mtimeMs} ${ctimeMs} ${size} ${ino}`;
  };
  const read = (path: string): Uint8Array | undefined => {
    const known = files.get(path);
    if (known?.look === look) return known.bytes;
    const state = stateOf(path);
    const same = known !== undefined && state !== undefined && known.state === state;
    const bytes = same ? known.bytes : host.read(path);
    // Written anew, but not another.
    const kept = bytes && known?.bytes && Buffer.compare(bytes, known.bytes) === 0 ? known.bytes : bytes;
    files.set(path, { bytes: kept, state, look });
    return kept;
  };
  return {
    ...host,
    read,
    commit: (changes) => {
      try {
        host.commit(changes);
      } finally {
        for (const { path } of changes) files.delete(path);
      }
      for (const { path, bytes } of changes) files.set(path, { bytes, state: stateOf(path), look });
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
