import { dispatch, response } from "./dispatch.js";
import { errorCodes, McpError } from "./errors.js";
import { Call, type Outlet, type Peer, type Server } from "./exchange.js";
import { initialize } from "./initialize.js";
import { classify, errorMessage, isObject, readableId, resultMessage } from "./json-rpc.js";
import type { Id, NotificationMessage, Outgoing, RequestMessage } from "./json-rpc.js";
import { quoted } from "./results.js";
import { hasClaim, modernPeer } from "./revisions/modern.js";

/**
 * A lasting connection with one client, over any transport that keeps messages apart. Its first request decides the
 * era: `initialize` opens a session, a request that carries its own `_meta` is served by itself (2026-07-28, section
 * "Backward compatibility").
 */
export interface Connection {
  /** Takes one parsed message. Never throws. */
  receive(message: unknown): void;
  /** Requests that are not answered yet. */
  readonly pending: number;
  /** Aborts what is running; nothing is sent any more. */
  close(reason: unknown): void;
}

/** `send` is given whole messages; it may be called at any time until `close`. */
export function connect(server: Server, send: (message: Outgoing) => void): Connection {
  const calls = new Map<Id, Call>();
  const outlet: Outlet = { notify: send };
  let session: Peer | undefined;
  let closed = false;

  const fail = (id: Id | undefined, error: McpError): void => send(errorMessage(id, error));

  function request(message: RequestMessage, reply: (answer: Outgoing | undefined) => void): void {
    const { id, method, params } = message;
    if (session === undefined && !hasClaim(params)) {
      if (method === "ping") return reply(resultMessage(id, "{}"));
      if (method !== "initialize") return reply(errorMessage(id, unopened(method, params)));
      const opened = initialize(server, params);
      if (opened instanceof McpError) return reply(errorMessage(id, opened));
      session = opened.peer;
      return reply(resultMessage(id, opened.result));
    }
    if (session !== undefined && method === "initialize") return reply(errorMessage(id, initializedTwice()));
    const peer = session ?? modernPeer(server, params);
    if (peer instanceof McpError) return reply(errorMessage(id, peer));
    if (calls.has(id)) return reply(errorMessage(id, duplicateId(id)));
    if (params !== undefined && !isObject(params)) return reply(errorMessage(id, paramsMustBeObject()));

    const call = new Call(peer, id, method, params ?? {}, outlet);
    const answer = dispatch(call);
    if (!(answer instanceof Promise)) {
      call.finish();
      return reply(response(call, answer));
    }
    calls.set(id, call);
    void answer.then((settled) => {
      // A cancelled request is not answered, and its id may be in use again.
      if (calls.get(id) !== call) return reply(undefined);
      calls.delete(id);
      call.finish();
      reply(closed ? undefined : response(call, settled));
    });
  }

  function notification({ method, params }: NotificationMessage): void {
    if (method !== "notifications/cancelled" || !isObject(params)) return;
    const { requestId, reason } = params;
    if (typeof requestId !== "string" && typeof requestId !== "number") return;
    const call = calls.get(requestId);
    if (call === undefined) return;
    calls.delete(requestId);
    call.finish();
    call.abort(new Error(typeof reason === "string" ? `cancelled by the client: ${reason}` : "cancelled by the client"));
  }

  function single(message: unknown, reply: (answer: Outgoing | undefined) => void): void {
    const kind = classify(message);
    if (kind === "request") return request(message as RequestMessage, reply);
    if (kind === "notification") notification(message as NotificationMessage);
    else if (kind !== "response") return reply(errorMessage(readableId(message), kind));
    reply(undefined);
  }

  /** JSON-RPC batches, of 2025-03-26 alone: one array of responses, none when there is nothing to answer. */
  function batch(messages: readonly unknown[]): void {
    if (session?.view.revision.batches !== true) return fail(undefined, noBatches());
    if (messages.length === 0) return fail(undefined, new McpError(errorCodes.invalidRequest, "an empty batch"));
    const answers: string[] = [];
    let waiting = messages.length;
    const reply = (answer: Outgoing | undefined): void => {
      if (answer !== undefined) answers.push(textOf(answer));
      waiting -= 1;
      if (waiting === 0 && answers.length > 0) send(`[${answers.join(",")}]`);
    };
    for (const message of messages) single(message, reply);
  }

  const direct = (answer: Outgoing | undefined): void => {
    if (answer !== undefined) send(answer);
  };

  return {
    receive(message) {
      if (closed) return;
      if (Array.isArray(message)) batch(message);
      else single(message, direct);
    },
    get pending() {
      return calls.size;
    },
    close(reason) {
      closed = true;
      for (const call of calls.values()) {
        call.finish();
        call.abort(reason);
      }
      calls.clear();
    },
  };
}

export function textOf(message: Outgoing): string {
  return typeof message === "string" ? message : new TextDecoder().decode(message);
}

export function noBatches(): McpError {
  return new McpError(errorCodes.invalidRequest, "a message is one JSON object; batches exist in 2025-03-26 alone");
}

function unopened(method: string, params: unknown): McpError {
  const claimed = modernHint(params);
  return claimed ?? new McpError(errorCodes.invalidRequest, `${quoted(method)} before "initialize"`);
}

/** A `_meta` that meant to be self-contained gets told what it lacks, rather than being sent to the handshake. */
function modernHint(params: unknown): McpError | undefined {
  const meta = isObject(params) ? params["_meta"] : undefined;
  const meant = isObject(meta) && Object.keys(meta).some((key) => key.startsWith("io.modelcontextprotocol/"));
  return meant
    ? new McpError(errorCodes.invalidParams, '"params._meta" must have "io.modelcontextprotocol/protocolVersion"')
    : undefined;
}

function initializedTwice(): McpError {
  return new McpError(errorCodes.invalidRequest, "this connection is initialized already");
}

function duplicateId(id: Id): McpError {
  return new McpError(errorCodes.invalidRequest, `the id ${JSON.stringify(id)} belongs to a request that is still running`);
}

export function paramsMustBeObject(): McpError {
  return new McpError(errorCodes.invalidParams, '"params" must be an object');
}
