import { isCounted, type Admit, type AdmissionRequest, type RateLimit } from "../../protocol/admission.js";
import { tooManyRequests, type UnavailableError } from "../../protocol/errors.js";
import { createScript } from "./connection.js";
import type { StoreContext } from "./context.js";
import { createDigests } from "./digests.js";

/**
 * Takes a token from a bucket, by the clock of Redis. Returns the tokens before. With `ARGV[3]` it takes one that is
 * not there as well, for what has been admitted already.
 */
const take = createScript(`
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local burst, tokenMs = tonumber(ARGV[1]), tonumber(ARGV[2])
local bucket = redis.call("HMGET", KEYS[1], "tokens", "filled")
local tokens, filled = tonumber(bucket[1] or ""), tonumber(bucket[2] or "")
if not tokens or tokens ~= tokens or not filled or not (filled <= now) then tokens, filled = burst, now end
local available = math.min(burst, math.max(-burst, tokens) + (now - filled) / tokenMs)
if available >= 1 or ARGV[3] == "1" then
  local rest = math.max(available - 1, -burst)
  redis.call("HSET", KEYS[1], "tokens", string.format("%.6f", rest), "filled", string.format("%.0f", now))
  redis.call("PEXPIRE", KEYS[1], math.ceil((burst - rest) * tokenMs) + 1000)
end
return string.format("%.6f", available)`);

/** The maximum number of callers whose bucket is remembered. */
const maxCallers = 10_000;

/** The last known state of a bucket. */
interface Bucket {
  readonly tokens: number;
  readonly at: number;
}

/**
 * Counts the requests of each caller for all replicas, with a token bucket in Redis. While Redis is away, `local`
 * counts. What cannot wait, such as the opening of a stream, is decided by the last known state of the bucket, and
 * counted afterwards.
 */
export function shareRate({ connection, key }: StoreContext, { perMinute, burst }: RateLimit, local: Admit): Admit {
  const tokenMs = 60_000 / perMinute;
  const digestOf = createDigests(maxCallers);
  const buckets = new Map<string, Bucket>();

  function remember(caller: string, tokens: number): void {
    buckets.delete(caller);
    buckets.set(caller, { tokens, at: performance.now() });
    if (buckets.size > maxCallers) buckets.delete(buckets.keys().next().value!);
  }

  function refusalAt(available: number): UnavailableError | undefined {
    return available < 1 ? tooManyRequests(perMinute, Math.ceil((1 - available) * tokenMs)) : undefined;
  }

  async function count(caller: string, isAdmitted: boolean): Promise<number> {
    const bucket = key("rate", await digestOf(caller));
    const reply = await connection.run(take, [bucket], [String(burst), String(tokenMs), isAdmitted ? "1" : "0"]);
    const available = Number(reply);
    if (!Number.isFinite(available)) throw new TypeError("the store has an unreadable bucket");
    remember(caller, available < 1 && !isAdmitted ? available : available - 1);
    return available;
  }

  async function shared(asked: AdmissionRequest): Promise<UnavailableError | undefined> {
    try {
      return refusalAt(await count(asked.caller, false));
    } catch {
      return local(asked);
    }
  }

  const admit = (asked: AdmissionRequest): UnavailableError | undefined => {
    if (!isCounted(asked.method)) return undefined;
    if (!connection.available) return local(asked);
    const known = buckets.get(asked.caller);
    const tokens =
      known === undefined ? burst : Math.min(burst, known.tokens + (performance.now() - known.at) / tokenMs);
    const refusal = refusalAt(tokens);
    if (refusal !== undefined) return refusal;
    remember(asked.caller, tokens - 1);
    // Without an answer it is not counted, as if Redis were away.
    count(asked.caller, true).catch(() => {});
    return undefined;
  };
  return Object.assign(admit, {
    shared: (asked: AdmissionRequest) =>
      !isCounted(asked.method) ? undefined : connection.available ? shared(asked) : local(asked),
  });
}
