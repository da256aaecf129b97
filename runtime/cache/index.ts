import type {} from "../protocol/parts.js";
import { identityOf } from "../protocol/auth.js";
import type { McpError } from "../protocol/errors.js";
import type { Answer, Call, Payload, ResultCache, CachedEntry, Subject } from "../protocol/exchange.js";
import { isThenable } from "../protocol/results.js";

import type { CacheStatistics } from "../protocol/metrics.js";
import { canonical } from "../protocol/canonical.js";
import { runOnce } from "./run-once.js";
import { createWaitingCalls, sharedCall, type Flight, type FlightOutcome } from "./flight.js";
import { createStore, type CachedResult, type Partition } from "./store.js";

export interface CacheOptions {
  /** The maximum size of all results in characters. */
  readonly maxSize: number;
  /** A monotonic clock in milliseconds. */
  readonly now?: () => number;
}

/** Returns the cache hints of a result, if results of this kind have any. */
function hints({ peer: { view } }: Call, { hinted, reuse }: CachedEntry, ttlMs: number): string {
  return hinted ? view.frame.hints(ttlMs, reuse.scope) : "";
}

/** The cached results and the current runs of an entry. */
interface EntryState {
  readonly partition: Partition;
  readonly flights: Map<string, Flight>;
}

/** Creates a cache that keeps results in memory, as text. */
export function createCache({ maxSize, now = () => performance.now() }: CacheOptions): ResultCache {
  const store = createStore(maxSize);
  const states = new Map<CachedEntry, EntryState>();
  let [hits, misses, joined] = [0, 0, 0];

  function stateOf(entry: CachedEntry): EntryState {
    let place = states.get(entry);
    if (place === undefined) {
      place = { partition: store.partition(entry.reuse.maxEntries ?? Infinity), flights: new Map() };
      states.set(entry, place);
    }
    return place;
  }

  /** Returns the cache key; `undefined` for arguments that are nested too deeply to be serialised. */
  function keyOf(call: Call, { reuse }: CachedEntry, { input, uri }: Subject): string | undefined {
    try {
      const subject = canonical(uri ?? input);
      return reuse.scope === "public" ? subject : `${subject}\n${canonical(identityOf(call.auth))}`;
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }

  function answer(call: Call, entry: CachedEntry, subject: Subject): Answer | undefined {
    // Further rounds of a call that asks its client are never cached.
    if (call.rounds !== undefined) return undefined;
    const key = keyOf(call, entry, subject);
    if (key === undefined) return undefined;
    const { partition, flights } = stateOf(entry);
    const cached = store.find(partition, key, now());
    const flight = cached === undefined ? flights.get(key) : undefined;
    if (!globalThis.mcpcWithoutMetrics) {
      if (cached !== undefined) hits += 1;
      else if (flight !== undefined && now() < flight.until) joined += 1;
      else misses += 1;
    }
    if (cached !== undefined) return hit(call, entry, partition, key, cached);
    return flight !== undefined && now() < flight.until
      ? joinRun(call, entry, subject, flight)
      : startRun(call, entry, subject, key);
  }

  function hit(
    call: Call,
    entry: CachedEntry,
    partition: Partition,
    key: string,
    { text, expires, sealed }: CachedResult,
  ): Payload {
    const { view } = call.peer;
    const cacheHints = hints(call, entry, Math.floor(expires - now()));
    if (cacheHints !== "") return entry.seal(view, text, cacheHints);
    let result = sealed.get(view);
    if (result === undefined) store.addForm(partition, key, view, (result = entry.seal(view, text, "")));
    return result;
  }

  function startRun(call: Call, entry: CachedEntry, subject: Subject, key: string): Answer {
    const { partition, flights } = stateOf(entry);
    const shared = sharedCall(call);
    const waiting = createWaitingCalls(shared, close);
    let flight: Flight | undefined;
    let releaseJoined: (() => void) | undefined;
    shared.detach = () => {
      shared.detach = undefined;
      close();
      waiting.keepOnly(call);
      releaseJoined?.();
    };

    /** Ends the joining of further calls. */
    function close(): void {
      if (flight !== undefined && flights.get(key) === flight) flights.delete(key);
    }

    function keep(output: unknown): FlightOutcome {
      const text = shared.detach === undefined ? undefined : entry.keep(output, subject);
      return text === undefined ? { output } : put(text, entry.reuse.ttlMs);
    }

    function put(text: string, ttlMs: number): FlightOutcome {
      const { view } = call.peer;
      // Sealing throws for an invalid result, which must not be cached.
      const sealed = entry.seal(view, text, hints(call, entry, ttlMs));
      if (flight?.stale !== true) {
        const input = canonical(subject.input);
        store.put(partition, key, { input, uri: subject.uri, text, expires: now() + ttlMs, sealed: new Map() });
      }
      return { cached: text, view, sealed, ttlMs };
    }

    const results = globalThis.mcpcWithoutStore ? undefined : call.peer.view.server.store?.results;
    let outcome: Promise<FlightOutcome>;
    if (results === undefined) {
      let output: unknown;
      try {
        output = entry.start(shared, subject);
        if (!isThenable(output)) return resultOf(shared, entry, subject, keep(output));
      } catch (error) {
        return entry.fail(shared, error, subject);
      }
      outcome = Promise.resolve(output).then(keep);
    } else outcome = runOnce(results, shared, entry, subject, { keep, put });
    outcome = outcome.catch((error: unknown): FlightOutcome => ({ error }));
    flight = {
      input: canonical(subject.input),
      uri: subject.uri,
      until: now() + (entry.timeoutMs ?? Infinity),
      outcome: new Promise((resolve) => {
        releaseJoined = () => resolve("alone");
        void outcome.then(resolve);
      }),
      join: waiting.join,
      stale: false,
    };
    // The handler may have asked a question before its first await.
    if (shared.detach !== undefined) flights.set(key, flight);
    waiting.join(call);
    const answer = entry.wait(
      call,
      outcome.then((reached) => {
        close();
        return resultOf(shared, entry, subject, reached);
      }),
    );
    if (shared.asking) call.clock?.stop();
    return answer;
  }

  function joinRun(call: Call, entry: CachedEntry, subject: Subject, flight: Flight): Answer {
    flight.join(call);
    const reached = flight.outcome.then(async (outcome) => {
      if (outcome !== "alone") return resultOf(call, entry, subject, outcome);
      // The first caller is asked a question: this call starts over, or joins the next run.
      return call.aborted ? entry.fail(call, call.signal.reason, subject) : answer(call, entry, subject)!;
    });
    return entry.wait(call, reached);
  }

  function resultOf(call: Call, entry: CachedEntry, subject: Subject, outcome: FlightOutcome): Payload | McpError {
    if ("error" in outcome) return entry.fail(call, outcome.error, subject);
    if ("output" in outcome) return entry.finish(call, outcome.output, subject);
    if (outcome.view === call.peer.view) return outcome.sealed;
    return entry.seal(call.peer.view, outcome.cached, hints(call, entry, outcome.ttlMs));
  }

  const statistics = (): CacheStatistics => ({ hits, misses, joined, ...store.size() });
  return {
    ...(!globalThis.mcpcWithoutMetrics && { statistics }),
    answer,
    clear() {
      store.clear();
      for (const { flights } of states.values()) {
        for (const flight of flights.values()) flight.stale = true;
        flights.clear();
      }
    },
    invalidate({ kind, name }, { input, uri }) {
      const wanted = input === undefined ? undefined : canonical(input);
      const matches = (one: Pick<CachedResult, "input" | "uri">): boolean =>
        (wanted === undefined || one.input === wanted) && (uri === undefined || one.uri === uri);
      for (const [entry, { partition, flights }] of states) {
        if (entry.kind !== kind || entry.name !== name) continue;
        for (const [key, cached] of partition.results) if (matches(cached)) store.drop(partition, key);
        for (const [key, flight] of flights) {
          if (!matches(flight)) continue;
          flight.stale = true;
          flights.delete(key);
        }
      }
    },
  };
}
