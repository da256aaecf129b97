import type {} from "../protocol/parts.js";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Server } from "../protocol/exchange.js";
import { errorMessage } from "../protocol/json-rpc.js";
import { bound } from "../protocol/observe.js";
import { isTooDeep, tooDeep } from "../protocol/parse-message.js";
import {
  corsHeaders,
  createAdmission,
  isForeign,
  defaultMaxBodyBytes,
  refuseUntilStarted,
} from "../transports/http/admission.js";
import { pathOf, type DeclaredHttp, type Endpoint, type Refusal } from "../transports/http/endpoint.js";
import { deferUntilRead } from "../transports/http/from-environment.js";
import { answerProbe } from "../transports/http/probes.js";
import { answerScrape } from "../transports/http/scrapes.js";
import { createRoutes, type Routes } from "../transports/http/routes.js";
import { NodeReply } from "./http-reply.js";
import { NodeRequest, pathAndQuery } from "./http-request.js";
import { givenBody, readBody } from "./request-body.js";

/** A listener of `node:http`. It also serves as a handler of Express and other frameworks that pass Node's objects. */
export type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Creates a listener that serves the MCP endpoint at `options.path`, wherever it is mounted. It accepts bodies that
 * middleware has read. Exceptions become answers, unless the client has disconnected.
 */
export function createListener(server: Server, options: DeclaredHttp): Listener {
  const routing = deferUntilRead(server, options, (read) => ({
    routes: createRoutes(server, read),
    admission: createAdmission(server, read),
  }));
  const most = options.maxBodyBytes ?? defaultMaxBodyBytes;

  function handle(incoming: IncomingMessage, request: NodeRequest, reply: NodeReply): void {
    const { routes, admission } = routing();
    const endpoint = find(incoming, request, routes);
    if (endpoint === undefined) return reply.refuse(routes.nothingHere);
    const verdict = admission.request(endpoint, request);
    if (!(verdict instanceof Promise)) return answer(incoming, endpoint, request, reply, verdict);
    whenSettled(verdict, reply, (refusal) => answer(incoming, endpoint, request, reply, refusal));
  }

  function answer(
    incoming: IncomingMessage,
    endpoint: Endpoint,
    request: NodeRequest,
    reply: NodeReply,
    refusal: Refusal | undefined,
  ): void {
    if (refusal === undefined || !isForeign(refusal)) reply.always = corsHeaders(request, endpoint);
    if (refusal !== undefined) return reply.refuse(refusal);
    if (request.method === "OPTIONS") return reply.send(204);
    if (request.method !== "POST") return reply.follow(endpoint.open(request, reply));
    const given = givenBody(incoming);
    if (given === undefined) {
      const receive = (text: string | Refusal): void => {
        try {
          // The client may disconnect while the message waits for its turn.
          if (reply.isGone) return;
          if (typeof text === "string") reply.follow(endpoint.post(request, text, reply));
          else reply.refuse(text);
        } catch (error) {
          reply.fail(error);
        } finally {
          // Code that outlives the message has taken over the booking.
          request.body?.release();
        }
      };
      // Bodies are received in the context of their connection, and wait in that of another request.
      return readBody(
        server,
        incoming,
        request,
        reply,
        most,
        globalThis.mcpcWithoutTelemetry ? receive : bound(server, receive),
      );
    }
    if ("status" in given) reply.refuse(given);
    else if ("text" in given) reply.follow(endpoint.post(request, given.text, reply));
    else if (isTooDeep(given.value)) reply.send(400, errorMessage(undefined, tooDeep()));
    else reply.follow(endpoint.postParsed(request, given.value, reply));
  }

  /** Tries the full path, then the path below a framework's prefix. Returns whether one of them is answered. */
  function isAnswered(
    by: typeof answerProbe,
    incoming: IncomingMessage,
    request: NodeRequest,
    reply: NodeReply,
  ): boolean {
    if (by(server, request, reply, pathOf(request.url))) return true;
    return "originalUrl" in incoming && by(server, request, reply, pathOf(pathAndQuery(incoming.url ?? "/")));
  }

  return (incoming, response) => {
    const request = new NodeRequest(incoming);
    const reply = new NodeReply(server, incoming, response, request, options.keepAliveMs);
    try {
      if (!globalThis.mcpcWithoutMetrics && isAnswered(answerScrape, incoming, request, reply)) return;
      if (server.health !== undefined && isAnswered(answerProbe, incoming, request, reply)) return;
      const starting = refuseUntilStarted(server);
      if (starting === undefined) return handle(incoming, request, reply);
      whenSettled(starting, reply, (refusal) => (refusal ? reply.refuse(refusal) : handle(incoming, request, reply)));
    } catch (error) {
      reply.fail(error);
    }
  };
}

/** Calls `next` with the settled value, unless the client has disconnected meanwhile. */
function whenSettled<Value>(promise: Promise<Value>, reply: NodeReply, next: (value: Value) => void): void {
  promise
    .then((value) => {
      if (!reply.isGone) next(value);
    })
    .catch((error: unknown) => reply.fail(error));
}

/**
 * Finds the endpoint by the full path, then by the path below a framework's prefix. An empty rest is the MCP endpoint.
 */
function find(incoming: IncomingMessage, { url }: NodeRequest, routes: Routes): Endpoint | undefined {
  const found = routes.at(pathOf(url));
  if (found !== undefined || !("originalUrl" in incoming)) return found;
  const rest = pathOf(pathAndQuery(incoming.url ?? "/"));
  return routes.at(rest) ?? (rest === "/" ? routes.mcp : routes.below(rest));
}
