import { identityOf } from "../protocol/auth.js";
import { canonical } from "../protocol/canonical.js";
import type { CachedEntry, Call, Subject } from "../protocol/exchange.js";
import type { SharedResults } from "../protocol/store.js";
import type { FlightOutcome } from "./flight.js";

interface Keeping {
  /** Caches the output of a run. */
  readonly keep: (output: unknown) => FlightOutcome;
  /** Caches the text of a result for the time that is left. */
  readonly put: (text: string, ttlMs: number) => FlightOutcome;
}

/** Takes the result of another replica, or runs the handler on behalf of all of them. */
export async function runOnce(
  results: SharedResults,
  shared: Call,
  entry: CachedEntry,
  subject: Subject,
  { keep, put }: Keeping,
): Promise<FlightOutcome> {
  const { kind, name, reuse } = entry;
  const { ttlMs, maxEntries, scope } = reuse;
  const found = await results.find({
    ...{ kind, name, ttlMs, maxEntries },
    input: canonical(subject.input),
    uri: subject.uri,
    caller: scope === "public" ? undefined : (identityOf(shared.auth) ?? ""),
  });
  if (found?.text !== undefined) {
    try {
      const text = entry.restore(found.text, subject);
      if (text !== undefined) return put(text, found.ttlMs);
    } catch {
      // Another program has written it, or it is no valid result here.
    }
  }
  const end = found?.text === undefined ? found?.end : undefined;
  let text: string | undefined;
  try {
    const outcome = keep(await entry.start(shared, subject));
    if ("cached" in outcome) text = outcome.cached;
    return outcome;
  } finally {
    end?.(text);
  }
}
