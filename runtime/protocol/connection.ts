import type {} from "./parts.js";
import { refuseExpired } from "./auth.js";
import { changeMessage, offered } from "./changes.js";
import { dispatch, response } from "./dispatch.js";
import { errorCodes, invalidRequest, McpError, UnavailableError } from "./errors.js";
import { Call, type Change, type Outlet, type Payload, type Peer, type Server } from "./exchange.js";
import type { Auth } from "./handlers.js";
import { initialize } from "./initialize.js";
import { classify, errorMessage, isObject, readableId, resultMessage, textOf } from "./json-rpc.js";
import type { Id, NotificationMessage, Outgoing, RequestMessage, ResponseMessage } from "./json-rpc.js";
import { logFailure } from "./logger.js";
import { createQuestions } from "./open-questions.js";
import { explainedByLog, quoted } from "./results.js";
import { hasClaim, modernPeer } from "./revisions/modern.js";

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
  /** Takes one parsed message or batch; answers go where everything goes. `auth`: who sent this one. */
  receive(message: unknown, auth?: Auth): void;
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
  /** Aborts what is running; nothing is sent any more. */
  close(reason: Error): void;
}

/** Changes that wait for a client to be ready. */
const mostHeld = 1024;

/**
 * `send` is given whole messages that belong to no request of the client's; it may be called at any time until `close`.
 * `opener` is who calls, unless a message says otherwise.
 */
export function connect(server: Server, send: Send, opener?: Auth): Connection {
  const calls = new Map<Id, { readonly call: Call; readonly reply: Reply }>();
  const questions = globalThis.mcpcWithoutAsking ? undefined : createQuestions();
  const everything: Outlet = { notify: (message) => send(message) };
  let session: Peer | undefined;
  /** Between `initialize` and `notifications/initialized`; told twice, a change says no more than once. */
  let held: Set<string> | undefined;
  let closed = false;

  const subscriber = {
    deliver(change: Change): void {
      const wanted =
        change.kind === "resource" ? session?.subscriptions?.has(change.uri) : offered(server.surface, change.kind);
      if (wanted !== true) return;
      const message = changeMessage(change);
      if (held === undefined) send(message);
      else if (held.size < mostHeld) held.add(message);
    },
    end(): void {
      server.subscribers.delete(subscriber);
    },
  };

  function open(message: RequestMessage): Outgoing {
    const initialized = initialize(server, message.params);
    if (initialized instanceof McpError) return errorMessage(message.id, initialized);
    session = initialized.peer;
    held = new Set();
    server.subscribers.add(subscriber);
    return resultMessage(message.id, initialized.result);
  }

  function request(message: RequestMessage, outlet: Outlet, reply: Reply, auth = opener): Call | undefined {
    const { id, method, params } = message;
    const stale = auth === undefined ? undefined : refuseExpired(auth);
    if (stale !== undefined) return refuse(reply, id, stale);
    if (session === undefined && !hasClaim(params)) {
      if (method === "ping") return reply(resultMessage(id, "{}")) as undefined;
      if (method === "initialize") return reply(open(message)) as undefined;
      return refuse(reply, id, unopened(method, params));
    }
    if (session !== undefined && method === "initialize") return refuse(reply, id, initializedTwice());
    const peer = session ?? modernPeer(server, params);
    if (peer instanceof McpError) return refuse(reply, id, peer);
    if (calls.has(id)) return refuse(reply, id, duplicateId(id));
    if (params !== undefined && !isObject(params)) return refuse(reply, id, paramsMustBeObject());

    const canAsk = session !== undefined && outlet.oneWay !== true;
    const call = new Call(peer, id, method, params ?? {}, outlet, canAsk ? questions?.ask : undefined, auth);
    const answer = dispatch(call);
    if (!(answer instanceof Promise)) {
      call.finish();
      return tell(reply, call, answer) as undefined;
    }
    calls.set(id, { call, reply });
    void answer.then((settled) => {
      // A cancelled request has been let go, and its id may be in use again.
      if (calls.get(id)?.call !== call) return;
      calls.delete(id);
      questions?.forget(call, new Error("the call has ended"));
      call.finish();
      tell(reply, call, settled);
    });
    return call;
  }

  /** The client says that it is ready (2025-11-25, lifecycle): what has changed meanwhile is told now. */
  function opened(): void {
    const waiting = held ?? [];
    held = undefined;
    for (const message of waiting) send(message);
  }

  function notification({ method, params }: NotificationMessage): void {
    if (method === "notifications/initialized") return opened();
    if (method !== "notifications/cancelled" || !isObject(params)) return;
    const { requestId, reason } = params;
    if (typeof requestId !== "string" && typeof requestId !== "number") return;
    const found = calls.get(requestId);
    if (found === undefined) return;
    calls.delete(requestId);
    letGo(
      found,
      new Error(typeof reason === "string" ? `cancelled by the client: ${reason}` : "cancelled by the client"),
    );
  }

  /** A cancelled request is not answered (2026-07-28, cancellation). */
  function letGo({ call, reply }: { readonly call: Call; readonly reply: Reply }, reason: Error): void {
    questions?.forget(call, reason);
    call.finish();
    call.abort(reason);
    reply(undefined);
  }

  function single(message: unknown, reply: Reply, auth: Auth | undefined): void {
    const kind = classify(message);
    if (kind === "request") return void request(message as RequestMessage, everything, reply, auth);
    if (kind === "notification") notification(message as NotificationMessage);
    else if (kind === "response") questions?.answered(message as ResponseMessage);
    else return reply(errorMessage(readableId(message), kind));
    reply(undefined);
  }

  /** JSON-RPC batches, of 2025-03-26 alone: one array of responses, none when there is nothing to answer. */
  function batch(messages: readonly unknown[], auth: Auth | undefined): void {
    const refusal = session?.view.revision.batches === true ? refuseBatch(messages) : noBatches();
    if (refusal !== undefined) return send(errorMessage(undefined, refusal), true);
    const answers: string[] = [];
    let waiting = messages.length;
    const reply: Reply = (answer) => {
      if (answer !== undefined) answers.push(textOf(answer));
      waiting -= 1;
      if (waiting === 0 && answers.length > 0) send(`[${answers.join(",")}]`, true);
    };
    for (const message of messages) single(message, reply, auth);
  }

  const direct: Reply = (answer) => {
    if (answer !== undefined) send(answer, true);
  };

  return {
    receive(message, auth) {
      if (closed) return;
      try {
        if (Array.isArray(message)) batch(message, auth);
        else single(message, direct, auth);
      } catch (error) {
        send(errorMessage(readableId(message), unexpected(server, error)), true);
      }
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
      const running = [...calls.values()];
      calls.clear();
      for (const one of running) letGo(one, reason);
    },
  };
}

function tell(reply: Reply, call: Call, settled: Payload | McpError): void {
  reply(response(call, settled), settled instanceof UnavailableError ? settled : undefined);
}

function refuse(reply: Reply, id: Id, error: McpError): undefined {
  reply(errorMessage(id, error));
}

/** For what should be impossible: one message must not end the process. */
export function unexpected(server: Server, error: unknown): McpError {
  const errorId = logFailure(server.logger, "a message could not be handled", error);
  return new McpError(errorCodes.internalError, explainedByLog(errorId), { errorId });
}

export function noBatches(): McpError {
  return invalidRequest("a message is one JSON object; batches exist in 2025-03-26 alone");
}

/** The answers of a batch are one message: their number is bounded. */
const longestBatch = 100;

export function refuseBatch(messages: readonly unknown[]): McpError | undefined {
  if (messages.length === 0) return invalidRequest("an empty batch");
  if (messages.length <= longestBatch) return undefined;
  return invalidRequest(`a batch of more than ${longestBatch} messages`);
}

function unopened(method: string, params: unknown): McpError {
  return modernHint(params) ?? invalidRequest(`${quoted(method)} before "initialize"`);
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
