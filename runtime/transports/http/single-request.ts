import type {} from "../../protocol/parts.js";
import { dispatch, response } from "../../protocol/dispatch.js";
import { busy, McpError, UnavailableError } from "../../protocol/errors.js";
import { Call, type Outlet, type Payload, type Peer } from "../../protocol/exchange.js";
import { maxCalls, noRoom, paramsMustBeObject } from "../../protocol/connection.js";
import type { Auth } from "../../protocol/handlers.js";
import { errorMessage, isObject, type Outgoing, type RequestMessage } from "../../protocol/json-rpc.js";
import { observeRefusal } from "../../protocol/observe.js";
import { takeBody, type Booking } from "../../protocol/ledger.js";
import { onSilence } from "./events.js";
import type { Headers, HttpOptions, HttpReply, HttpRequest, Running } from "./endpoint.js";

/** Returns whether the client accepts an event stream instead of JSON. */
export function acceptsStream(request: HttpRequest): boolean {
  return request.header("accept")?.includes("text/event-stream") === true;
}

/** The destination of the messages of one request. */
export interface Channel extends Outlet {
  /** Called when the answer takes time, until which the client may give up. */
  wait?(): void;
  stop?(): void;
  finish(status: number, answer: Outgoing, headers?: Headers): void;
  /** Logs an error, and answers with it. */
  fail(error: unknown): void;
}

/** Answers with JSON, or with an event stream from the first notification on, if the client accepts one. */
export class StreamableReply implements Channel {
  readonly request: HttpRequest;
  readonly #reply: HttpReply;
  readonly #only: boolean;
  readonly #keepAliveMs: number | undefined;
  #open = false;
  #silence: (() => void) | undefined;

  /** `only` means that JSON is no valid answer. */
  constructor(request: HttpRequest, reply: HttpReply, { keepAliveMs }: Pick<HttpOptions, "keepAliveMs">, only = false) {
    this.request = request;
    this.#reply = reply;
    this.#keepAliveMs = keepAliveMs;
    this.#only = only;
  }

  notify(message: string): void {
    if (!this.#open) {
      if (!this.#only && !acceptsStream(this.request)) return;
      this.#begin();
    }
    this.#reply.event(message);
  }

  /** Proxies and clients close quiet connections. */
  wait(): void {
    if (!this.#open && acceptsStream(this.request)) this.#silence = onSilence(this.#keepAliveMs, () => this.#begin());
  }

  stop(): void {
    this.#silence?.();
  }

  #begin(): void {
    if (this.#open) return;
    this.#open = true;
    this.#reply.open();
  }

  finish(status: number, answer: Outgoing, headers?: Headers): void {
    this.stop();
    if (!this.#open) return this.#reply.send(status, answer, headers);
    this.#reply.event(answer, undefined, true);
    this.#reply.close();
  }

  fail(error: unknown): void {
    this.stop();
    this.#reply.fail(error);
  }
}

/** The number of concurrent calls without a booking. Booking each call would slow down all. */
const freeCalls = 1000;

/** Answers a request that belongs to no session. */
export function runRequest(
  peer: Peer,
  message: RequestMessage,
  channel: Channel,
  auth: Auth | undefined,
): Running | undefined {
  const { id, method, params = {} } = message;
  const { revision } = peer.view;
  if (!isObject(params)) {
    const error = paramsMustBeObject();
    if (!globalThis.mcpcWithoutObservers) observeRefusal(peer.view.server, message, channel, auth, error, { peer });
    channel.finish(revision.httpStatus(error.code), errorMessage(id, error));
    return undefined;
  }
  const call = new Call(peer, id, method, params, channel, undefined, auth);
  const { ledger, running } = peer.view.server;
  let booking: Booking | undefined;
  if (running.size >= freeCalls) {
    booking = ledger.book({ kind: "call", most: maxCalls, caller: call.caller }, () => {});
    if (booking === undefined) {
      const error = noRoom();
      if (!globalThis.mcpcWithoutObservers) observeRefusal(peer.view.server, message, channel, auth, error, { peer });
      return finish(call, channel, error) as undefined;
    }
  }
  const answer = dispatch(call);
  if (!(answer instanceof Promise)) {
    booking?.release();
    return finish(call, channel, answer) as undefined;
  }
  let isSettled = false;
  const settle = (settled: Payload | McpError): void => {
    if (isSettled) return;
    isSettled = true;
    finish(call, channel, settled);
  };
  const body = takeBody(channel.request);
  for (const place of [booking, body])
    if (place !== undefined)
      place.evict = () => {
        const reason = busy("the server needs the room of this call for other clients");
        settle(reason);
        call.abort(reason);
        // The handler may never end.
        call.forget();
      };
  channel.wait?.();
  answer
    .then((settled) => {
      booking?.release();
      body?.release();
      settle(settled);
    })
    .catch((error: unknown) => channel.fail(error));
  return {
    abandon() {
      // Some platforms report a disconnect after the answer, too, which may be a task.
      if (isSettled) return;
      isSettled = true;
      channel.stop?.();
      call.finish();
      if (revision.disconnectCancels) call.abort(new Error("the client disconnected"));
    },
  };
}

function finish(call: Call, channel: Channel, settled: Payload | McpError): void {
  call.finish();
  const answer = response(call, settled);
  if (settled instanceof UnavailableError) return channel.finish(settled.httpStatus, answer, settled.headers);
  channel.finish(settled instanceof McpError ? call.peer.view.revision.httpStatus(settled.code) : 200, answer);
}
