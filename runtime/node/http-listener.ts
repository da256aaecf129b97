import type { IncomingMessage, ServerResponse } from "node:http";
import { errorCodes, McpError } from "../protocol/errors.js";
import type { Server } from "../protocol/exchange.js";
import { errorMessage } from "../protocol/json-rpc.js";
import { admit, bodyTooLong, longestBody, type Refusal } from "../transports/http/admission.js";
import { eventStream, eventText, keepAlive, keepAliveMs } from "../transports/http/events.js";
import type { HttpOptions, HttpReply, HttpRequest, Running } from "../transports/http/exchange.js";
import { createEndpoint } from "../transports/http/streamable.js";

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
  const endpoint = createEndpoint(server, options);
  return (incoming, response) => {
    const request: HttpRequest = {
      method: incoming.method ?? "",
      header: (name) => {
        const value = incoming.headers[name];
        return typeof value === "string" ? value : value?.join(", ");
      },
    };
    const refusal = find(incoming, options) ?? admit(request, options);
    if (refusal !== undefined) return refuse(incoming, response, refusal);
    const reply = replyTo(response);
    if (request.method !== "POST") return follow(response, endpoint.open(request, reply));
    const { body } = incoming as Mounted;
    if (body !== undefined && incoming.readableEnded) {
      const running = typeof body === "string" ? endpoint.post(request, body, reply) : endpoint.postParsed(request, body, reply);
      return follow(response, running);
    }
    read(incoming, (text) => {
      if (typeof text !== "string") return refuse(incoming, response, text);
      follow(response, endpoint.post(request, text, reply));
    });
  };
}

function find(incoming: IncomingMessage, { path }: HttpOptions): Refusal | undefined {
  const url = (incoming as Mounted).originalUrl ?? incoming.url ?? "/";
  const mounted = (incoming as Mounted).originalUrl !== undefined && pathOf(incoming.url ?? "/") === "/";
  if (mounted || pathOf(url) === path) return undefined;
  return { status: 404, message: `nothing here; the MCP endpoint is ${path}` };
}

function pathOf(url: string): string {
  const end = url.search(/[?#]/);
  return end === -1 ? url : url.slice(0, end);
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

function replyTo(response: ServerResponse): HttpReply {
  response.on("error", () => {});
  return {
    send(status, body, headers) {
      if (response.destroyed) return;
      if (body === undefined) {
        response.writeHead(status, { "content-length": 0, ...headers }).end();
        return;
      }
      const bytes = typeof body === "string" ? Buffer.from(body) : body;
      response.writeHead(status, { "content-type": "application/json", "content-length": bytes.length, ...headers }).end(bytes);
    },
    open(headers) {
      if (response.destroyed) return;
      response.writeHead(200, { ...eventStream, ...headers });
      response.flushHeaders();
      const beat = setInterval(() => response.write(keepAlive), keepAliveMs);
      response.on("close", () => clearInterval(beat));
    },
    event(message, id) {
      if (response.destroyed) return;
      // A client that does not read is dropped before what waits for it fills the memory.
      if (response.writableLength > mostBuffered) response.destroy();
      else response.write(eventText(message, id));
    },
    close() {
      response.end();
    },
  };
}

/** The body is JSON-RPC's error without an id: what was refused is not read as a message. */
function refuse(incoming: IncomingMessage, response: ServerResponse, { status, message, headers }: Refusal): void {
  incoming.resume();
  replyTo(response).send(status, errorMessage(undefined, new McpError(errorCodes.invalidRequest, message)), headers);
}
