import { identityOf } from "../protocol/auth.js";
import type { McpError } from "../protocol/errors.js";
import type { Answer, Call, Payload, ResultCache, Reusable, Subject } from "../protocol/exchange.js";
import { isThenable } from "../protocol/results.js";

import { canonical } from "../protocol/canonical.js";
import { crew, sharedCall, type Flight, type Outcome } from "./flight.js";
import { createStore, type Kept, type Shelf } from "./store.js";

export interface CacheOptions {
  /** The size of all results together, in characters. */
  readonly maxSize: number;
  /** A clock that is never set back, in milliseconds. */
  readonly now?: () => number;
}

/** How long a result lasts, where such results say so. */
function hints({ peer: { view } }: Call, { hinted, reuse }: Reusable, ttlMs: number): string {
  return hinted ? view.frame.hints(ttlMs, reuse.scope) : "";
}

/** The results kept of one entry, and the runs under way. */
interface Place {
  readonly shelf: Shelf;
  readonly flights: Map<string, Flight>;
}

/** Keeps results in memory, as text: finding one costs a look-up, and joining it to what its revision adds. */
export function createCache({ maxSize, now = () => performance.now() }: CacheOptions): ResultCache {
  const store = createStore(maxSize);
  const places = new Map<Reusable, Place>();

  function placeOf(entry: Reusable): Place {
    let place = places.get(entry);
    if (place === undefined) {
      place = { shelf: store.shelf(entry.reuse.maxEntries ?? Infinity), flights: new Map() };
      places.set(entry, place);
    }
    return place;
  }

  /** `undefined` for arguments that are nested too deeply to be written down. */
  function keyOf(call: Call, { reuse }: Reusable, { input, uri }: Subject): string | undefined {
    try {
      const subject = canonical(uri ?? input);
      return reuse.scope === "public" ? subject : `${subject}\n${canonical(identityOf(call.auth))}`;
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }

  function answer(call: Call, entry: Reusable, subject: Subject): Answer | undefined {
    // Further rounds of a call that asks are its own affair.
    if (call.rounds !== undefined) return undefined;
    const key = keyOf(call, entry, subject);
    if (key === undefined) return undefined;
    const { shelf, flights } = placeOf(entry);
    const kept = store.find(shelf, key, now());
    if (kept !== undefined) return found(call, entry, shelf, key, kept);
    const flight = flights.get(key);
    return flight !== undefined && now() < flight.until
      ? join(call, entry, subject, flight)
      : begin(call, entry, subject, key);
  }

  function found(call: Call, entry: Reusable, shelf: Shelf, key: string, { text, expires, sealed }: Kept): Payload {
    const { view } = call.peer;
    const lasting = hints(call, entry, Math.floor(expires - now()));
    if (lasting !== "") return entry.seal(view, text, lasting);
    let result = sealed.get(view);
    if (result === undefined) store.grow(shelf, key, view, (result = entry.seal(view, text, "")));
    return result;
  }

  function begin(call: Call, entry: Reusable, subject: Subject, key: string): Answer {
    const { shelf, flights } = placeOf(entry);
    const shared = sharedCall(call);
    const waiting = crew(shared, close);
    let flight: Flight | undefined;
    let alone: (() => void) | undefined;
    shared.detach = () => {
      shared.detach = undefined;
      close();
      waiting.keepOnly(call);
      alone?.();
    };

    /** Nobody joins any more. */
    function close(): void {
      if (flight !== undefined && flights.get(key) === flight) flights.delete(key);
    }

    function landed(output: unknown): Outcome {
      const text = shared.detach === undefined ? undefined : entry.keep(output, subject);
      if (text === undefined) return { output };
      const { view } = call.peer;
      // What is no result is not kept either.
      const sealed = entry.seal(view, text, hints(call, entry, entry.reuse.ttlMs));
      if (flight?.stale !== true) {
        const input = canonical(subject.input);
        store.put(shelf, key, { input, uri: subject.uri, text, expires: now() + entry.reuse.ttlMs, sealed: new Map() });
      }
      return { kept: text, view, sealed };
    }

    let output: unknown;
    try {
      output = entry.start(shared, subject);
      if (!isThenable(output)) return told(shared, entry, subject, landed(output));
    } catch (error) {
      return entry.fail(shared, error, subject);
    }
    const outcome = Promise.resolve(output)
      .then(landed)
      .catch((error: unknown): Outcome => ({ error }));
    flight = {
      input: canonical(subject.input),
      uri: subject.uri,
      until: now() + (entry.timeoutMs ?? Infinity),
      outcome: new Promise((resolve) => {
        alone = () => resolve("alone");
        void outcome.then(resolve);
      }),
      join: waiting.join,
      stale: false,
    };
    // A question may have been asked before the handler first waited.
    if (shared.detach !== undefined) flights.set(key, flight);
    waiting.join(call);
    const answer = entry.wait(
      call,
      outcome.then((reached) => {
        close();
        return told(shared, entry, subject, reached);
      }),
    );
    if (shared.asking) call.clock?.stop();
    return answer;
  }

  function join(call: Call, entry: Reusable, subject: Subject, flight: Flight): Answer {
    flight.join(call);
    const reached = flight.outcome.then(async (outcome) => {
      if (outcome !== "alone") return told(call, entry, subject, outcome);
      // The first caller is asked something: this one begins anew, or joins the next.
      return call.aborted ? entry.fail(call, call.signal.reason, subject) : answer(call, entry, subject)!;
    });
    return entry.wait(call, reached);
  }

  function told(call: Call, entry: Reusable, subject: Subject, outcome: Outcome): Payload | McpError {
    if ("error" in outcome) return entry.fail(call, outcome.error, subject);
    if ("output" in outcome) return entry.finish(call, outcome.output, subject);
    if (outcome.view === call.peer.view) return outcome.sealed;
    return entry.seal(call.peer.view, outcome.kept, hints(call, entry, entry.reuse.ttlMs));
  }

  return {
    answer,
    invalidate({ kind, name }, { input, uri }) {
      const wanted = input === undefined ? undefined : canonical(input);
      const matches = (one: Pick<Kept, "input" | "uri">): boolean =>
        (wanted === undefined || one.input === wanted) && (uri === undefined || one.uri === uri);
      for (const [entry, { shelf, flights }] of places) {
        if (entry.kind !== kind || entry.name !== name) continue;
        for (const [key, kept] of shelf.results) if (matches(kept)) store.drop(shelf, key);
        for (const [key, flight] of flights) {
          if (!matches(flight)) continue;
          flight.stale = true;
          flights.delete(key);
        }
      }
    },
  };
}
