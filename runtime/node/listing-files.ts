import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import type { Listing } from "../protocol/surface.js";

/** A form that revisions are told up to `last`, and what its entries take up, in bytes; `digest` as its header says it. */
type Form = readonly [last: string, size: number, digest: string];

/**
 * A list of a large server, in files of `folder`: the entries of each form, and where each of them ends. A file begins
 * with a line of `header` bytes.
 */
export function listingFiles(folder: string, header: number, list: string, forms: readonly Form[]): Listing {
  return (version) => {
    const [last, size, digest] = forms.find(([last]) => version <= last)!;
    const form = `${folder}/${list}.${last}`;
    return {
      size,
      ends: () => JSON.parse(readFileSync(`${form}.ends.json`, "utf8").split("\n")[1]!) as number[],
      read(place, begin) {
        const file = openSync(`${form}.json`, "r");
        try {
          const line = fill(Buffer.alloc(header), file, 0);
          // What a later build has put there has other entries, of other sizes.
          if (!line.includes(digest)) throw new Error("the file of a list is of another build than the server");
          // Version control may have made the end of the line longer.
          fill(place, file, header + (line[header - 1] === lineFeed ? 0 : 1) + begin);
        } finally {
          closeSync(file);
        }
      },
    };
  };
}

const lineFeed = 0x0a;

function fill<Place extends Uint8Array>(place: Place, file: number, from: number): Place {
  for (let at = 0; at < place.length;) {
    const count = readSync(file, place, at, place.length - at, from + at);
    if (count === 0) throw new Error("the file of a list ends too soon");
    at += count;
  }
  return place;
}
