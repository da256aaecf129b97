import type {} from "./parts.js";
import { refuseExpired } from "./auth.js";
import { changeMessage, isOffered } from "./changes.js";
import { dispatch, response } from "./dispatch.js";
import { callerOf } from "./caller.js";
import { endSession } from "./client-session.js";
import { busy, errorCodes, invalidRequest, McpError, UnavailableError } from "./errors.js";
import { Call, type Change, type Outlet, type Payload, type Peer, type Server } from "./exchange.js";
import type { Auth } from "./handlers.js";
import { initialize } from "./initialize.js";
import { classify, errorMessage, isObject, readableId, resultMessage, textOf } from "./json-rpc.js";
import type { Id, NotificationMessage, Outgoing, RequestMessage, ResponseMessage } from "./json-rpc.js";
import { takeBody, weightOf, type Booking } from "./ledger.js";
import { logFailure } from "./logger.js";
import { createQuestions } from "./open-questions.js";
import { internalErrorText, quote } from "./results.js";
import { hasClaim, modernPeer } from "./revisions/modern.js";

interface Running {
  readonly call: Call;
  readonly reply: Reply;
  readonly key: Id | Call;
}

/** `awaited`: the client has asked for it, so that it is read sooner or later by any client that goes on. */
export type Send = (message: Outgoing, awaited?: boolean) => void;

/** `undefined` stands for no answer at all: a cancelled request has none. `refusal` is why the answer is one. */
export type Reply = (answer: Outgoing | undefined, refusal?: UnavailableError) => void;

/**
 * A lasting connection with one client, over any transport that keeps messages apart. Its first request decides the
 * era: `initialize` opens a session, a request that carries its own `_meta` is served by itself (2026-07-28, section
 * "Backward compatibility"). Nothing here throws.
 */
export interface Connection {
  /**
   * Takes one parsed message or batch; answers go where everything goes. `auth`: who sent this one. `body`: where the
   * message is booked, until what it asks for has ended.
   */
  receive(message: unknown, auth?: Auth, body?: Booking): void;
  /** Takes one request; what belongs to it goes to an outlet of its own. The call, while it is still running. */
  request(message: RequestMessage, outlet: Outlet, reply: Reply, auth?: Auth): Call | undefined;
  notification(message: NotificationMessage): void;
  response(message: ResponseMessage): void;
  /** The client, once it has opened a session. */
  readonly session: Peer | undefined;
  /** Requests that are not answered yet. */
  readonly pending: number;
  /** Nothing will come from the client any more: questions to it fail, what runs may still be answered. */
  hangUp(): void;
  /** Aborts what is running, with an error for each request that has an outlet of its own; sends nothing any more. */
  close(reason: Error): void;
}

/** A client among many, whose connection has a place on the ledger. */
export interface Origin {
  readonly remote?: string | undefined;
  readonly booking?: Booking;
}

/** Calls of one connection that need no place of their own, and of all connections that do. */
const freeCalls = 4;
export const maxCalls = 5000;

/** Changes that wait for a client to be ready. */
const maxHeld = 1024;

/**
 * `send` is given whole messages that belong to no request of the client's; it may be called at any time until `close`.
 * `opener` is who calls, unless a message says otherwise; without an `origin` there is but one client.
 */
export function connect(server: Server, send: Send, opener?: Auth, origin?: Origin): Connection {
  /** By their ids; of two with the same id, whose answers go separate ways, the later one is its own key. */
  const calls = new Map<Id | Call, Running>();
  const questions = globalThis.mcpcWithoutAsking ? undefined : createQuestions();
  const remote = origin?.remote;
  const sharedOutlet: Outlet = {
    notify: (message) => send(message),
    shared: true,
    ...(remote !== undefined && { request: { header: () => undefined, remote } }),
  };
  let session: Peer | undefined;
  /** Between `initialize` and `notifications/initialized`; told twice, a change says no more than once. */
  let deferred: Set<string> | undefined;
  let closed = false;

  const subscriber = {
    deliver(change: Change): void {
      const wanted =
        change.kind === "resource" ? session?.subscriptions?.has(change.uri) : isOffered(server.surface, change.kind);
      if (wanted !== true) return;
      const message = changeMessage(change);
      if (deferred === undefined) send(message);
      else if (deferred.size < maxHeld) deferred.add(message);
    },
    end(): void {
      server.subscribers.delete(subscriber);
    },
  };

  function open({ id, params }: RequestMessage, reply: Reply, auth: Auth | undefined): undefined {
    const refusal = server.admit?.({ method: "initialize", caller: callerOf(auth, remote) });
    if (refusal !== undefined) return refuse(reply, id, refusal);
    const initialized = initialize(server, params);
    if (initialized instanceof McpError) return refuse(reply, id, initialized);
    const { peer } = initialized;
    const booking = globalThis.mcpcWithoutHttp ? undefined : origin?.booking;
    if (booking?.resize(booking.bytes + weightOf(peer.capabilities)) === false) return refuse(reply, id, noRoom());
    peer.booking = booking;
    session = peer;
    deferred = new Set();
    server.subscribers.add(subscriber);
    return reply(resultMessage(id, initialized.result)) as undefined;
  }

  function request(message: RequestMessage, outlet: Outlet, reply: Reply, auth = opener): Call | undefined {
    const { id, method, params } = message;
    const stale = auth === undefined ? undefined : refuseExpired(auth);
    if (stale !== undefined) return refuse(reply, id, stale);
    if (session === undefined && !hasClaim(params)) {
      if (method === "ping") return reply(resultMessage(id, "{}")) as undefined;
      if (method === "initialize") return open(message, reply, auth);
      return refuse(reply, id, notInitialized(method, params));
    }
    if (session !== undefined && method === "initialize") return refuse(reply, id, initializedTwice());
    const peer = session ?? modernPeer(server, params);
    if (peer instanceof McpError) return refuse(reply, id, peer);
    const isTaken = calls.has(id);
    if (isTaken && outlet.shared === true) return refuse(reply, id, duplicateId(id));
    if (params !== undefined && !isObject(params)) return refuse(reply, id, paramsMustBeObject());

    const canAsk = session !== undefined && outlet.oneWay !== true;
    const call = new Call(peer, id, method, params ?? {}, outlet, canAsk ? questions?.ask : undefined, auth);
    const running: Running = { call, reply, key: isTaken ? call : id };
    let booking: Booking | undefined;
    if (!globalThis.mcpcWithoutHttp && origin !== undefined && calls.size >= freeCalls) {
      booking = server.ledger.book({ kind: "call", most: maxCalls, caller: call.caller }, () => giveUp(running));
      if (booking === undefined) return refuse(reply, id, noRoom());
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
      // A cancelled request has been let go, and its id may be in use again.
      if (calls.get(running.key) !== running) return;
      calls.delete(running.key);
      questions?.forget(call, new Error("the call has ended"));
      call.finish();
      sendAnswer(reply, call, settled);
    });
    return call;
  }

  /** Makes room for the calls of others. */
  function giveUp(running: Running): void {
    if (calls.get(running.key) !== running) return;
    calls.delete(running.key);
    const reason = noRoom();
    abandon(running, reason, () => sendAnswer(running.reply, running.call, reason));
    // The handler may never end.
    running.call.forget();
  }

  /** The client says that it is ready (2025-11-25, lifecycle): what has changed meanwhile is told now. */
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

  /** A cancelled request is not answered (2026-07-28, cancellation); one that the server gives up is. */
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

  /** JSON-RPC batches, of 2025-03-26 alone: one array of responses, none when there is nothing to answer. */
  function receiveBatch(messages: readonly unknown[], auth: Auth | undefined, body: Booking | undefined): void {
    const refusal = session?.view.revision.batches === true ? refuseBatch(messages) : noBatches();
    if (refusal !== undefined) {
      body?.release();
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
      // Taken by what goes on beyond this message.
      const from =
        body === undefined ? undefined : { header: () => undefined, remote, body: body as Booking | undefined };
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
    get session() {
      return session;
    },
    get pending() {
      return calls.size;
    },
    hangUp() {
      questions?.rejectAll(new Error("the client is gone"));
    },
    close(reason) {
      closed = true;
      subscriber.end();
      if (!globalThis.mcpcWithoutSessions && session !== undefined) endSession(session, reason);
      const running = [...calls.values()];
      calls.clear();
      const error = new McpError(errorCodes.internalError, reason.message);
      for (const one of running) abandon(one, reason, () => sendAnswer(one.reply, one.call, error));
    },
  };
}

/** Answers. Where that fails, an error is the answer: some callers have nothing that would catch it. */
function sendAnswer(reply: Reply, call: Call, settled: Payload | McpError): void {
  try {
    reply(response(call, settled), settled instanceof UnavailableError ? settled : undefined);
  } catch (error) {
    const problem = unexpectedError(call.peer.view.server, error);
    try {
      reply(errorMessage(call.id, problem));
    } catch {
      // The transport takes nothing; the log has why.
    }
  }
}

function refuse(reply: Reply, id: Id, error: McpError): undefined {
  reply(errorMessage(id, error), error instanceof UnavailableError ? error : undefined);
}

export function noRoom(): UnavailableError {
  return busy("the server keeps as much for its clients as it can");
}

/** For what should be impossible: one message must not end the process. */
export function unexpectedError(server: Server, error: unknown): McpError {
  const errorId = logFailure(server.logger, "a message could not be handled", error);
  return new McpError(errorCodes.internalError, internalErrorText(server, errorId, error), { errorId });
}

export function noBatches(): McpError {
  return invalidRequest("a message is one JSON object; batches exist in 2025-03-26 alone");
}

/** The answers of a batch are one message: their number is bounded. */
const maxBatchLength = 100;

export function refuseBatch(messages: readonly unknown[]): McpError | undefined {
  if (messages.length === 0) return invalidRequest("an empty batch");
  if (messages.length <= maxBatchLength) return undefined;
  return invalidRequest(`a batch of more than ${maxBatchLength} messages`);
}

function notInitialized(method: string, params: unknown): McpError {
  return modernHint(params) ?? invalidRequest(`${quote(method)} before "initialize"`);
}

/** A `_meta` that meant to be self-contained gets told what it lacks, rather than being sent to the handshake. */
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
