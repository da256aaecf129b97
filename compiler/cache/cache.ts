import { isDeepStrictEqual } from "node:util";
import { fingerprint } from "../fingerprint.js";
import type { Host } from "../host.js";
import type { Cache, Fingerprint, Task, Trace, Traced } from "../model/cache.js";
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
  /** Returns the values of the last build, from this process or from the file, which is read on first access. */
  last: () => ReadonlyMap<string, unknown>;
  used: Map<string, unknown>;
  hasNew: boolean;
}

/** Opens a cache: results in memory, backed by one file for each task. */
export function openCache({ files, compiler, verify = false }: CacheOptions): StoredCache {
  const tables = new Map<string, Table>();
  const fileOf = (name: string): StoredFile => files(`${name}.cache`);
  const tableOf = (name: string): Table => {
    let table = tables.get(name);
    if (!table) {
      let last: ReadonlyMap<string, unknown> | undefined;
      const read = () => (storedValue(fileOf(name), compiler) ?? new Map()) as ReadonlyMap<string, unknown>;
      table = { last: () => (last ??= read()), used: new Map(), hasNew: false };
      tables.set(name, table);
    }
    return table;
  };
  /** Returns a cached value in a list; undefined for a miss. */
  const find = ({ last, used }: Table, key: string): readonly [unknown] | undefined => {
    if (used.has(key)) return [used.get(key)];
    return last().has(key) ? [last().get(key)] : undefined;
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
      // A table of its own for traces: a value is large, and is read only if its trace is up to date.
      const traces = tableOf(`${task}-trace`);
      const values = tableOf(task);
      const key = inputs.join("\0");
      const valueKey = (trace: Trace): string => `${key}\0${fingerprint(JSON.stringify(trace))}`;
      const trace = find(traces, key)?.[0] as Trace | undefined;
      const isUpToDate = trace !== undefined && isTraceUpToDate(trace, host);
      const cached = isUpToDate ? (find(values, valueKey(trace)) as readonly [T] | undefined) : undefined;
      if (!cached) {
        const computed = await compute();
        if (computed.isCacheable === false) return computed.value;
        keep(traces, key, computed.trace, true);
        return keep(values, valueKey(computed.trace), computed.value, true);
      }
      if (verify) confirm(task, key, cached[0], (await compute()).value);
      keep(traces, key, trace, false);
      return keep(values, valueKey(trace!), cached[0], false);
    },
    begin() {
      for (const table of tables.values()) {
        // A table without uses in the last build stays as it is.
        const { used } = table;
        if (used.size > 0) table.last = () => used;
        table.used = new Map();
      }
    },
    save() {
      for (const [name, table] of tables) {
        if (!table.hasNew) continue;
        table.hasNew = false;
        storeValue(fileOf(name), table.used.size > 0 ? table.used : table.last(), compiler);
      }
    },
  };
}
