import type { IncomingMessage, ServerResponse } from "node:http";
import { unexpectedError } from "../protocol/connection.js";
import { errorCodes, McpError } from "../protocol/errors.js";
import type { Server } from "../protocol/exchange.js";
import { errorMessage, type Outgoing } from "../protocol/json-rpc.js";
import {
  eventStream,
  eventText,
  isStalled,
  keepAlive,
  keepAliveMs,
  namedEventText,
  retryText,
} from "../transports/http/events.js";
import { createUnread, unbookedUnreadBytes, type Unread } from "../transports/http/bookings.js";
import type { Headers, HttpReply, HttpRequest, Refusal, Running } from "../transports/http/endpoint.js";

/** The maximum text, in characters, that is held back for the first packet. */
const maxBuffered = 64 * 1024;

/** The maximum number of pipelined requests on one connection. */
const maxPipelined = 64;

function ignore(): void {}

/** Answers through Node's response. */
export class NodeReply implements HttpReply {
  /** Headers of every answer. */
  always: Headers | undefined;
  readonly #server: Server;
  readonly #incoming: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #request: HttpRequest;
  readonly #keepAliveMs: number;
  /** The booking of unread output, if there is much. */
  #unread: Unread | undefined;
  /** Events that are held back until the first turn ends, so that they leave with the headers. */
  #held: string | undefined;
  #headers: Headers | undefined;

  constructor(
    server: Server,
    incoming: IncomingMessage,
    response: ServerResponse,
    request: HttpRequest,
    silentMs = keepAliveMs,
  ) {
    this.#server = server;
    this.#request = request;
    this.#keepAliveMs = silentMs;
    this.#incoming = incoming;
    this.#response = response;
  }

  /** Whether the client has disconnected. A pipelined response does not know; the socket does. */
  get isGone(): boolean {
    return this.#response.destroyed || this.#incoming.socket?.destroyed;
  }

  send(status: number, body?: Outgoing, headers?: Headers): void {
    if (this.isGone) return;
    try {
      this.#send(status, body, headers);
    } catch (error) {
      this.fail(error);
    }
  }

  #send(status: number, body?: Outgoing, headers?: Headers): void {
    const response = this.#response;
    if (body === undefined) {
      const empty = status === 204 ? {} : { "content-length": 0 };
      response.writeHead(status, { ...empty, ...this.always, ...headers }).end();
      return;
    }
    const text = typeof body === "string" ? body : body.head;
    const length = Buffer.byteLength(text) + (typeof body === "string" ? 0 : body.ready.bytes.length);
    const own = { "content-type": "application/json", "content-length": length };
    const plain = this.always === undefined && headers === undefined;
    response.writeHead(status, plain ? own : { ...own, ...this.always, ...headers });
    // A string leaves in one packet with the headers; bytes would not.
    if (typeof body === "string") response.end(body);
    else {
      response.write(text);
      response.end(body.ready.bytes);
    }
    this.#measure();
  }

  /** Books the unread output of a slow client. */
  #measure(): void {
    const response = this.#response;
    if (response.writableLength <= unbookedUnreadBytes && this.#unread === undefined) return;
    if (this.#unread === undefined) {
      const unread = createUnread(this.#server, this.#request, () => response.destroy());
      this.#unread = unread;
      response.on("drain", () => unread.measure(response.writableLength));
      response.on("finish", unread.release).on("close", unread.release);
    }
    this.#unread.measure(response.writableLength);
  }

  /** Sends a refusal as a JSON-RPC error without an id, because the message was not read. */
  refuse({ status, message, headers }: Refusal): void {
    this.#incoming.resume();
    this.send(status, errorMessage(undefined, new McpError(errorCodes.invalidRequest, message)), headers);
  }

  fail(error: unknown): void {
    const problem = unexpectedError(this.#server, error);
    this.#held = undefined;
    this.always = undefined;
    const response = this.#response;
    if (this.isGone) return;
    try {
      if (!response.headersSent) return this.#send(500, errorMessage(undefined, problem));
    } catch {
      // Middleware may have replaced methods of the response.
    }
    if (!response.writableFinished) response.destroy();
  }

  open(headers?: Headers): void {
    if (this.isGone) return;
    this.#held = "";
    this.#headers = headers;
    setImmediate(() => this.#flow());
  }

  /** Sends the headers and the buffered events. Later events are sent at once. */
  #flow(): void {
    const response = this.#response;
    const held = this.#held;
    if (held === undefined || this.isGone) return;
    try {
      response.writeHead(200, { ...eventStream, ...this.always, ...this.#headers });
    } catch (error) {
      return this.fail(error);
    }
    this.#held = undefined;
    // The client may disconnect between two events.
    response.on("error", ignore);
    const beat = setInterval(() => this.#put(keepAlive), this.#keepAliveMs);
    response.on("close", () => clearInterval(beat));
    if (held !== "") this.#put(held);
    else response.flushHeaders();
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
    if (this.isGone || response.writableEnded) return;
    if (this.#held !== undefined) {
      this.#held += text;
      if (this.#held.length > maxBuffered) this.#flow();
    } else if (isStalled(response.writableLength, awaited)) response.destroy();
    else {
      this.#put(text);
      this.#measure();
    }
  }

  #put(text: string): void {
    try {
      this.#response.write(text);
    } catch (error) {
      this.fail(error);
    }
  }

  close(): void {
    const response = this.#response;
    const held = this.#held;
    if (held === undefined) return void response.end();
    this.#held = undefined;
    if (this.isGone) return;
    const length = { "content-length": Buffer.byteLength(held) };
    try {
      response.writeHead(200, { ...eventStream, ...length, ...this.always, ...this.#headers }).end(held);
    } catch (error) {
      return this.fail(error);
    }
    this.#measure();
  }

  /** Abandons the call when the client disconnects before the answer. */
  follow(running: Running | undefined): void {
    if (running === undefined) return;
    if (this.isGone) return running.abandon();
    const response = this.#response;
    const leave = (): void => {
      if (!response.writableFinished) running.abandon();
    };
    response.on("close", leave);
    // A pipelined response has no socket yet, so it gets no event when the connection closes.
    if (response.socket !== null) return;
    const { socket } = this.#incoming;
    // Node stops reading from a client with pending answers, and would not notice that it disconnects.
    if (socket.listenerCount("close") > maxPipelined) {
      socket.destroy();
      return running.abandon();
    }
    socket.setMaxListeners(0).on("close", leave);
    response.on("close", () => socket.off("close", leave));
  }
}
