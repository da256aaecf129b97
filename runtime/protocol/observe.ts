import type {} from "./parts.js";
import type { McpError } from "./errors.js";
import { Call, type Answer, type Outlet, type Payload, type Peer, type Server, type Source } from "./exchange.js";
import type { Auth } from "./handlers.js";
import { legacyPeer } from "./initialize.js";
import { isObject, type RequestMessage } from "./json-rpc.js";
import { Observation, observations, type Observer, type Outcome } from "./observer.js";
import { outcomeOf } from "./outcome.js";
import { latestLegacy } from "./revisions/legacy.js";

/** Answers a request for all observers. `answer` never throws or rejects. */
export function observed(observers: readonly Observer<Call>[], call: Call, answer: (call: Call) => Answer): Answer {
  const observation = begin(observers, call);
  const run = observers.find((observer) => observer.run !== undefined)?.run;
  const answered = run === undefined ? answer(call) : run(call, () => answer(call));
  if (answered instanceof Promise) void answered.then((settled) => end(call, observation, settled));
  else end(call, observation, answered);
  return answered;
}

function begin(observers: readonly Observer<Call>[], call: Call): Observation {
  const { logger } = call.peer.view.server;
  // A failure of an observer must not become the call's.
  const attempt = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      logger("error", "a request could not be recorded", { error: String(error) });
      return undefined;
    }
  };
  const ends: ((outcome: Outcome) => void)[] = [];
  for (const { onCall } of observers) {
    const end = onCall && attempt(() => onCall(call));
    if (end !== undefined) ends.push((outcome) => attempt(() => end(outcome)));
  }
  const observation = new Observation(ends);
  observations.set(call, observation);
  return observation;
}

function end(call: Call, observation: Observation, settled: Payload | McpError): void {
  if (!observation.hasEnded) observation.end({ ...outcomeOf(call, observation.failure, settled), settled });
}

/** Records refused credentials, of a request that has not been read. */
export function observeUnauthorized(server: Server, request: Source, reason: string): void {
  if (server.observers === undefined) return;
  const attempt = new Call(unknownPeer(server), "", "", {}, { notify: () => {}, request });
  for (const { onUnauthorized } of server.observers) {
    try {
      onUnauthorized?.(attempt, reason);
    } catch (error) {
      server.logger("error", "a request could not be recorded", { error: String(error) });
    }
  }
}

/** Records a request that is refused before it becomes a call. `peer` is the client, if it is known. */
export function observeRefusal(
  server: Server,
  { id, method, params }: RequestMessage,
  outlet: Outlet,
  auth: Auth | undefined,
  error: McpError,
  peer?: Peer,
): void {
  if (server.observers === undefined) return;
  const members = isObject(params) ? params : {};
  const call = new Call(peer ?? unknownPeer(server), id, method, members, outlet, undefined, auth);
  end(call, begin(server.observers, call), error);
}

/**
 * Answers `initialize` for observers. `open` calls `onOpen` with the client, which returns a function for the end of
 * its session.
 */
export function observeOpening(
  server: Server,
  { id, method, params }: RequestMessage,
  outlet: Outlet,
  auth: Auth | undefined,
  open: (onOpen: (peer: Peer) => (() => void) | undefined) => string | McpError,
): string | McpError {
  const { observers } = server;
  if (observers === undefined) return open(() => undefined);
  const members = isObject(params) ? params : {};
  const call = new Call(unknownPeer(server), id, method, members, outlet, undefined, auth);
  const onOpen = (peer: Peer): (() => void) => {
    call.peer = peer;
    if (peer.session === null) return () => {};
    const ends = observers.flatMap(({ onSession }) => onSession?.(call) ?? []);
    return () => {
      for (const end of ends.splice(0)) end();
    };
  };
  return observed(observers, call, () => open(onOpen)) as string | McpError;
}

/** Binds code that runs later to the context of now, for observers that know contexts. */
export function bound<T extends (...given: never[]) => unknown>({ observers }: Server, later: T): T {
  return observers?.find(({ bind }) => bind !== undefined)?.bind?.(later) ?? later;
}

/** Creates a client whose revision is not known yet. */
function unknownPeer(server: Server): Peer {
  return { ...legacyPeer(server, latestLegacy), protocolVersion: "" };
}
