import type {} from "./parts.js";
import { refuseExpired } from "./auth.js";
import { changeMessage, isOffered } from "./changes.js";
import { dispatch, response } from "./dispatch.js";
import { callerOf } from "./caller.js";
import { endSession } from "./client-session.js";
import { busy, errorCodes, invalidRequest, McpError, UnavailableError } from "./errors.js";
import { Call, type Change, type Outlet, type Payload, type Peer, type Server, type Source } from "./exchange.js";
import type { Auth } from "./handlers.js";
import { initialize } from "./initialize.js";
import { classify, errorMessage, isObject, readableId, resultMessage, textOf } from "./json-rpc.js";
import type { Id, NotificationMessage, Outgoing, RequestMessage, ResponseMessage } from "./json-rpc.js";
import { takeBody, weightOf, type Booking } from "./ledger.js";
import { logFailure } from "./logger.js";
import { observeOpening, observeRefusal, observeRefusedMessage, type OnOpen } from "./observe.js";
import { createQuestions } from "./open-questions.js";
import type { Network } from "./outlet.js";
import { internalErrorText, quote } from "./results.js";
import { hasClaim, modernPeer } from "./revisions/modern.js";

interface Running {
  readonly call: Call;
  readonly reply: Reply;
  readonly key: Id | Call;
}

/** Sends a message. `awaited` marks answers, which a live client reads sooner or later. */
export type Send = (message: Outgoing, awaited?: boolean) => void;

/**
 * Sends the answer to a request; `undefined` for a cancelled one, which has none. `refusal` is set if the server
 * refused the request.
 */
export type Reply = (answer: Outgoing | undefined, refusal?: UnavailableError) => void;

/**
 * A connection with one client, over any transport that separates messages. Its first request decides the era:
 * `initialize` opens a session, while a request with its own `_meta` is independent (2026-07-28, section "Backward
 * compatibility"). Its methods never throw.
 */
export interface Connection {
  /**
   * Takes a parsed message or batch; answers go to `send`. `auth` is the caller of this message. `body` is the
   * message's booking, which is released when its call ends.
   */
  receive(message: unknown, auth?: Auth, body?: Booking): void;
  /**
   * Takes a request whose messages go to a separate outlet. Returns the call while it runs. `keep` keeps the session
   * that the request opens.
   */
  request(message: RequestMessage, outlet: Outlet, reply: Reply, auth?: Auth, keep?: Keep): Call | undefined;
  notification(message: NotificationMessage): void;
  response(message: ResponseMessage): void;
  /** Returns the client, once it has opened a session. */
  peer(): Peer | undefined;
  /** Returns the number of unanswered requests. */
  requestCount(): number;
  /** Marks the client as gone: open questions fail, running calls may still be answered. */
  hangUp(): void;
  /**
   * Aborts running calls, answers those with a separate outlet with an error, and stops sending. The reason is an
   * `UnavailableError` if the server needs the room of the connection.
   */
  close(reason: Error): void;
}

/** Keeps a session, or refuses it and closes its connection. */
export type Keep = (peer: Peer) => McpError | undefined | Promise<McpError | undefined>;

type Opened = string | McpError;

/** The origin of one of several clients, with the booking of its connection. */
export interface Origin {
  readonly remote?: string | undefined;
  readonly network?: Network;
  readonly booking?: Booking;
  /** The client of a session that another replica has opened. */
  readonly peer?: Peer | undefined;
  /** Precedes the ids of requests to the client, so that other replicas recognize them. */
  readonly questionPrefix?: string | undefined;
  /** Whether the connection notifies the client of changes. Default: true. */
  readonly sendsChanges?: boolean;
}

/** Returns the source of messages that have no headers of their own. */
function sourceOf({ remote, network }: Origin): Source {
  return { header: () => undefined, remote, ...(!globalThis.mcpcWithoutObservers && { network }) };
}

/** Number of calls per connection without a booking, and maximum number of booked calls of all connections. */
const freeCalls = 4;
export const maxCalls = 5000;

/** The maximum number of deferred changes. */
const maxHeld = 1024;

/**
 * Creates a connection. `send` takes messages that belong to no request, until `close`. `opener` is the default
 * caller. Without an `origin` the server has only one client.
 */
export function connect(server: Server, send: Send, opener?: Auth, origin?: Origin): Connection {
  /** Running calls by id. If an id is in use twice, on separate outlets, the later call is its own key. */
  const calls = new Map<Id | Call, Running>();
  const questions = globalThis.mcpcWithoutAsking ? undefined : createQuestions(origin?.questionPrefix);
  const remote = origin?.remote;
  const sharedOutlet: Outlet = {
    notify: (message) => send(message),
    shared: true,
    ...(!globalThis.mcpcWithoutUpstreams && origin === undefined && { isSolo: true }),
    ...(origin && { request: sourceOf(origin) }),
  };
  let session = globalThis.mcpcWithoutHttp ? undefined : origin?.peer;
  /** Change messages that wait for `notifications/initialized`. A set drops duplicates. */
  let deferred: Set<string> | undefined;
  let closed = false;
  let onSessionEnd: (() => void) | undefined;

  const subscriber = {
    deliver(change: Change): void {
      const wanted =
        change.kind === "resource" ? session?.subscriptions?.has(change.uri) : isOffered(server.surface, change.kind);
      if (wanted !== true || (!globalThis.mcpcWithoutStore && origin?.sendsChanges === false)) return;
      const message = changeMessage(change);
      if (deferred === undefined) send(message);
      else if (deferred.size < maxHeld) deferred.add(message);
    },
    ...(!globalThis.mcpcWithoutStore && {
      deliverAll(): void {
        for (const kind of ["tools", "prompts", "resources"] as const) subscriber.deliver({ kind });
        for (const uri of session?.subscriptions ?? []) subscriber.deliver({ kind: "resource", uri });
      },
    }),
    end(): void {
      server.subscribers.delete(subscriber);
      // A server that stops does not wait for the ends of its sessions.
      if (!globalThis.mcpcWithoutObservers) onSessionEnd?.();
    },
  };
  if (!globalThis.mcpcWithoutHttp && session !== undefined) server.subscribers.add(subscriber);

  /** Opens the session. Returns the result of `initialize`. */
  function open(params: unknown, auth?: Auth, keep?: Keep, onOpen?: OnOpen): Opened | Promise<Opened> {
    const refusal = server.admit?.({ method: "initialize", caller: callerOf(auth, remote) });
    if (refusal !== undefined) return refusal;
    const initialized = initialize(server, params);
    if (initialized instanceof McpError) return initialized;
    const { peer } = initialized;
    const booking = globalThis.mcpcWithoutHttp ? undefined : origin?.booking;
    if (booking?.resize(booking.bytes + weightOf(peer.capabilities)) === false) return noRoom();
    peer.booking = booking;
    session = peer;
    deferred = new Set();
    server.subscribers.add(subscriber);
    const finish = (refusal?: McpError): Opened => {
      if (!globalThis.mcpcWithoutObservers && refusal === undefined) onSessionEnd = onOpen?.(peer);
      return refusal ?? initialized.result;
    };
    if (globalThis.mcpcWithoutHttp || keep === undefined) return finish();
    const kept = keep(peer);
    return kept instanceof Promise ? kept.then(finish) : finish(kept);
  }

  function request(
    message: RequestMessage,
    outlet: Outlet,
    reply: Reply,
    auth = opener,
    keep?: Keep,
  ): Call | undefined {
    const { id, method, params } = message;
    const refuse = (error: McpError): undefined => {
      if (!globalThis.mcpcWithoutObservers) observeRefusal(server, message, outlet, auth, error, { peer: session });
      return sendRefusal(reply, id, error);
    };
    const stale = auth === undefined ? undefined : refuseExpired(auth);
    if (stale !== undefined) return refuse(stale);
    if (session === undefined && !hasClaim(params)) {
      if (method !== "initialize" && method !== "ping") return refuse(notInitialized(method, params));
      const begin = (onOpen?: OnOpen): Opened | Promise<Opened> =>
        method === "ping" ? "{}" : open(params, auth, keep, onOpen);
      const opened = globalThis.mcpcWithoutObservers ? begin() : observeOpening(server, message, outlet, auth, begin);
      const answer = (settled: Opened): undefined =>
        settled instanceof McpError
          ? sendRefusal(reply, id, settled)
          : (reply(resultMessage(id, settled)) as undefined);
      if (globalThis.mcpcWithoutHttp || !(opened instanceof Promise)) return answer(opened as Opened);
      return void opened.then(answer);
    }
    if (session !== undefined && method === "initialize") return refuse(initializedTwice());
    const peer = session ?? modernPeer(server, params);
    if (peer instanceof McpError) return refuse(peer);
    const isTaken = calls.has(id);
    if (isTaken && outlet.shared === true) return refuse(duplicateId(id));
    if (params !== undefined && !isObject(params)) return refuse(paramsMustBeObject());

    const canAsk = session !== undefined && outlet.oneWay !== true;
    const call = new Call(peer, id, method, params ?? {}, outlet, canAsk ? questions?.ask : undefined, auth);
    const running: Running = { call, reply, key: isTaken ? call : id };
    let booking: Booking | undefined;
    if (!globalThis.mcpcWithoutHttp && origin !== undefined && calls.size >= freeCalls) {
      booking = server.ledger.book({ kind: "call", most: maxCalls, caller: call.caller }, () => giveUp(running));
      if (booking === undefined) return refuse(noRoom());
    }
    const answer = dispatch(call);
    if (!(answer instanceof Promise)) {
      booking?.release();
      call.finish();
      return sendAnswer(reply, call, answer) as undefined;
    }
    const body = globalThis.mcpcWithoutHttp ? undefined : takeBody(outlet.request);
    if (body !== undefined) body.evict = () => giveUp(running);
    calls.set(running.key, running);
    void answer.then((settled) => {
      booking?.release();
      body?.release();
      // The id of a cancelled request may already be in use by another one.
      if (calls.get(running.key) !== running) return;
      calls.delete(running.key);
      questions?.forget(call, new Error("the call has ended"));
      call.finish();
      sendAnswer(reply, call, settled);
    });
    return call;
  }

  /** Cancels a call to make room for those of other callers. */
  function giveUp(running: Running): void {
    if (calls.get(running.key) !== running) return;
    calls.delete(running.key);
    const reason = noRoom();
    abandon(running, reason, () => sendAnswer(running.reply, running.call, reason));
    // The handler may never end.
    running.call.forget();
  }

  /** Sends the deferred changes after `notifications/initialized` (2025-11-25, lifecycle). */
  function flushDeferred(): void {
    const waiting = deferred ?? [];
    deferred = undefined;
    for (const message of waiting) send(message);
  }

  function notification({ method, params }: NotificationMessage): void {
    if (method === "notifications/initialized") return flushDeferred();
    if (method !== "notifications/cancelled" || !isObject(params)) return;
    const { requestId, reason } = params;
    if (typeof requestId !== "string" && typeof requestId !== "number") return;
    const message = typeof reason === "string" ? `cancelled by the client: ${reason}` : "cancelled by the client";
    for (const [key, running] of calls) {
      if (running.call.id !== requestId) continue;
      calls.delete(key);
      abandon(running, new Error(message));
    }
  }

  /** Aborts a call. A request that the client cancelled gets no answer (2026-07-28, cancellation); other ones do. */
  function abandon({ call, reply }: Running, reason: Error, answer = () => reply(undefined)): void {
    questions?.forget(call, reason);
    call.finish();
    call.abort(reason);
    answer();
  }

  function receiveOne(message: unknown, reply: Reply, auth: Auth | undefined, outlet = sharedOutlet): void {
    const kind = classify(message);
    if (kind === "request") return void request(message as RequestMessage, outlet, reply, auth);
    if (kind === "notification") notification(message as NotificationMessage);
    else if (kind === "response") questions?.answered(message as ResponseMessage);
    else return reply(errorMessage(readableId(message), kind));
    reply(undefined);
  }

  /**
   * Receives a JSON-RPC batch (2025-03-26 only). Answers with one array of responses, or not at all for no responses.
   */
  function receiveBatch(messages: readonly unknown[], auth: Auth | undefined, body: Booking | undefined): void {
    const refusal = session?.view.revision.batches === true ? refuseBatch(messages) : noBatches();
    if (refusal !== undefined) {
      body?.release();
      if (!globalThis.mcpcWithoutObservers)
        observeRefusedMessage(server, messages, sharedOutlet, auth ?? opener, refusal, session);
      return send(errorMessage(undefined, refusal), true);
    }
    const answers: string[] = [];
    let waiting = messages.length;
    const reply: Reply = (answer) => {
      if (answer !== undefined) answers.push(textOf(answer));
      waiting -= 1;
      if (waiting > 0) return;
      body?.release();
      if (answers.length > 0 && !closed) send(`[${answers.join(",")}]`, true);
    };
    for (const message of messages) receiveOne(message, reply, auth);
  }

  const sendReply: Reply = (answer) => {
    if (answer !== undefined && !closed) send(answer, true);
  };

  return {
    receive(message, auth, body) {
      if (closed) return body?.release();
      // Code that outlives this message takes the booking over.
      const from = body === undefined ? undefined : { ...sourceOf(origin ?? {}), body: body as Booking | undefined };
      try {
        if (Array.isArray(message)) return receiveBatch(message, auth, body);
        receiveOne(message, sendReply, auth, from && { ...sharedOutlet, request: from });
      } catch (error) {
        send(errorMessage(readableId(message), unexpectedError(server, error)), true);
      }
      from?.body?.release();
    },
    request,
    notification,
    response: (message) => questions?.answered(message),
    // Not accessors: V8 gives each object with accessors of its own a hash table of 700 bytes.
    peer: () => session,
    requestCount: () => calls.size,
    hangUp() {
      questions?.rejectAll(new Error("the client is gone"));
    },
    close(reason) {
      closed = true;
      subscriber.end();
      if (!globalThis.mcpcWithoutSessions && session !== undefined) endSession(session, reason);
      const running = [...calls.values()];
      calls.clear();
      const isAnswer = !globalThis.mcpcWithoutHttp && reason instanceof McpError;
      const error = isAnswer ? reason : new McpError(errorCodes.internalError, reason.message);
      for (const one of running) abandon(one, reason, () => sendAnswer(one.reply, one.call, error));
    },
  };
}

/** Sends an answer, or an error if that fails: some callers cannot handle exceptions. */
function sendAnswer(reply: Reply, call: Call, settled: Payload | McpError): void {
  try {
    reply(response(call, settled), settled instanceof UnavailableError ? settled : undefined);
  } catch (error) {
    const problem = unexpectedError(call.peer.view.server, error);
    try {
      reply(errorMessage(call.id, problem));
    } catch {
      // The transport is broken; the error is in the log.
    }
  }
}

function sendRefusal(reply: Reply, id: Id, error: McpError): undefined {
  reply(errorMessage(id, error), error instanceof UnavailableError ? error : undefined);
}

export function noRoom(): UnavailableError {
  return busy("the server has no room for more requests");
}

/** Logs an error that should be impossible. One message must not end the process. */
export function unexpectedError(server: Server, error: unknown): McpError {
  const errorId = logFailure(server.logger, "a message could not be handled", error);
  return new McpError(errorCodes.internalError, internalErrorText(server, errorId, error), { errorId });
}

export function noBatches(): McpError {
  return invalidRequest("a message is one JSON object; batches exist in 2025-03-26 alone");
}

/** The maximum number of messages in a batch, whose answers are one message. */
const maxBatchLength = 100;

export function refuseBatch(messages: readonly unknown[]): McpError | undefined {
  if (messages.length === 0) return invalidRequest("an empty batch");
  if (messages.length <= maxBatchLength) return undefined;
  return invalidRequest(`a batch of more than ${maxBatchLength} messages`);
}

function notInitialized(method: string, params: unknown): McpError {
  return modernHint(params) ?? invalidRequest(`${quote(method)} before "initialize"`);
}

/** Returns the missing member for a `_meta` that is meant to be self-contained, instead of asking for a handshake. */
function modernHint(params: unknown): McpError | undefined {
  const meta = isObject(params) ? params["_meta"] : undefined;
  const meant = isObject(meta) && Object.keys(meta).some((key) => key.startsWith("io.modelcontextprotocol/"));
  return meant
    ? new McpError(errorCodes.invalidParams, '"params._meta" must have "io.modelcontextprotocol/protocolVersion"')
    : undefined;
}

export function initializedTwice(): McpError {
  return invalidRequest("this connection is initialized already");
}

function duplicateId(id: Id): McpError {
  return invalidRequest(`the id ${JSON.stringify(id)} belongs to a request that is still running`);
}

export function paramsMustBeObject(): McpError {
  return new McpError(errorCodes.invalidParams, '"params" must be an object');
}
