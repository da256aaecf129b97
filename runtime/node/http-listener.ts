import type { IncomingMessage, ServerResponse } from "node:http";
import { ready } from "../protocol/application.js";
import { errorCodes, McpError } from "../protocol/errors.js";
import type { Server } from "../protocol/exchange.js";
import type { Auth } from "../protocol/handlers.js";
import { errorMessage, type Outgoing } from "../protocol/json-rpc.js";
import { admit, corsHeaders, longestBody, notStarted } from "../transports/http/admission.js";
import {
  eventStream,
  eventText,
  isDeaf,
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
  type Refusal,
  type Running,
} from "../transports/http/exchange.js";
import { probed } from "../transports/http/probes.js";
import { createRoutes, type Routes } from "../transports/http/routes.js";
import { readBody } from "./request-body.js";

/** A listener of `node:http`; also a handler of Express and of whatever else passes Node's own objects. */
export type Listener = (request: IncomingMessage, response: ServerResponse) => void;

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
  const most = options.maxBodyBytes ?? longestBody;
  const take: Listener = (incoming, response) => {
    const request = new NodeRequest(incoming);
    const endpoint = find(incoming, request, routes);
    if (endpoint === undefined) return refuse(incoming, response, nothingHere(options));
    const refusal = admit(server, endpoint, request, options);
    if (refusal instanceof Promise)
      void refusal.then((settled) => answer(incoming, response, endpoint, request, settled, most));
    else answer(incoming, response, endpoint, request, refusal, most);
  };
  return (incoming, response) => {
    if (server.health !== undefined && probed(server, new NodeRequest(incoming), new NodeReply(response))) return;
    const started = ready(server);
    if (started === true) return take(incoming, response);
    void started.then((can) => (can ? take(incoming, response) : refuse(incoming, response, notStarted)));
  };
}

function answer(
  incoming: IncomingMessage,
  response: ServerResponse,
  endpoint: Endpoint,
  request: HttpRequest,
  refusal: Refusal | undefined,
  most: number,
): void {
  const always = corsHeaders(request, endpoint);
  if (refusal !== undefined) return refuse(incoming, response, refusal, refusal.status === 403 ? undefined : always);
  const reply = new NodeReply(response, always);
  if (request.method === "OPTIONS") return reply.send(204);
  if (request.method !== "POST") return follow(response, endpoint.open(request, reply));
  const { body } = incoming as Mounted;
  if (body !== undefined && incoming.readableEnded) {
    const running =
      typeof body === "string" ? endpoint.post(request, body, reply) : endpoint.postParsed(request, body, reply);
    return follow(response, running);
  }
  readBody(incoming, most, (text) => {
    if (typeof text !== "string") return refuse(incoming, response, text, always);
    follow(response, endpoint.post(request, text, reply));
  });
}

/** Under a prefix that a framework has cut off, what is left counts as well; nothing at all is the MCP endpoint. */
function find(incoming: IncomingMessage, { url }: HttpRequest, routes: Routes): Endpoint | undefined {
  const found = routes.at(pathOf(url));
  if (found !== undefined || (incoming as Mounted).originalUrl === undefined) return found;
  const rest = pathOf(incoming.url ?? "/");
  return routes.at(rest) ?? (rest === "/" ? routes.mcp : undefined);
}

function nothingHere({ path }: HttpOptions): Refusal {
  return { status: 404, message: `nothing here; the MCP endpoint is ${path}` };
}

function ignore(): void {}

function follow(response: ServerResponse, running: Running | undefined): void {
  if (running === undefined) return;
  response.on("close", () => {
    if (!response.writableFinished) running.abandon();
  });
}

/** Node's request as it is: headers are looked up, not copied. */
class NodeRequest implements HttpRequest {
  readonly method: string;
  readonly url: string;
  auth?: Auth;
  readonly #headers: IncomingMessage["headers"];
  readonly #incoming: IncomingMessage;

  constructor(incoming: IncomingMessage) {
    this.#incoming = incoming;
    this.method = incoming.method ?? "";
    this.url = (incoming as Mounted).originalUrl ?? incoming.url ?? "/";
    this.#headers = incoming.headers;
  }

  get remote(): string | undefined {
    return this.#incoming.socket.remoteAddress;
  }

  header(name: string): string | undefined {
    const value = this.#headers[name];
    return typeof value === "object" ? value.join(", ") : value;
  }
}

/** In characters: more leaves at once. */
const mostHeld = 64 * 1024;

class NodeReply implements HttpReply {
  readonly #response: ServerResponse;
  readonly #always: Headers | undefined;
  /** Of a stream that has just been opened: what was told since, to leave in one piece with its headers. */
  #held: string | undefined;
  #headers: Headers | undefined;

  constructor(response: ServerResponse, always?: Headers) {
    this.#response = response;
    this.#always = always;
  }

  send(status: number, body?: Outgoing, headers?: Headers): void {
    const response = this.#response;
    if (response.destroyed) return;
    if (body === undefined) {
      const empty = status === 204 ? {} : { "content-length": 0 };
      response.writeHead(status, { ...empty, ...this.#always, ...headers }).end();
      return;
    }
    const text = typeof body === "string" ? body : body.head;
    const length = Buffer.byteLength(text) + (typeof body === "string" ? 0 : body.ready.bytes.length);
    const own = { "content-type": "application/json", "content-length": length };
    const plain = this.#always === undefined && headers === undefined;
    response.writeHead(status, plain ? own : { ...own, ...this.#always, ...headers });
    // A text leaves in one piece with the headers, as bytes would not.
    if (typeof body === "string") return void response.end(body);
    response.write(text);
    response.end(body.ready.bytes);
  }

  open(headers?: Headers): void {
    if (this.#response.destroyed) return;
    this.#held = "";
    this.#headers = headers;
    setImmediate(() => this.#flow());
  }

  /** From now on what is told leaves at once. */
  #flow(): void {
    const response = this.#response;
    const held = this.#held;
    if (held === undefined || response.destroyed) return;
    this.#held = undefined;
    response.writeHead(200, { ...eventStream, ...this.#always, ...this.#headers });
    // Of a client that goes away between two events.
    response.on("error", ignore);
    const beat = setInterval(() => response.write(keepAlive), keepAliveMs);
    response.on("close", () => clearInterval(beat));
    if (held === "") response.flushHeaders();
    else response.write(held);
  }

  event(message: Outgoing | undefined, id?: string, awaited?: boolean): void {
    this.#write(eventText(message, id), awaited);
  }

  named(name: string, data: string, id?: string): void {
    this.#write(namedEventText(name, data, id));
  }

  retry(milliseconds: number): void {
    this.#write(retryText(milliseconds));
  }

  #write(text: string, awaited?: boolean): void {
    const response = this.#response;
    if (response.destroyed) return;
    if (this.#held !== undefined) {
      this.#held += text;
      if (this.#held.length > mostHeld) this.#flow();
    } else if (isDeaf(response.writableLength, awaited)) response.destroy();
    else response.write(text);
  }

  close(): void {
    const response = this.#response;
    const held = this.#held;
    if (held === undefined) return void response.end();
    this.#held = undefined;
    if (response.destroyed) return;
    const length = { "content-length": Buffer.byteLength(held) };
    response.writeHead(200, { ...eventStream, ...length, ...this.#always, ...this.#headers }).end(held);
  }
}

/** The body is JSON-RPC's error without an id: what was refused is not read as a message. */
function refuse(
  incoming: IncomingMessage,
  response: ServerResponse,
  { status, message, headers }: Refusal,
  always?: Headers,
): void {
  incoming.resume();
  new NodeReply(response, always).send(
    status,
    errorMessage(undefined, new McpError(errorCodes.invalidRequest, message)),
    headers,
  );
}
