import { isAscii } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { Server } from "../protocol/exchange.js";
import { bodyTooLong, checkEncoding } from "../transports/http/admission.js";
import { callerOf } from "../protocol/caller.js";
import { bookBody, noRoomForBody } from "../transports/http/bookings.js";
import type { HttpRequest, Refusal } from "../transports/http/endpoint.js";
import { largeMessage, takeTurn } from "../transports/http/turns.js";

/** Takes a body as it comes in. */
interface Sink {
  add(chunk: Buffer): void;
  end(): void;
}

interface DirectRequest extends IncomingMessage {
  sink: Sink | undefined;
}

/**
 * Node's requests, able to hand their bodies over without a stream's buffers, events and ticks: a sixth of what a small
 * exchange costs. Node's parser gives a request its body with `push`, and `null` at its end.
 */
export function directRequests(Incoming: typeof IncomingMessage): typeof IncomingMessage {
  // Elsewhere a class of its own may be taken, and its bodies come in other ways.
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

/** Members that middleware adds to Node's request: a parsed body, and the bytes or the text that it read. */
interface WithBody {
  readonly body?: unknown;
  readonly rawBody?: unknown;
}

/** A body that middleware has read: its text, or the value that the text was parsed to. */
export type GivenBody = { readonly text: string } | { readonly value: unknown } | Refusal;

const bodyAlreadyRead: Refusal = {
  status: 500,
  message:
    'something else has read the body of this request; hand it over as "request.body" or "request.rawBody", or let the MCP server read it first',
};

/** Returns the body that middleware has read, or why it cannot be had; `undefined` while nothing has read it. */
export function givenBody(incoming: IncomingMessage): GivenBody | undefined {
  if (!incoming.readableDidRead && !incoming.readableEnded) return undefined;
  const { body, rawBody } = incoming as WithBody;
  const given = body === undefined ? rawBody : body;
  if (given === undefined) return bodyAlreadyRead;
  if (typeof given === "string") return { text: given };
  return given instanceof Uint8Array ? { text: new TextDecoder().decode(given) } : { value: given };
}

/**
 * Reads the whole body, or tells why not. The rest of a refused one is read and dropped: a connection closed under a
 * client that still writes would keep the refusal from it. A client that hangs up gets no answer.
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
    // A body that is whole may wait for its turn. In HTTP/2 one stream is broken off, and not the connection.
    if (incoming.complete && !incoming.aborted && !reply.isGone) return;
    request.body?.release();
    body.drop();
  };
  const book = (length: number): boolean => {
    const isFirst = request.body === undefined;
    const isBooked = bookBody(server, request, length, evict);
    // The client may hang up before the body is whole.
    if (isFirst && request.body !== undefined) incoming.on("close", close);
    return isBooked;
  };
  const body: Body = new Body(request, most, book, done);
  // What came before somebody asked for it is in the stream.
  if ("sink" in incoming && !incoming.complete && incoming.readableLength === 0)
    (incoming as DirectRequest).sink = body;
  else {
    incoming.on("data", (chunk: Buffer) => body.add(chunk));
    incoming.on("end", () => body.end());
    incoming.on("error", () => {});
    // Middleware may have paused it.
    incoming.resume();
  }
}

class Body implements Sink {
  readonly #request: HttpRequest;
  readonly #most: number;
  readonly #book: (length: number) => boolean;
  readonly #done: (text: string | Refusal) => void;
  #first: Buffer | undefined;
  /** There rarely is more than one piece. */
  #more: Buffer[] | undefined;
  #length = 0;

  /** `book` is false where there is no room for a body of this length. */
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

  /** Drops what has come, and what comes yet. */
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
    // It may have been dropped while it waited.
    if (this.#length > this.#most) return;
    const first = this.#first;
    if (first === undefined) this.#done("");
    else if (this.#more === undefined) this.#done(textOf(first));
    else this.#done(textOf(Buffer.concat([first, ...this.#more], this.#length)));
  }
}

/** Decodes UTF-8. Node decodes long ASCII, which nearly all JSON is, ten times faster as Latin 1. */
function textOf(bytes: Buffer): string {
  return bytes.length > largeMessage && isAscii(bytes) ? bytes.toString("latin1") : bytes.toString();
}
