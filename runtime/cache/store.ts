import type { View } from "../protocol/exchange.js";

/** A cached result. */
export interface CachedResult {
  /** The arguments of the result, as canonical text. */
  readonly input: string;
  readonly uri: string | undefined;
  readonly text: string;
  readonly expires: number;
  /** Complete results by view. Empty if results carry a remaining lifetime. */
  readonly sealed: Map<View, string>;
}

/** The results of one entry of the manifest, least recently used first. */
export interface Partition {
  readonly maxEntries: number;
  readonly results: Map<string, CachedResult>;
  /** The size in characters. */
  size: number;
}

/** Stores results by key, with a maximum number per partition and a maximum size in total. */
export interface ResultStore {
  partition(maxEntries: number): Partition;
  find(partition: Partition, key: string, now: number): CachedResult | undefined;
  put(partition: Partition, key: string, cached: CachedResult): void;
  /** Stores another form of a result, if that is still cached. */
  addForm(partition: Partition, key: string, view: View, sealed: string): void;
  drop(partition: Partition, key: string): void;
  /** Drops all results. */
  clear(): void;
  /** Returns the number of results, and their size in characters. */
  size(): { readonly entries: number; readonly size: number };
}

export function createStore(maxSize: number): ResultStore {
  const partitions: Partition[] = [];
  let total = 0;

  function drop(partition: Partition, key: string): void {
    const cached = partition.results.get(key);
    if (cached === undefined) return;
    partition.results.delete(key);
    resize(partition, -sizeOf(key, cached));
  }

  function resize(partition: Partition, by: number): void {
    partition.size += by;
    total += by;
  }

  /** Evicts from the largest partition until the total fits. */
  function shrink(): void {
    while (total > maxSize) {
      let largest: Partition | undefined;
      for (const partition of partitions)
        if (largest === undefined || partition.size > largest.size) largest = partition;
      dropOldest(largest!);
    }
  }

  function dropOldest(partition: Partition): void {
    for (const key of partition.results.keys()) return drop(partition, key);
  }

  return {
    partition(maxEntries) {
      const partition = { maxEntries, results: new Map(), size: 0 };
      partitions.push(partition);
      return partition;
    },
    find(partition, key, now) {
      const cached = partition.results.get(key);
      if (cached === undefined) return undefined;
      if (cached.expires <= now) return drop(partition, key) as undefined;
      partition.results.delete(key);
      partition.results.set(key, cached);
      return cached;
    },
    put(partition, key, cached) {
      drop(partition, key);
      if (partition.results.size >= partition.maxEntries) dropOldest(partition);
      partition.results.set(key, cached);
      resize(partition, sizeOf(key, cached));
      shrink();
    },
    addForm(partition, key, view, sealed) {
      const cached = partition.results.get(key);
      if (cached === undefined) return;
      cached.sealed.set(view, sealed);
      resize(partition, sealed.length);
      shrink();
    },
    drop,
    size: () => ({ entries: partitions.reduce((sum, { results }) => sum + results.size, 0), size: total }),
    clear() {
      for (const partition of partitions) for (const key of [...partition.results.keys()]) drop(partition, key);
    },
  };
}

function sizeOf(key: string, { input, text, sealed }: CachedResult): number {
  let size = key.length + input.length + text.length;
  for (const form of sealed.values()) size += form.length;
  return size;
}
