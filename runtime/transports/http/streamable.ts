import type {} from "../../protocol/parts.js";
import { onExpiry } from "../../protocol/auth.js";
import { initializedTwice, noBatches, refuseBatch, unexpectedError } from "../../protocol/connection.js";
import { callerOf } from "../../protocol/caller.js";
import { errorCodes, invalidRequest, McpError, UnavailableError } from "../../protocol/errors.js";
import type { Outlet, Peer, Server } from "../../protocol/exchange.js";
import type { Auth } from "../../protocol/handlers.js";
import { initialize, legacyPeer } from "../../protocol/initialize.js";
import { classify, errorMessage, isObject, readableId, resultMessage, textOf } from "../../protocol/json-rpc.js";
import type { NotificationMessage, Outgoing, RequestMessage, ResponseMessage } from "../../protocol/json-rpc.js";
import { takeBody, weightOf } from "../../protocol/ledger.js";
import { visibleTool } from "../../protocol/methods/tools.js";
import { observeOpening, observeRefusal, observeRefusedMessage } from "../../protocol/observe.js";
import { parseMessage } from "../../protocol/parse-message.js";
import { invalidParams } from "../../protocol/results.js";
import { legacyRevisions } from "../../protocol/revisions/legacy.js";
import { claims, hasClaim, modernPeer, modernRevisions } from "../../protocol/revisions/modern.js";
import { missingScopes } from "../../protocol/scopes.js";
import type { JsonObject } from "../../protocol/types.js";
import {
  noRoomForMessage,
  unavailable,
  type Endpoint,
  type HttpOptions,
  type HttpReply,
  type HttpRequest,
  type Running,
} from "./endpoint.js";
import { deferred } from "./deferred.js";
import { scopeChallenge } from "./identify.js";
import { parameterMismatch, standardMismatch, versionMismatch } from "./request-headers.js";
import { refuse, refuseRequest } from "./refuse.js";
import type { HttpSession } from "./http-session.js";
import { accept, openSession, refuseFailed, refuseSession, withSession } from "./session-messages.js";
import { createSessions, type Sessions } from "./sessions.js";
import { runRequest, StreamableReply } from "./single-request.js";

type EndpointOptions = Pick<HttpOptions, "sessions" | "maxSessions" | "keepAliveMs">;

/** The revision of a client that sends no version (2025-06-18, transports: protocol version header). */
const assumedVersion = "2025-03-26";

/** Creates the MCP endpoint over HTTP, for any platform. */
export function createEndpoint(server: Server, options: EndpointOptions): Endpoint {
  const sessions = options.sessions === false ? undefined : createSessions(server, options);
  return {
    access: "http",
    post(request, body, reply) {
      const message = parseMessage(body, (error, id) => refuse(reply, 400, id, error));
      return message === undefined ? undefined : this.postParsed(request, message, reply);
    },
    postParsed(request, message, reply) {
      try {
        // A running call of this size takes many times the size of its text.
        if (request.body?.resize(weightOf(message)) === false)
          return unavailable(reply, noRoomForMessage(), readableId(message));
        return receive(server, sessions, options, request, message, reply);
      } catch (error) {
        return refuse(reply, 500, readableId(message), unexpectedError(server, error));
      }
    },
    open(request, reply) {
      const id = request.header("mcp-session-id");
      const version = request.header("mcp-protocol-version");
      if (sessions === undefined || id === undefined || modernRevisions.has(version ?? ""))
        return notServed(request, reply);
      return withSession(server, sessions, request, reply, undefined, (session) => {
        if (session instanceof McpError) return refuseSession(reply, undefined, session);
        if (request.method === "DELETE") {
          const finish = (): undefined => reply.send(200) as undefined;
          const deleted = sessions.delete(session, request);
          if (deleted === undefined) return finish();
          return deferred(request, deleted, finish, (error) => refuseFailed(server, reply, undefined, error));
        }
        if (!admitsStream(request)) {
          return refuse(reply, 406, undefined, invalidRequest("Accept must list text/event-stream"));
        }
        const refusal = server.admit?.({ method: "open", caller: callerOf(request.auth, request.remote) });
        if (refusal !== undefined) return unavailable(reply, refusal);
        return untilExpiry(request.auth, reply, (ending) =>
          session.listen(request.header("last-event-id"), request, ending),
        );
      });
    },
  };
}

function notServed({ method }: HttpRequest, reply: HttpReply): undefined {
  const error = invalidRequest(`${method} is for sessions; send messages with POST`);
  return refuse(reply, 405, undefined, error, { allow: "POST" });
}

function receive(
  server: Server,
  sessions: Sessions | undefined,
  options: EndpointOptions,
  request: HttpRequest,
  message: unknown,
  reply: HttpReply,
): Running | undefined {
  if (Array.isArray(message)) {
    const run = (session?: HttpSession | McpError): undefined => receiveBatch(server, session, request, message, reply);
    return sessions === undefined ? run() : withSession(server, sessions, request, reply, undefined, run, message);
  }
  const kind = classify(message);
  if (kind instanceof McpError) return refuse(reply, 400, readableId(message), kind);
  const { method, params } = message as RequestMessage;
  if (kind === "request" && server.auth !== undefined && isObject(params)) {
    const denied = missingScopes(server, request.auth, method, params);
    if (denied !== undefined) {
      const held = isModern(request, method, params) ? undefined : request.auth?.scopes;
      const headers = scopeChallenge(server, denied, held);
      return refuseRequest(server, request, message as RequestMessage, reply, denied, { status: 403, headers });
    }
  }
  if (kind === "request" && isModern(request, method, params))
    return receiveModern(server, options, request, message as RequestMessage, reply);
  // The headers of a notification are undefined, and such notifications have no effect.
  if (
    kind === "notification" &&
    (hasClaim(params) || modernRevisions.has(request.header("mcp-protocol-version") ?? ""))
  ) {
    return reply.send(202) as undefined;
  }
  const refusal = unknownLegacyVersion(request);
  if (refusal !== undefined)
    return kind === "request"
      ? refuseRequest(server, request, message as RequestMessage, reply, refusal)
      : refuse(reply, 400, undefined, refusal);
  if (sessions === undefined)
    return receiveWithoutSession(server, options, request, message as RequestMessage, kind, reply);
  const asked = kind === "request" ? (message as RequestMessage) : undefined;
  return withSession(server, sessions, request, reply, asked, (session) => {
    if (asked !== undefined && method === "initialize") {
      // A live session is already initialised; after the end of one the client may open another.
      if (!(session instanceof McpError)) return refuseRequest(server, request, asked, reply, initializedTwice());
      return openSession(sessions, request, asked, reply);
    }
    if (session instanceof McpError) {
      if (!globalThis.mcpcWithoutObservers && asked !== undefined)
        observeRefusal(server, asked, { notify: () => {}, request }, request.auth, session);
      return refuseSession(reply, asked?.id, session);
    }
    if (kind === "request") return session.request(message as RequestMessage, request, reply);
    const accepted = accept(session, kind, message as NotificationMessage | ResponseMessage);
    const confirm = (refusal: McpError | undefined): undefined =>
      refusal === undefined ? (reply.send(202) as undefined) : refuse(reply, 400, undefined, refusal);
    if (!(accepted instanceof Promise)) return confirm(accepted);
    return deferred(request, accepted, confirm, (error) => refuseFailed(server, reply, undefined, error));
  });
}

/** Serves a request by itself if sessions are turned off. Its version header decides the revision. */
function receiveWithoutSession(
  server: Server,
  options: EndpointOptions,
  request: HttpRequest,
  message: RequestMessage,
  kind: "request" | "notification" | "response",
  reply: HttpReply,
): Running | undefined {
  if (kind !== "request") return reply.send(202) as undefined;
  if (message.method === "initialize") return initializeAlone(server, request, message, reply);
  const peer = legacyPeer(server, request.header("mcp-protocol-version") ?? assumedVersion);
  return runRequest(peer, message, new StreamableReply(request, reply, options), request.auth);
}

/** Answers `initialize` without opening a session. */
function initializeAlone(server: Server, request: HttpRequest, message: RequestMessage, reply: HttpReply): undefined {
  const open = (onOpen?: (peer: Peer) => unknown): string | McpError => {
    const refusal = server.admit?.({ method: "initialize", caller: callerOf(request.auth, request.remote) });
    if (refusal !== undefined) return refusal;
    const opened = initialize(server, message.params);
    if (opened instanceof McpError) return opened;
    onOpen?.({ ...opened.peer, session: null });
    return opened.result;
  };
  const opened = globalThis.mcpcWithoutObservers
    ? open()
    : observeOpening(server, message, { notify: () => {}, request }, request.auth, open);
  const { id } = message;
  if (opened instanceof UnavailableError) return unavailable(reply, opened, id);
  return reply.send(
    200,
    opened instanceof McpError ? errorMessage(id, opened) : resultMessage(id, opened),
  ) as undefined;
}

/** Ends a stream when the credentials of its caller expire. The stream may end before by itself. */
function untilExpiry(
  auth: Auth | undefined,
  reply: HttpReply,
  open: (reply: HttpReply) => Running | undefined,
): Running | undefined {
  if (auth === undefined) return open(reply);
  let stop = (): void => {};
  const running = open({
    send: (status, body, headers) => reply.send(status, body, headers),
    open: (headers) => reply.open(headers),
    event: (message, id, awaited) => reply.event(message, id, awaited),
    named: (name, data, id) => reply.named(name, data, id),
    retry: (milliseconds) => reply.retry(milliseconds),
    close() {
      stop();
      reply.close();
    },
    fail: (error) => reply.fail(error),
  });
  if (running === undefined) return undefined;
  stop = onExpiry(auth, () => {
    running.abandon();
    reply.close();
  });
  return {
    abandon() {
      stop();
      running.abandon();
    },
  };
}

/**
 * Returns whether a request uses a modern revision. The body decides. A modern header without the body's claim makes
 * the request malformed.
 */
function isModern(request: HttpRequest, method: string, params: unknown): boolean {
  if (hasClaim(params)) return true;
  const version = request.header("mcp-protocol-version");
  if (version !== undefined && !legacyRevisions.has(version))
    return modernRevisions.has(version) || version > "2026-07-28";
  return version === undefined && method === "server/discover" && request.header("mcp-session-id") === undefined;
}

function unknownLegacyVersion(request: HttpRequest): McpError | undefined {
  const version = request.header("mcp-protocol-version");
  if (version === undefined || legacyRevisions.has(version)) return undefined;
  const supported = [...legacyRevisions.keys(), ...modernRevisions.keys()].join(", ");
  return invalidRequest(
    `unsupported MCP-Protocol-Version ${JSON.stringify(version.slice(0, 40))}; supported: ${supported}`,
  );
}

/**
 * Checks and runs a modern request, in this order: envelope, version header, version, headers, method, mirrored
 * arguments.
 */
function receiveModern(
  server: Server,
  options: EndpointOptions,
  request: HttpRequest,
  message: RequestMessage,
  reply: HttpReply,
): Running | undefined {
  const { method, params } = message;
  const refuse = (error: McpError, status?: number): undefined =>
    refuseRequest(server, request, message, reply, error, { ...(status !== undefined && { status }) });
  const peer = modernPeer(server, params);
  const { _meta: meta } = isObject(params) ? params : {};
  const version = isObject(meta) ? meta[claims.protocolVersion] : undefined;
  if (peer instanceof McpError && peer.code === errorCodes.invalidParams) return refuse(peer);
  const disagreement = versionMismatch(request, String(version));
  if (disagreement !== undefined) return refuse(disagreement);
  if (peer instanceof McpError) return refuse(peer);
  const members = params as JsonObject;
  const mismatch = standardMismatch(request, method, members) ?? argumentMismatch(server, request, method, members);
  if (mismatch !== undefined) return refuse(mismatch);
  const isListening = method === "subscriptions/listen";
  if (isListening && !admitsStream(request)) {
    const error = invalidRequest("Accept must list text/event-stream: there is no other answer");
    return refuse(error, 406);
  }
  return runRequest(peer, message, new StreamableReply(request, reply, options, isListening), request.auth);
}

function argumentMismatch(
  server: Server,
  request: HttpRequest,
  method: string,
  params: JsonObject,
): McpError | undefined {
  const { name, arguments: input } = params;
  if (method !== "tools/call" || typeof name !== "string") return undefined;
  const headers = visibleTool(server, request.auth, name)?.headers;
  return headers === undefined ? undefined : parameterMismatch(request, headers, input);
}

/** Returns whether the client accepts an event stream, also by a wildcard. */
function admitsStream(request: HttpRequest): boolean {
  const accepted = request.header("accept");
  return accepted === undefined || /text\/event-stream|text\/\*|\*\/\*/i.test(accepted);
}

/** Answers a JSON-RPC batch (2025-03-26 only) with one body of responses and without notifications. */
function receiveBatch(
  server: Server,
  found: HttpSession | McpError | undefined,
  request: HttpRequest,
  messages: readonly unknown[],
  reply: HttpReply,
): undefined {
  const session = found instanceof McpError ? undefined : found;
  const peer = session?.connection.peer();
  const version = peer?.protocolVersion ?? request.header("mcp-protocol-version") ?? assumedVersion;
  const modernElement = messages.some((message) => isObject(message) && hasClaim(message["params"]));
  const allowed = legacyRevisions.get(version)?.batches === true && !modernElement;
  const refusal = found instanceof McpError ? found : allowed ? refuseBatch(messages) : noBatches();
  if (refusal !== undefined) {
    if (!globalThis.mcpcWithoutObservers)
      observeRefusedMessage(server, messages, { notify: () => {}, request }, request.auth, refusal, peer);
    return refuseSession(reply, undefined, refusal);
  }

  const answers: string[] = [];
  let failure: unknown;
  let waiting = messages.length;
  const body = takeBody(request);
  const answer = (text: Outgoing | undefined): void => {
    if (text !== undefined) answers.push(textOf(text));
    waiting -= 1;
    if (waiting > 0) return;
    body?.release();
    if (answers.length === 0 && failure !== undefined) refuseFailed(server, reply, undefined, failure);
    else if (answers.length === 0) reply.send(202);
    else reply.send(200, `[${answers.join(",")}]`);
  };
  for (const message of messages) {
    const kind = classify(message);
    if (kind instanceof McpError) answer(errorMessage(readableId(message), kind));
    else if (kind === "request") runBatched(server, session, version, message as RequestMessage, answer, request);
    else {
      const accepted = session && accept(session, kind, message as NotificationMessage | ResponseMessage);
      if (!(accepted instanceof Promise)) answer(undefined);
      else
        accepted
          // Answers to other messages leave no place for this error.
          .catch((error: unknown) => (failure = error))
          .then(() => answer(undefined));
    }
  }
  return undefined;
}

function runBatched(
  server: Server,
  session: HttpSession | undefined,
  version: string,
  message: RequestMessage,
  answer: (text: Outgoing | undefined) => void,
  request: HttpRequest,
): void {
  const { id, method } = message;
  const { auth } = request;
  const outlet: Outlet = { notify: () => {}, oneWay: true, shared: true, request };
  if (method === "initialize") {
    const refusal = invalidParams('"initialize" must not be in a batch');
    if (!globalThis.mcpcWithoutObservers) observeRefusal(server, message, outlet, auth, refusal);
    return answer(errorMessage(id, refusal));
  }
  if (session !== undefined) return void session.run(message, outlet, answer, auth);
  const fail = (error: unknown): void => answer(errorMessage(id, unexpectedError(server, error)));
  runRequest(legacyPeer(server, version), message, { ...outlet, finish: (_status, text) => answer(text), fail }, auth);
}
