import { tooManyRequests, type UnavailableError } from "../protocol/errors.js";
import type { AdmissionRequest } from "../protocol/exchange.js";

export interface RateOptions {
  readonly perMinute: number;
  /** Requests that may come at once. */
  readonly burst: number;
  /** A clock that is never set back, in milliseconds. */
  readonly now?: () => number;
}

/** Requests that run handlers, and those that open something to be kept; the others cost next to nothing. */
const counted = new Set([
  ...["tools/call", "resources/read", "prompts/get", "completion/complete"],
  ...["initialize", "subscriptions/listen", "resources/subscribe", "open"],
]);

/** Callers that are remembered; of more, those who have been quiet for the longest time are forgotten. */
const maxCallers = 10_000;

interface Bucket {
  tokens: number;
  filled: number;
}

/** Refuses a caller's requests beyond so many a minute: a bucket of tokens for each, filled at a steady rate. */
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
