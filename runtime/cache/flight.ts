import { Call, type Peer, type View } from "../protocol/exchange.js";
import { shareTrace } from "../protocol/trace.js";

/** The outcome of a run: a result, which is also sealed for the caller who began it; or one that is not kept. */
export type FlightOutcome =
  | { readonly kept: string; readonly view: View; readonly sealed: string }
  | { readonly output: unknown }
  | { readonly error: unknown };

/** The result for callers who joined: `alone` if it is only for the caller who began it. */
export type SharedOutcome = FlightOutcome | "alone";

/** A run of a handler that several calls may wait for. */
export interface Flight {
  readonly input: string;
  readonly uri: string | undefined;
  /** When the handler has had its time: later calls begin a run of their own. */
  readonly until: number;
  /** For those who joined. */
  readonly outcome: Promise<SharedOutcome>;
  /** One more call waits; when none does any more, the run is aborted. */
  join(call: Call): void;
  /** Whether its result is stale already. */
  stale: boolean;
}

/** The call that a shared run is for: it reports and asks on the way of the first one, but is not cancelled with it. */
export function sharedCall(first: Call): Call {
  const outlet = { notify: (message: string) => first.notify(message) };
  // What one session holds must not be in what others get.
  const peer: Peer = Object.create(first.peer, { session: { value: null } });
  const shared = new Call(peer, first.id, first.method, first.params, outlet, first.ask, first.auth);
  // The time limit is the caller's: it does not run while the client is asked.
  shareTrace(first, shared);
  shared.clock = { stop: () => first.clock?.stop(), go: () => first.clock?.go() };
  return shared;
}

/** Counts the calls that wait for a run: it is aborted with the last, and `left` is told. */
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
