import { isDeepStrictEqual } from "node:util";
import type { Host } from "../host.js";
import type { Cache, Fingerprint, Task, Traced } from "../model/cache.js";
import { storedValue, storeValue, type StoredFile } from "./stored-file.js";
import { isTraceUpToDate } from "./trace.js";

/** A cache that later builds share. */
export interface StoredCache extends Cache {
  /** Begins a build: results that the last build did not use are dropped. */
  begin(): void;
  /** Writes the results for other processes. */
  save(): void;
}

export interface CacheOptions {
  readonly files: (name: string) => StoredFile;
  readonly compiler: Fingerprint;
  /** Computes each cached result a second time, and throws on a difference. */
  readonly verify?: boolean;
}

/** Cached values of one task, by their inputs. */
interface Table {
  /** Values of the last build, from this process or from the file. */
  last: ReadonlyMap<string, unknown>;
  used: Map<string, unknown>;
  hasNew: boolean;
}

/** Opens a cache: results in memory, backed by one file for each task. */
export function openCache({ files, compiler, verify = false }: CacheOptions): StoredCache {
  const tables = new Map<Task, Table>();
  const fileOf = (task: Task): StoredFile => files(`${task}.cache`);
  const tableOf = (task: Task): Table => {
    let table = tables.get(task);
    if (!table) {
      const last = (storedValue(fileOf(task), compiler) as Table["last"] | undefined) ?? new Map();
      tables.set(task, (table = { last, used: new Map(), hasNew: false }));
    }
    return table;
  };
  /** Returns a cached value in a list; undefined for a miss. */
  const find = ({ last, used }: Table, key: string): readonly [unknown] | undefined => {
    for (const values of [used, last]) if (values.has(key)) return [values.get(key)];
    return undefined;
  };
  const keep = <T>(table: Table, key: string, value: T, isNew: boolean): T => {
    table.used.set(key, value);
    if (isNew) table.hasNew = true;
    return value;
  };
  const confirm = (task: Task, key: string, cached: unknown, computed: unknown): void => {
    if (!isDeepStrictEqual(cached, computed)) throw new Error(`the cache holds another ${task} of ${key}`);
  };
  return {
    memo(task, inputs, compute) {
      const table = tableOf(task);
      const key = inputs.join("\0");
      const cached = find(table, key) as readonly [ReturnType<typeof compute>] | undefined;
      if (!cached) return keep(table, key, compute(), true);
      if (verify) confirm(task, key, cached[0], compute());
      return keep(table, key, cached[0], false);
    },
    async traced<T>(task: Task, inputs: readonly Fingerprint[], host: Host, compute: () => Promise<Traced<T>>) {
      const table = tableOf(task);
      const key = inputs.join("\0");
      const cached = find(table, key)?.[0] as Traced<T> | undefined;
      if (!cached || !isTraceUpToDate(cached.trace, host)) {
        const computed = await compute();
        if (computed.isCacheable !== false) keep(table, key, computed, true);
        return computed.value;
      }
      if (verify) confirm(task, key, cached.value, (await compute()).value);
      return keep(table, key, cached, false).value;
    },
    begin() {
      for (const table of tables.values()) {
        // A table without uses in the last build stays as it is.
        if (table.used.size > 0) table.last = table.used;
        table.used = new Map();
      }
    },
    save() {
      for (const [task, table] of tables) {
        if (!table.hasNew) continue;
        table.hasNew = false;
        storeValue(fileOf(task), table.used.size > 0 ? table.used : table.last, compiler);
      }
    },
  };
}
