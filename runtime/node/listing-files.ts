import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import type { Listing } from "../protocol/surface.js";

/** A form that revisions are told up to `last`, and what its entries take up, in bytes. */
type Form = readonly [last: string, size: number];

/**
 * A list of a large server, in files of `folder`: the entries of each form, and where each of them ends. A file begins
 * with a line of `header` bytes.
 */
export function listingFiles(folder: string, header: number, list: string, forms: readonly Form[]): Listing {
  return (version) => {
    const [last, size] = forms.find(([last]) => version <= last)!;
    const form = `${folder}/${list}.${last}`;
    return {
      size,
      ends: () => JSON.parse(readFileSync(`${form}.ends.json`, "utf8").split("\n")[1]!) as number[],
      read(place, begin) {
        const file = openSync(`${form}.json`, "r");
        try {
          fill(place, file, header + begin);
          // Version control may have made the end of the line longer.
          if (place[0] !== openingBrace) fill(place, file, header + 1 + begin);
        } finally {
          closeSync(file);
        }
      },
    };
  };
}

/** What each entry begins with. */
const openingBrace = 0x7b;

function fill(place: Uint8Array, file: number, from: number): void {
  for (let at = 0; at < place.length;) {
    const count = readSync(file, place, at, place.length - at, from + at);
    if (count === 0) throw new Error("the file of a list ends too soon");
    at += count;
  }
}
