import type { IncomingMessage, ServerResponse } from "node:http";
import { ready } from "../protocol/application.js";
import { errorCodes, McpError } from "../protocol/errors.js";
import type { Server } from "../protocol/exchange.js";
import { errorMessage } from "../protocol/json-rpc.js";
import {
  admit,
  bodyTooLong,
  corsHeaders,
  longestBody,
  notStarted,
  type Refusal,
} from "../transports/http/admission.js";
import {
  eventStream,
  eventText,
  keepAlive,
  keepAliveMs,
  namedEventText,
  retryText,
} from "../transports/http/events.js";
import {
  pathOf,
  type Endpoint,
  type Headers,
  type HttpOptions,
  type HttpReply,
  type HttpRequest,
  type Running,
} from "../transports/http/exchange.js";
import { createRoutes, type Routes } from "../transports/http/routes.js";

/** A listener of `node:http`; also a handler of Express and of whatever else passes Node's own objects. */
export type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/** In bytes. */
const mostBuffered = 4 * 1024 * 1024;

/** What frameworks add to Node's request: the address before a prefix was cut off, a body already parsed. */
interface Mounted {
  readonly originalUrl?: string;
  readonly body?: unknown;
}

/**
 * Serves the MCP endpoint at `options.path`, wherever it is mounted. A body that a framework has parsed is taken as
 * it is.
 */
export function createListener(server: Server, options: HttpOptions): Listener {
  const routes = createRoutes(server, options);
  const answer: Listener = (incoming, response) => {
    const request: HttpRequest = {
      method: incoming.method ?? "",
      url: (incoming as Mounted).originalUrl ?? incoming.url ?? "/",
      header: (name) => {
        const value = incoming.headers[name];
        return typeof value === "string" ? value : value?.join(", ");
      },
    };
    const endpoint = find(incoming, request, routes);
    const refusal = endpoint === undefined ? nothingHere(options) : admit(request, options);
    if (endpoint === undefined || refusal !== undefined) return refuse(incoming, response, refusal!);
    const reply = replyTo(response, corsHeaders(request));
    if (request.method === "OPTIONS") return reply.send(204);
    if (request.method !== "POST") return follow(response, endpoint.open(request, reply));
    const { body } = incoming as Mounted;
    if (body !== undefined && incoming.readableEnded) {
      const running =
        typeof body === "string" ? endpoint.post(request, body, reply) : endpoint.postParsed(request, body, reply);
      return follow(response, running);
    }
    read(incoming, (text) => {
      if (typeof text !== "string") return refuse(incoming, response, text);
      follow(response, endpoint.post(request, text, reply));
    });
  };
  return (incoming, response) => {
    const started = ready(server);
    if (started === true) return answer(incoming, response);
    void started.then((can) => (can ? answer(incoming, response) : refuse(incoming, response, notStarted)));
  };
}

/** Under a prefix that a framework has cut off, what is left is the MCP endpoint. */
function find(incoming: IncomingMessage, { url }: HttpRequest, routes: Routes): Endpoint | undefined {
  const mounted = (incoming as Mounted).originalUrl !== undefined && pathOf(incoming.url ?? "/") === "/";
  return routes.at(pathOf(url)) ?? (mounted ? routes.mcp : undefined);
}

function nothingHere({ path }: HttpOptions): Refusal {
  return { status: 404, message: `nothing here; the MCP endpoint is ${path}` };
}

/**
 * The whole body, or why not. The rest of a refused one is read and dropped: a connection closed under a client that
 * still writes would keep the refusal from it. A client that hangs up gets no answer. */
function read(incoming: IncomingMessage, done: (text: string | Refusal) => void): void {
  const chunks: Buffer[] = [];
  let length = 0;
  let refused = false;
  incoming.on("data", (chunk: Buffer) => {
    length += chunk.length;
    if (length <= longestBody) chunks.push(chunk);
    else if (!refused) {
      refused = true;
      done(bodyTooLong());
    }
  });
  incoming.on("end", () => {
    if (!refused) done(chunks.length === 1 ? chunks[0]!.toString() : Buffer.concat(chunks, length).toString());
  });
  incoming.on("error", () => {});
}

function follow(response: ServerResponse, running: Running | undefined): void {
  if (running === undefined) return;
  response.on("close", () => {
    if (!response.writableFinished) running.abandon();
  });
}

function replyTo(response: ServerResponse, always: Headers = {}): HttpReply {
  response.on("error", () => {});
  return {
    send(status, body, headers) {
      if (response.destroyed) return;
      if (body === undefined) {
        response.writeHead(status, { ...(status !== 204 && { "content-length": 0 }), ...always, ...headers }).end();
        return;
      }
      const bytes = typeof body === "string" ? Buffer.from(body) : body;
      response
        .writeHead(status, {
          "content-type": "application/json",
          "content-length": bytes.length,
          ...always,
          ...headers,
        })
        .end(bytes);
    },
    open(headers) {
      if (response.destroyed) return;
      response.writeHead(200, { ...eventStream, ...always, ...headers });
      response.flushHeaders();
      const beat = setInterval(() => response.write(keepAlive), keepAliveMs);
      response.on("close", () => clearInterval(beat));
    },
    event: (message, id) => write(response, eventText(message, id)),
    named: (name, data, id) => write(response, namedEventText(name, data, id)),
    retry: (milliseconds) => write(response, retryText(milliseconds)),
    close() {
      response.end();
    },
  };
}

/** A client that does not read is dropped before what waits for it fills the memory. */
function write(response: ServerResponse, text: string): void {
  if (response.destroyed) return;
  if (response.writableLength > mostBuffered) response.destroy();
  else response.write(text);
}

/** The body is JSON-RPC's error without an id: what was refused is not read as a message. */
function refuse(incoming: IncomingMessage, response: ServerResponse, { status, message, headers }: Refusal): void {
  incoming.resume();
  replyTo(response).send(status, errorMessage(undefined, new McpError(errorCodes.invalidRequest, message)), headers);
}
