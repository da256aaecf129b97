import type {} from "../../protocol/parts.js";
import { onExpiry, identityOf } from "../../protocol/auth.js";
import { callerOf } from "../../protocol/caller.js";
import { connect, unexpectedError, type Connection, type Send } from "../../protocol/connection.js";
import { full, invalidRequest } from "../../protocol/errors.js";
import type { Server } from "../../protocol/exchange.js";
import { errorMessage } from "../../protocol/json-rpc.js";
import { takeBody, weightOf } from "../../protocol/ledger.js";
import { observeRefusedMessage } from "../../protocol/observe.js";
import { parseMessage } from "../../protocol/parse-message.js";
import { noRoomForMessage, pathOf, queryOf, unavailable, type Endpoint, type SseOptions } from "./endpoint.js";
import { defaultMaxSessions, sessionBytes } from "./sessions.js";

/**
 * Creates the endpoints of HTTP+SSE, the transport of 2024-11-05: a stream announces the address for messages and
 * carries all answers.
 */
export function createLegacySse(
  server: Server,
  options: SseOptions,
  maxSessions = defaultMaxSessions,
): Readonly<Record<"stream" | "messages", Endpoint>> {
  const connections = new Map<string, { readonly connection: Connection; readonly owner: string | undefined }>();
  const refuse = (message: string): string => errorMessage(undefined, invalidRequest(message));
  const notServed: Endpoint["open"] = ({ method }, reply) =>
    reply.send(405, refuse(`${method} is not served here`), { allow: "GET" }) as undefined;

  const stream: Endpoint = {
    access: "sse",
    post: (request, _body, reply) => notServed(request, reply),
    postParsed: (request, _body, reply) => notServed(request, reply),
    open(request, reply) {
      if (request.method !== "GET") return notServed(request, reply);
      const { auth, remote } = request;
      const caller = callerOf(auth, remote);
      const refusal = server.admit?.({ method: "open", caller });
      if (refusal !== undefined) return unavailable(reply, refusal);
      const close = (reason: Error): void => {
        end(reason);
        reply.close();
      };
      const refused = full("too many clients are connected");
      const item = { kind: "sse", most: maxSessions, caller };
      const booking = server.ledger.book(item, () => close(refused), sessionBytes);
      if (booking === undefined) return unavailable(reply, refused);
      const id = crypto.randomUUID();
      const send: Send = (message, awaited) => reply.event(message, undefined, awaited);
      const connection = connect(server, send, auth, {
        remote,
        booking,
        ...(!globalThis.mcpcWithoutObservers && request.network && { network: request.network }),
      });
      const ending = { deliver: () => {}, end: () => {}, close: () => reply.close() };
      server.subscribers.add(ending);
      connections.set(id, { connection, owner: identityOf(request.auth) });
      const stop = onExpiry(auth, () => close(new Error("the credentials have expired")));
      reply.open();
      const base = pathOf(options.path);
      const endpoint = relative(endsWithSlash(request.url) ? `${base}/` : base, pathOf(options.messagesPath));
      reply.named("endpoint", `${endpoint}?sessionId=${id}`);
      const end = (reason: Error): void => {
        stop();
        server.subscribers.delete(ending);
        connections.delete(id);
        booking.release();
        connection.close(reason);
      };
      return { abandon: () => end(new Error("the client disconnected")) };
    },
  };

  const receive: Endpoint["postParsed"] = (request, message, reply) => {
    const { connection, owner } = connections.get(queryOf(request.url).get("sessionId") ?? "") ?? {};
    if (connection === undefined || owner !== identityOf(request.auth)) {
      const error = invalidRequest("there is no such session; open one with GET");
      if (!globalThis.mcpcWithoutObservers)
        observeRefusedMessage(server, message, { notify: () => {}, request }, request.auth, error);
      return reply.send(404, errorMessage(undefined, error)) as undefined;
    }
    if (request.body?.resize(weightOf(message)) === false) return unavailable(reply, noRoomForMessage());
    try {
      connection.receive(message, request.auth, takeBody(request));
      return reply.send(202) as undefined;
    } catch (error) {
      return reply.send(500, errorMessage(undefined, unexpectedError(server, error))) as undefined;
    }
  };
  const messages: Endpoint = {
    access: "sse",
    post(request, body, reply) {
      const message = parseMessage(body, (error, id) => reply.send(400, errorMessage(id, error)));
      return message === undefined ? undefined : receive(request, message, reply);
    },
    postParsed: receive,
    open: ({ method }, reply) =>
      reply.send(405, refuse(`${method} is not served here; send messages with POST`), { allow: "POST" }) as undefined,
  };
  return { stream, messages };
}

/** Returns whether a URL's path ends with a slash, which makes relative references start one level lower. */
function endsWithSlash(url: string): boolean {
  return /^[^?#]+\/(?:[?#]|$)/.test(url);
}

/**
 * Returns `target` as a reference relative to `base`, as clients resolve it. A proxy may serve both under a prefix
 * that the server does not see.
 */
function relative(base: string, target: string): string {
  const from = base.split("/").slice(0, -1);
  const to = target.split("/");
  let common = 0;
  while (common < from.length && common < to.length - 1 && from[common] === to[common]) common += 1;
  const rest = to.slice(common).join("/");
  // A first segment with a colon would be read as a scheme, an empty one as none.
  const here = /^(?:\/|$|[^/]*:)/.test(rest) ? "./" : "";
  return ("../".repeat(from.length - common) || here) + rest;
}
