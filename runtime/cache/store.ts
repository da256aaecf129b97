import type { View } from "../protocol/exchange.js";

/** A result that is kept. */
export interface Kept {
  /** The arguments that it is for, as canonical text. */
  readonly input: string;
  readonly uri: string | undefined;
  readonly text: string;
  readonly expires: number;
  /** The whole result by revision, where nothing in it changes with time. */
  readonly sealed: Map<View, string>;
}

/** The results of one entry of the manifest, the one used longest ago first. */
export interface Shelf {
  readonly maxEntries: number;
  readonly results: Map<string, Kept>;
  /** In characters. */
  size: number;
}

/** Keeps results by key, no more than so many of each entry and so many characters of all. */
export interface Store {
  shelf(maxEntries: number): Shelf;
  find(shelf: Shelf, key: string, now: number): Kept | undefined;
  put(shelf: Shelf, key: string, kept: Kept): void;
  /** Keeps one more form of a result, if that is still kept. */
  grow(shelf: Shelf, key: string, view: View, sealed: string): void;
  drop(shelf: Shelf, key: string): void;
}

export function createStore(maxSize: number): Store {
  const shelves: Shelf[] = [];
  let total = 0;

  function drop(shelf: Shelf, key: string): void {
    const kept = shelf.results.get(key);
    if (kept === undefined) return;
    shelf.results.delete(key);
    resize(shelf, -sizeOf(key, kept));
  }

  function resize(shelf: Shelf, by: number): void {
    shelf.size += by;
    total += by;
  }

  /** Room is made where most is taken. */
  function shrink(): void {
    while (total > maxSize) {
      let largest: Shelf | undefined;
      for (const shelf of shelves) if (largest === undefined || shelf.size > largest.size) largest = shelf;
      dropOldest(largest!);
    }
  }

  function dropOldest(shelf: Shelf): void {
    for (const key of shelf.results.keys()) return drop(shelf, key);
  }

  return {
    shelf(maxEntries) {
      const shelf = { maxEntries, results: new Map(), size: 0 };
      shelves.push(shelf);
      return shelf;
    },
    find(shelf, key, now) {
      const kept = shelf.results.get(key);
      if (kept === undefined) return undefined;
      if (kept.expires <= now) return drop(shelf, key) as undefined;
      shelf.results.delete(key);
      shelf.results.set(key, kept);
      return kept;
    },
    put(shelf, key, kept) {
      drop(shelf, key);
      if (shelf.results.size >= shelf.maxEntries) dropOldest(shelf);
      shelf.results.set(key, kept);
      resize(shelf, sizeOf(key, kept));
      shrink();
    },
    grow(shelf, key, view, sealed) {
      const kept = shelf.results.get(key);
      if (kept === undefined) return;
      kept.sealed.set(view, sealed);
      resize(shelf, sealed.length);
      shrink();
    },
    drop,
  };
}

function sizeOf(key: string, { input, text, sealed }: Kept): number {
  let size = key.length + input.length + text.length;
  for (const form of sealed.values()) size += form.length;
  return size;
}
