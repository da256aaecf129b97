import { isAscii } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { Server } from "../protocol/exchange.js";
import { bodyTooLong, checkEncoding } from "../transports/http/admission.js";
import { callerOf } from "../protocol/caller.js";
import { bookBody, noRoomForBody } from "../transports/http/bookings.js";
import type { HttpRequest, Refusal } from "../transports/http/endpoint.js";
import { largeMessage, takeTurn } from "../transports/http/turns.js";

/** A consumer of the chunks of a body. */
interface Sink {
  add(chunk: Buffer): void;
  end(): void;
}

interface DirectRequest extends IncomingMessage {
  sink: Sink | undefined;
}

/**
 * Returns a request class that passes body chunks on directly, without a stream's buffers, events and ticks: a sixth
 * of the cost of a small exchange. Node's parser calls `push` with each chunk, and with `null` at the end.
 */
export function directRequests(Incoming: typeof IncomingMessage): typeof IncomingMessage {
  // Other runtimes deliver bodies in other ways.
  if ("bun" in process.versions || "deno" in process.versions) return Incoming;
  return class extends Incoming implements DirectRequest {
    sink: Sink | undefined = undefined;

    override push(chunk: Buffer | null): boolean {
      const { sink } = this;
      if (sink === undefined) return super.push(chunk);
      if (chunk === null) sink.end();
      else sink.add(chunk);
      return true;
    }
  };
}

/** Members that middleware adds to Node's request: a parsed body, or the raw body. */
interface WithBody {
  readonly body?: unknown;
  readonly rawBody?: unknown;
}

/** A body that middleware has read: its text, or its parsed value. */
export type GivenBody = { readonly text: string } | { readonly value: unknown } | Refusal;

const bodyAlreadyRead: Refusal = {
  status: 500,
  message:
    'something else has read the body of this request; hand it over as "request.body" or "request.rawBody", or let the MCP server read it first',
};

/** Returns the body that middleware has read, or a refusal if it is lost; `undefined` if it has not been read. */
export function givenBody(incoming: IncomingMessage): GivenBody | undefined {
  if (!incoming.readableDidRead && !incoming.readableEnded) return undefined;
  const { body, rawBody } = incoming as WithBody;
  const given = body === undefined ? rawBody : body;
  if (given === undefined) return bodyAlreadyRead;
  if (typeof given === "string") return { text: given };
  return given instanceof Uint8Array ? { text: new TextDecoder().decode(given) } : { value: given };
}

/**
 * Reads the body, or refuses it. The rest of a refused body is read and dropped, since closing the connection during
 * the upload would lose the refusal. A client that disconnects gets no answer.
 */
export function readBody(
  server: Server,
  incoming: IncomingMessage,
  request: HttpRequest,
  reply: { readonly isGone: boolean },
  most: number,
  done: (text: string | Refusal) => void,
): void {
  const encoded = checkEncoding(request);
  if (encoded !== undefined) return done(encoded);
  const evict = (): void => body.fail(noRoomForBody);
  const close = (): void => {
    // A complete body may still wait for its turn. In HTTP/2 a stream can break off while the connection stays.
    if (incoming.complete && !incoming.aborted && !reply.isGone) return;
    request.body?.release();
    body.drop();
  };
  const book = (length: number): boolean => {
    const isFirst = request.body === undefined;
    const isBooked = bookBody(server, request, length, evict);
    // The client may disconnect before the body is complete.
    if (isFirst && request.body !== undefined) incoming.on("close", close);
    return isBooked;
  };
  const body: Body = new Body(request, most, book, done);
  // Chunks that arrived earlier are in the stream.
  if ("sink" in incoming && !incoming.complete && incoming.readableLength === 0)
    (incoming as DirectRequest).sink = body;
  else {
    incoming.on("data", (chunk: Buffer) => body.add(chunk));
    incoming.on("end", () => body.end());
    incoming.on("error", () => {});
    // Middleware may have paused the stream.
    incoming.resume();
  }
}

class Body implements Sink {
  readonly #request: HttpRequest;
  readonly #most: number;
  readonly #book: (length: number) => boolean;
  readonly #done: (text: string | Refusal) => void;
  #first: Buffer | undefined;
  /** Further chunks. Most bodies have only one. */
  #more: Buffer[] | undefined;
  #length = 0;

  /** `book` returns false if there is no room for the length. */
  constructor(
    request: HttpRequest,
    most: number,
    book: (length: number) => boolean,
    done: (text: string | Refusal) => void,
  ) {
    this.#request = request;
    this.#most = most;
    this.#book = book;
    this.#done = done;
  }

  add(chunk: Buffer): void {
    if (this.#length > this.#most) return;
    this.#length += chunk.length;
    if (this.#length > this.#most) this.fail(bodyTooLong(this.#most));
    else if (!this.#book(this.#length)) this.fail(noRoomForBody);
    else if (this.#first === undefined) this.#first = chunk;
    else (this.#more ??= []).push(chunk);
  }

  fail(refusal: Refusal): void {
    this.drop();
    this.#done(refusal);
  }

  /** Drops received and future chunks. */
  drop(): void {
    this.#length = Infinity;
    this.#first = this.#more = undefined;
  }

  end(): void {
    if (this.#length <= largeMessage) return this.#finish();
    const { auth, remote } = this.#request;
    if (this.#length <= this.#most) takeTurn(callerOf(auth, remote), () => this.#finish());
  }

  #finish(): void {
    // The body may have been dropped while it waited.
    if (this.#length > this.#most) return;
    const first = this.#first;
    if (first === undefined) this.#done("");
    else if (this.#more === undefined) this.#done(textOf(first));
    else this.#done(textOf(Buffer.concat([first, ...this.#more], this.#length)));
  }
}

/** Decodes UTF-8. Node decodes long ASCII, as most JSON is, ten times faster as Latin 1. */
function textOf(bytes: Buffer): string {
  return bytes.length > largeMessage && isAscii(bytes) ? bytes.toString("latin1") : bytes.toString();
}
