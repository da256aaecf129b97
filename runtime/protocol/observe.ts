import type {} from "./parts.js";
import type { McpError } from "./errors.js";
import { Call, type Answer, type Outlet, type Payload, type Peer, type Server, type Source } from "./exchange.js";
import type { Auth } from "./handlers.js";
import { legacyPeer } from "./initialize.js";
import { classify, isObject, type RequestMessage } from "./json-rpc.js";
import { Observation, observations, type Failure, type Observer } from "./observer.js";
import { outcomeOf } from "./outcome.js";
import { latestLegacy, legacyRevisions } from "./revisions/legacy.js";
import { claims, modernRevisions } from "./revisions/modern.js";
import type { JsonObject } from "./types.js";

/** Answers a request for all observers. `answer` never throws or rejects. */
export function observed(observers: readonly Observer<Call>[], call: Call, answer: (call: Call) => Answer): Answer {
  const observation = begin(observers, call);
  const run = observers.find((observer) => observer.run !== undefined)?.run;
  let answered: Answer;
  if (run === undefined) answered = answer(call);
  else run(call, () => void (answered = answer(call)));
  answered = answered!;
  if (answered instanceof Promise) void answered.then((settled) => end(call, observation, settled));
  else end(call, observation, answered);
  return answered;
}

function begin(observers: readonly Observer<Call>[], call: Call): Observation {
  const observation = new Observation();
  observations.set(call, observation);
  observation.ends = observers.flatMap(({ onCall }) => onCall?.(call) ?? []);
  return observation;
}

function end(call: Call, observation: Observation, settled: Payload | McpError): void {
  if (!observation.hasEnded) observation.end({ ...outcomeOf(call, observation.failure, settled), settled });
}

/** Records refused credentials, of a request that has not been read. */
export function observeUnauthorized(server: Server, request: Source, reason: string): void {
  if (server.observers === undefined) return;
  const attempt = new Call(unknownPeer(server), "", "", {}, { notify: () => {}, request });
  for (const { onUnauthorized } of server.observers) onUnauthorized?.(attempt, reason);
}

/**
 * Records a request that is refused before it becomes a call. `peer` is the client, if it is known; `failure` the
 * reason, if the error does not tell it.
 */
export function observeRefusal(
  server: Server,
  { id, method, params }: RequestMessage,
  outlet: Outlet,
  auth: Auth | undefined,
  error: McpError,
  { peer, failure }: { readonly peer?: Peer | undefined; readonly failure?: Failure } = {},
): void {
  if (server.observers === undefined) return;
  const members = isObject(params) ? params : {};
  const client = peer ?? { ...unknownPeer(server), protocolVersion: namedRevision(members, outlet) };
  const call = new Call(client, id, method, members, outlet, undefined, auth);
  const observation = begin(server.observers, call);
  observation.failure = failure;
  end(call, observation, error);
}

/** Records a message that is refused, if it is a request. A batch has one record, because it has one answer. */
export function observeRefusedMessage(
  server: Server,
  message: unknown,
  outlet: Outlet,
  auth: Auth | undefined,
  error: McpError,
  peer?: Peer,
): void {
  const isBatch = Array.isArray(message);
  if (!isBatch && classify(message) !== "request") return;
  const refused = isBatch ? { id: "", method: "batch" } : (message as RequestMessage);
  observeRefusal(server, refused, outlet, auth, error, { peer });
}

/** Returns the revision that a request names, or an empty text if there is no such revision. */
function namedRevision({ _meta: meta }: JsonObject, { request }: Outlet): string {
  const named = (isObject(meta) ? meta[claims.protocolVersion] : undefined) ?? request?.header("mcp-protocol-version");
  return typeof named === "string" && (modernRevisions.has(named) || legacyRevisions.has(named)) ? named : "";
}

/** Sees the client of a new session. Returns a function for the end of the session. */
export type OnOpen = (peer: Peer) => (() => void) | undefined;

/**
 * Answers `initialize`, or `ping` before it, for observers. `open` calls `onOpen` with the client.
 */
export function observeOpening<Opened extends string | McpError | Promise<string | McpError>>(
  server: Server,
  { id, method, params }: RequestMessage,
  outlet: Outlet,
  auth: Auth | undefined,
  open: (onOpen: OnOpen) => Opened,
): Opened {
  const { observers } = server;
  if (observers === undefined) return open(() => undefined);
  const members = isObject(params) ? params : {};
  const call = new Call(unknownPeer(server), id, method, members, outlet, undefined, auth);
  const onOpen = (peer: Peer): (() => void) => {
    call.peer = peer;
    if (peer.session === null) return () => {};
    return endOnce(observers.flatMap(({ onSession }) => onSession?.(call) ?? []));
  };
  return observed(observers, call, () => open(onOpen)) as Opened;
}

/** Returns the function for the end of a session, which must not keep the request that has opened the session. */
function endOnce(ends: (() => void)[]): () => void {
  return () => {
    for (const end of ends.splice(0)) end();
  };
}

/** Binds code that runs later to the context of now, for observers that know contexts. */
export function bound<Parameters extends unknown[], T>(
  { observers }: Server,
  later: (...parameters: Parameters) => T,
): (...parameters: Parameters) => T {
  const within = observers?.find(({ capture }) => capture !== undefined)?.capture?.();
  if (within === undefined) return later;
  return (...parameters) => {
    let value: T;
    within(() => void (value = later(...parameters)));
    return value!;
  };
}

/** Creates a client whose revision is not known yet. */
function unknownPeer(server: Server): Peer {
  return { ...legacyPeer(server, latestLegacy), protocolVersion: "" };
}
