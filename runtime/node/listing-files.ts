import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { Listing } from "../protocol/surface.js";

/** A form that revisions are told up to `last`, and what its entries take up, in bytes. */
type Form = readonly [last: string, size: number];

/**
 * A list of a large server, in files of `folder`, one for each form. A file is a line of its own, where each entry
 * ends, and the entries, in a line each: the entries are its last bytes.
 */
export function listingFiles(folder: string, list: string, forms: readonly Form[]): Listing {
  return (version) => {
    const [last, size] = forms.find(([last]) => version <= last)!;
    const opened = <T>(use: (file: number, entries: number) => T): T => {
      const file = openSync(`${folder}/${list}.${last}.json`, "r");
      try {
        return use(file, fstatSync(file).size - size);
      } finally {
        closeSync(file);
      }
    };
    return {
      size,
      ends: () =>
        opened((file, entries): number[] => {
          const head = Buffer.alloc(entries);
          fill(head, file, 0);
          return JSON.parse(head.toString().split("\n")[1]!) as number[];
        }),
      read: (place, begin) => opened((file, entries) => fill(place, file, entries + begin)),
    };
  };
}

function fill(place: Uint8Array, file: number, from: number): void {
  for (let at = 0; at < place.length;) {
    const count = readSync(file, place, at, place.length - at, from + at);
    if (count === 0) throw new Error("the file of a list ends too soon");
    at += count;
  }
}
