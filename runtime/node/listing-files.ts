import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import type { Listing } from "../protocol/surface.js";

/** A form of a list: the last revision that uses it, its size in bytes, and the digest in the header of its file. */
type Form = readonly [last: string, size: number, digest: string];

/**
 * Reads the lists of a large server from files in `folder`: the entries of each form, and their end offsets. Each file
 * begins with a line of `header` bytes.
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
          // A later build may have replaced the file with entries of other sizes.
          if (!line.includes(digest)) throw new Error("the file of a list is of another build than the server");
          // Version control may have replaced the line feed by two characters.
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
