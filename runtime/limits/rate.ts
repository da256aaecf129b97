import { isCounted, type Admit, type RateLimit } from "../protocol/admission.js";
import { tooManyRequests } from "../protocol/errors.js";

export interface RateOptions extends RateLimit {
  /** A monotonic clock in milliseconds. */
  readonly now?: () => number;
}

/** The maximum number of tracked callers. The one that was quiet for the longest time is dropped first. */
const maxCallers = 10_000;

interface Bucket {
  tokens: number;
  filled: number;
}

/** Limits the requests of each caller per minute with a token bucket. */
export function createRate({ perMinute, burst, now = () => performance.now() }: RateOptions): Admit {
  const buckets = new Map<string, Bucket>();
  const tokenMs = 60_000 / perMinute;
  return (asked) => {
    if (!isCounted(asked.method)) return undefined;
    const { caller } = asked;
    const time = now();
    const { tokens, filled } = buckets.get(caller) ?? { tokens: burst, filled: time };
    const available = Math.min(burst, tokens + Math.max(0, time - filled) / tokenMs);
    const refused = available < 1;
    buckets.delete(caller);
    buckets.set(caller, { tokens: refused ? available : available - 1, filled: time });
    if (buckets.size > maxCallers) buckets.delete(buckets.keys().next().value!);
    return refused ? tooManyRequests(perMinute, Math.ceil((1 - available) * tokenMs)) : undefined;
  };
}
