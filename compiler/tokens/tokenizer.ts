import { minHeap } from "./min-heap.js";
import { readVocabulary, type Vocabulary } from "./vocabulary.js";

/** Limit of cached pieces; a surface has some thousands. */
const maxPieces = 100_000;

let vocabulary: Vocabulary | undefined;
const counts = new Map<string, number>();
const encoder = new TextEncoder();

/** Returns the number of tokens of a text by o200k_base. Special tokens count as the text that they are written with. */
export function countTokens(text: string): number {
  vocabulary ??= readVocabulary();
  let total = 0;
  // Texts repeat their words, so the count of a piece is cached.
  for (const [piece] of text.matchAll(vocabulary.split)) {
    let count = counts.get(piece);
    if (count === undefined) {
      count = countPiece(encoder.encode(piece), vocabulary);
      if (counts.size >= maxPieces) counts.clear();
      counts.set(piece, count);
    }
    total += count;
  }
  return total;
}

/** Above any rank, so that a key of the heap orders merges by rank, then by place. */
const placeRange = 2 ** 32;

/** Merges pairs of neighbours into tokens, in the order of ranks; long pieces in n log n steps. */
function countPiece(bytes: Uint8Array, { rank }: Vocabulary): number {
  const length = bytes.length;
  if (rank(bytes, 0, length) >= 0) return 1;
  // Parts by the place of their first byte: the ends of parts, and the beginnings of parts before them.
  const ends = Uint32Array.from({ length }, (_, at) => at + 1);
  const befores = Int32Array.from({ length }, (_, at) => at - 1);
  const pending = new Int32Array(length).fill(-1);
  const merges = minHeap();
  const offer = (at: number): void => {
    const next = ends[at]!;
    pending[at] = next < length ? rank(bytes, at, ends[next]!) : -1;
    if (pending[at]! >= 0) merges.push(pending[at]! * placeRange + at);
  };
  for (let at = 0; at < length; at++) offer(at);
  let count = length;
  for (let key = merges.pop(); key !== undefined; key = merges.pop()) {
    const at = key % placeRange;
    if (pending[at] !== Math.floor(key / placeRange)) continue;
    const next = ends[at]!;
    ends[at] = ends[next]!;
    pending[next] = -1;
    if (ends[at]! < length) befores[ends[at]!] = at;
    count--;
    offer(at);
    if (befores[at]! >= 0) offer(befores[at]!);
  }
  return count;
}
