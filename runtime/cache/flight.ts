import type {} from "../protocol/parts.js";
import { Call, type Peer, type View } from "../protocol/exchange.js";
import { shareObservation } from "../protocol/observer.js";
import { shareTrace } from "../protocol/trace.js";

/** The outcome of a run: a result with its form for the first caller, a result that must not be cached, or an error. */
export type FlightOutcome =
  | { readonly cached: string; readonly view: View; readonly sealed: string; readonly ttlMs: number }
  | { readonly output: unknown }
  | { readonly error: unknown };

/** The outcome for callers who joined. `alone`: the result is for the first caller only, and the others start over. */
export type SharedOutcome = FlightOutcome | "alone";

/** A run of a handler that several calls may share. */
export interface Flight {
  readonly input: string;
  readonly uri: string | undefined;
  /** The end of the handler's time limit. Later calls start a run of their own. */
  readonly until: number;
  /** The outcome for the calls that joined. */
  readonly outcome: Promise<SharedOutcome>;
  /** Adds a waiting call. The run is aborted when the last waiting call is aborted. */
  join(call: Call): void;
  /** Whether the result became stale during the run. */
  stale: boolean;
}

/**
 * Creates the call that a shared run belongs to. It reports and asks through the first call, but is not cancelled with
 * it.
 */
export function sharedCall(first: Call): Call {
  const outlet = { notify: (message: string) => first.notify(message) };
  // A shared result must not depend on one client's session.
  const peer: Peer = Object.create(first.peer, { session: { value: null } });
  const shared = new Call(peer, first.id, first.method, first.params, outlet, first.ask, first.auth);
  // The time limit belongs to the first call; it pauses while the client is asked.
  shareTrace(first, shared);
  if (!globalThis.mcpcWithoutStore)
    Object.defineProperty(shared, "publishing", {
      get: () => first.publishing,
      set: (publishing: Promise<unknown>) => (first.publishing = publishing),
    });
  if (!globalThis.mcpcWithoutObservers) shareObservation(first, shared);
  shared.clock = { stop: () => first.clock?.stop(), go: () => first.clock?.go() };
  return shared;
}

/** Counts the calls that wait for a run. When the last one is aborted, it calls `onEmpty` and aborts the run. */
export function createWaitingCalls(
  shared: Call,
  onEmpty: () => void,
): { readonly join: (call: Call) => void; keepOnly(call: Call): void } {
  const calls = new Set<Call>();
  return {
    join(call) {
      calls.add(call);
      const leave = (): void => {
        if (!calls.delete(call) || calls.size > 0) return;
        onEmpty();
        shared.abort(call.signal.reason);
      };
      if (call.aborted) leave();
      else call.signal.addEventListener("abort", leave, { once: true });
    },
    keepOnly(call) {
      for (const other of calls) if (other !== call) calls.delete(other);
    },
  };
}
