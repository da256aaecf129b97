import * as fs from "node:fs";
import { resolve } from "node:path";
import type { Host } from "../host.js";

/** A host for one build: what was looked at stays what was seen, but for what the build itself changes. */
export function seeingOnce(host: Host): Host {
  const files = new Map<string, Uint8Array | undefined>();
  const searches = new Map<string, string[]>();
  const seen = <T>(known: Map<string, T>, key: string, look: () => T): T => {
    if (!known.has(key)) known.set(key, look());
    return known.get(key) as T;
  };
  return {
    ...host,
    read: (path) => seen(files, path, () => host.read(path)),
    find: (patterns, ignore) => seen(searches, JSON.stringify([patterns, ignore]), () => host.find(patterns, ignore)),
    commit: (changes) => {
      const stays = changes.every(({ path, bytes }) => bytes && fs.existsSync(resolve(host.root, path)));
      host.commit(changes);
      for (const { path, bytes } of changes) files.set(path, bytes);
      // A search finds the same while no file has come or gone.
      if (!stays) searches.clear();
    },
  };
}
