import { canonical } from "../../protocol/canonical.js";
import type { CachedSource, FoundResult, ResultKey, SharedResults, StaleResults } from "../../protocol/store.js";
import { createScript, unref } from "./connection.js";
import type { StoreContext } from "./context.js";
import { createDigests } from "./digests.js";

/**
 * Results of handlers in Redis. A result carries the generations of its entry, arguments and URI at the begin of its
 * run, and counts as absent once one of them has changed. So invalidating takes one write, whatever there is.
 */

/** The number of invalidated arguments and URIs of an entry, above which all its results become stale. */
const maxGenerations = 1000;
/** The longest run whose result is kept. */
const maxRunMs = 60 * 60_000;

const readGenerations = `
local read = redis.call("HMGET", KEYS[3], "entry", ARGV[2], ARGV[3])
local generations = (read[1] or "-") .. " " .. (read[2] or "-") .. " " .. (read[3] or "-")`;

/** Looks a result up, or takes the lock of its run. Returns the generations with both. */
const begin = createScript(`
${readGenerations}
local kept = redis.call("HMGET", KEYS[1], "generations", "text")
if kept[2] and kept[1] == generations then return {"kept", kept[2], redis.call("PTTL", KEYS[1])} end
if redis.call("SET", KEYS[2], ARGV[1], "NX", "PX", ARGV[4]) then return {"run", generations} end
return {"wait"}`);

/** Releases the lock of a run, keeps its result unless it is stale, and drops the oldest results beyond the limits. */
const finish = createScript(`
if redis.call("GET", KEYS[2]) == ARGV[1] then redis.call("DEL", KEYS[2]) end
redis.call("PUBLISH", KEYS[2], "")
${readGenerations}
if ARGV[5] == "" or generations ~= ARGV[4] then return 0 end
local index, sizes = KEYS[4], KEYS[5]
local time = redis.call("TIME")
local ms, lifetime = time[1] * 1000 + math.floor(time[2] / 1000), tonumber(ARGV[6])
local function drop(key)
  redis.call("DEL", key)
  redis.call("ZREM", index, key)
  local size = tonumber(redis.call("HGET", sizes, key) or "")
  if size then redis.call("HINCRBY", sizes, "total", -size) end
  redis.call("HDEL", sizes, key)
end
for _, key in ipairs(redis.call("ZRANGEBYSCORE", index, "-inf", ms, "LIMIT", 0, 100)) do drop(key) end
drop(KEYS[1])
redis.call("HSET", KEYS[1], "generations", generations, "text", ARGV[5])
redis.call("PEXPIRE", KEYS[1], lifetime)
redis.call("ZADD", index, ms + lifetime, KEYS[1])
redis.call("HSET", sizes, KEYS[1], #ARGV[5])
local total = redis.call("HINCRBY", sizes, "total", #ARGV[5])
for _ = 1, 1000 do
  local oldest = redis.call("ZRANGE", index, 0, 0)[1]
  if not oldest or (redis.call("ZCARD", index) <= tonumber(ARGV[7]) and total <= tonumber(ARGV[8])) then break end
  drop(oldest)
  total = tonumber(redis.call("HGET", sizes, "total"))
end
for _, key in ipairs({index, sizes}) do
  if redis.call("PTTL", key) < lifetime then redis.call("PEXPIRE", key, lifetime) end
end
return 1`);

/** Starts a generation. It outlives the results of the former one, and the runs that have begun in it. */
const forget = createScript(`
local kind = redis.call("TYPE", KEYS[1]).ok
if kind ~= "hash" and kind ~= "none" then redis.call("DEL", KEYS[1]) end
if ARGV[1] ~= "entry" and redis.call("HLEN", KEYS[1]) > ${maxGenerations} then
  redis.call("DEL", KEYS[1])
  redis.call("HSET", KEYS[1], "entry", ARGV[2])
end
redis.call("HSET", KEYS[1], ARGV[1], ARGV[2])
local lifetime = ${maxRunMs} + math.max(redis.call("PTTL", KEYS[2]), 0)
if redis.call("PTTL", KEYS[1]) < lifetime then redis.call("PEXPIRE", KEYS[1], lifetime) end
return 1`);

/** The maximum length of a shared result, and of the results of an entry together. */
const maxTextLength = 256 * 1024;
const maxEntryLength = 64 * 1024 * 1024;
const defaultMaxResults = 1000;
/** Lifetime of the lock of a run. A replica that waits longer runs the handler itself. */
const lockMs = 10_000;
/** Interval at which a waiting replica looks without being woken. */
const pollMs = 500;
/** The maximum number of arguments whose digests are remembered. */
const maxDigests = 10_000;

/** The keys of a result, its lock, and the generations, index and sizes of its entry. */
type Keys = readonly [string, string, string, string, string];

/** Shared results, and how they become stale. */
export interface RedisResults extends SharedResults {
  /** Starts new generations. Rejects while the store is away. */
  forget(stale: readonly StaleResults[]): Promise<void>;
}

/**
 * Creates the results of one version of the server: others may have other schemas. The entries are those of all versions,
 * so that each version makes the results of all stale.
 */
export function createSharedResults({ connection, replica, key }: StoreContext, version: () => string): RedisResults {
  const digestOf = createDigests(maxDigests);
  let count = 0;

  /** Returns the keys of an entry, which a cluster keeps together. */
  async function keysOf({ kind, name }: CachedSource): Promise<(...parts: string[]) => string> {
    const tag = await digestOf(JSON.stringify([kind, name]));
    return (...parts) => key("cache", `{${tag}}`, ...parts);
  }

  /** Returns the fields of generations that stand for some arguments, and for a URI. */
  const inputField = (input: string): Promise<string> => digestOf(`input ${input}`);
  const uriField = (uri = ""): Promise<string> => digestOf(`uri ${uri}`);

  async function find(wanted: ResultKey): Promise<FoundResult | undefined> {
    const of = await keysOf(wanted);
    const digest = await digestOf(JSON.stringify([version(), wanted.uri ?? wanted.input, wanted.caller ?? null]));
    const fields = await Promise.all([inputField(wanted.input), uriField(wanted.uri)]);
    const lock = of("lock", digest);
    const keys: Keys = [of("result", digest), lock, of("generations"), of("index"), of("sizes")];
    count += 1;
    const owner = `${replica} ${count}`;
    const until = performance.now() + lockMs;
    let wake = (): void => {};
    let stop: (() => void) | undefined;
    try {
      for (;;) {
        const woken = new Promise<void>((resolve) => (wake = resolve));
        const reply = await connection.run(begin, keys, [owner, ...fields, String(lockMs)]);
        const [outcome, text, ttlMs] = Array.isArray(reply) ? (reply as unknown[]) : [];
        if (outcome === "kept" && typeof text === "string") return { text, ttlMs: lifetimeOf(ttlMs, wanted) };
        if (outcome === "run" && typeof text === "string") return leaseOf(wanted, keys, [owner, ...fields, text]);
        if (performance.now() >= until) return undefined;
        stop ??= connection.subscribe(lock, () => wake());
        const timer = setTimeout(() => wake(), pollMs);
        unref(timer);
        await woken;
        clearTimeout(timer);
      }
    } finally {
      stop?.();
    }
  }

  /** Returns the duty to end a run. */
  function leaseOf(
    { ttlMs, maxEntries = defaultMaxResults }: ResultKey,
    keys: Keys,
    begun: readonly string[],
  ): FoundResult {
    return {
      end(text) {
        const kept = text === undefined || text.length > maxTextLength ? "" : text;
        const limits = [String(ttlMs), String(maxEntries), String(maxEntryLength)];
        // Without it the lock expires, and the result is not shared.
        connection.run(finish, keys, [...begun, kept, ...limits]).catch(() => {});
      },
    };
  }

  return {
    async forget(stale) {
      for (const one of stale) {
        const of = await keysOf(one);
        const { input, uri } = one;
        const field =
          input !== undefined ? await inputField(canonical(input)) : uri !== undefined ? await uriField(uri) : "entry";
        count += 1;
        await connection.run(forget, [of("generations"), of("index")], [field, `${replica}-${count}`]);
      }
    },
    find: (wanted) => (connection.available ? find(wanted).catch(() => undefined) : Promise.resolve(undefined)),
  };
}

/** Returns the remaining lifetime of a result, which is not above that of a new one. */
function lifetimeOf(remaining: unknown, { ttlMs }: ResultKey): number {
  const milliseconds = Number(remaining);
  return milliseconds >= 0 ? Math.min(milliseconds, ttlMs) : 0;
}
