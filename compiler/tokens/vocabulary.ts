import { readFileSync } from "node:fs";
import { packaged } from "../package-folder.js";

/** The tokens of a tokenizer with their ranks. Neighbouring parts of a text merge into tokens, lowest rank first. */
export interface Vocabulary {
  /** Splits a text into pieces; no token crosses the end of a piece. */
  readonly split: RegExp;
  /** Returns the rank of a part of `bytes`; -1 if the part is no token. */
  rank(bytes: Uint8Array, start: number, end: number): number;
}

/** Reads the vocabulary that the package ships. `test/setup.mjs` writes and describes its file. */
export function readVocabulary(): Vocabulary {
  const file = readFileSync(packaged("dist/o200k_base.tokens"));
  const headEnd = file.indexOf(10);
  const head = JSON.parse(file.toString("utf8", 0, headEnd)) as { readonly split: string; readonly count: number };
  return { split: new RegExp(head.split, "gu"), rank: rankOf(file, headEnd + 1, head.count) };
}

/** Bytes of a token's length and rank, before the token itself. */
const headBytes = 4;

/** Returns a binary search among tokens in the order of their bytes. */
function rankOf(file: Uint8Array, begin: number, count: number): Vocabulary["rank"] {
  const places = new Uint32Array(count);
  // The index of the first token that begins with a byte, and in the end the count.
  const firsts = new Uint32Array(257).fill(count);
  for (let place = begin, index = 0; index < count; index++) {
    places[index] = place;
    const first = file[place + headBytes]!;
    if (firsts[first]! > index) firsts[first] = index;
    place += headBytes + file[place]!;
  }
  for (let byte = 255; byte >= 0; byte--) if (firsts[byte] === count) firsts[byte] = firsts[byte + 1]!;
  return (bytes, start, end) => {
    let low = firsts[bytes[start]!]!;
    let high = firsts[bytes[start]! + 1]! - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const place = places[middle]!;
      const order = compare(file, place + headBytes, file[place]!, bytes, start, end - start);
      if (order === 0) return file[place + 1]! | (file[place + 2]! << 8) | (file[place + 3]! << 16);
      if (order < 0) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  };
}

/** Compares two sequences of bytes; negative where the first is lower. */
function compare(
  a: Uint8Array,
  aStart: number,
  aLength: number,
  b: Uint8Array,
  bStart: number,
  bLength: number,
): number {
  const length = Math.min(aLength, bLength);
  for (let at = 0; at < length; at++) {
    const difference = a[aStart + at]! - b[bStart + at]!;
    if (difference !== 0) return difference;
  }
  return aLength - bLength;
}
