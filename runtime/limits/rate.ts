import { tooManyRequests, type UnavailableError } from "../protocol/errors.js";
import type { AdmissionRequest } from "../protocol/exchange.js";

export interface RateOptions {
  readonly perMinute: number;
  /** The number of requests that may arrive at once. */
  readonly burst: number;
  /** A monotonic clock in milliseconds. */
  readonly now?: () => number;
}

/** Methods that count: those that run handlers, and those that open something that lasts. Others cost little. */
const counted = new Set([
  ...["tools/call", "resources/read", "prompts/get", "completion/complete"],
  ...["initialize", "subscriptions/listen", "resources/subscribe", "open"],
]);

/** The maximum number of tracked callers. The one that was quiet for the longest time is dropped first. */
const maxCallers = 10_000;

interface Bucket {
  tokens: number;
  filled: number;
}

/** Limits the requests of each caller per minute with a token bucket. */
export function createRate({
  perMinute,
  burst,
  now = () => performance.now(),
}: RateOptions): (asked: AdmissionRequest) => UnavailableError | undefined {
  const buckets = new Map<string, Bucket>();
  const tokenMs = 60_000 / perMinute;
  return (asked) => {
    if (!counted.has(asked.method)) return undefined;
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
