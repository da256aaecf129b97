import type { Transport } from "../../protocol/auth.js";
import type { Value, EnvironmentVariable } from "../../protocol/environment.js";
import { busy, type UnavailableError } from "../../protocol/errors.js";
import type { Source } from "../../protocol/exchange.js";
import type { Auth } from "../../protocol/handlers.js";
import type { AddressVariables, HttpAddress } from "../../protocol/hooks.js";
import { errorMessage, type Id, type Outgoing } from "../../protocol/json-rpc.js";

/** How the server is reached over HTTP: what the manifest's `runtime.transports.http` says. */
export interface HttpOptions extends HttpAddress {
  readonly variables?: AddressVariables;
  /** `false`: nothing is kept between requests of older revisions, so any replica can serve any of them. */
  readonly sessions?: boolean;
  /** Clients at a time, of each transport that keeps something for them. */
  readonly maxSessions?: number;
  /** The most bytes of a request, or of a message over WebSocket. */
  readonly maxBodyBytes?: number;
  /** How long the built server keeps a connection open between two requests. */
  readonly keepAliveTimeoutMs?: number;
  /** Connections of the built server, whatever they are for. */
  readonly maxConnections?: number;
  /** How long a stream, or a call whose client takes one, may say nothing before a comment is sent. */
  readonly keepAliveMs?: number;
  /** HTTP+SSE, the transport of 2024-11-05, beside it. */
  readonly sse?: SseOptions;
  /** Event streams of single tools, at `{path}/tools/NAME/sse`. */
  readonly toolEvents?: boolean;
  readonly websocket?: { readonly path: string };
}

/** The same as the manifest declares it: some values may be those of environment variables. */
export interface DeclaredHttp extends Omit<HttpOptions, keyof HttpAddress> {
  readonly path: Value;
  readonly host: Value;
  readonly port: number | EnvironmentVariable;
  /** A variable holds several, separated by commas. */
  readonly allowedOrigins: readonly Value[];
  readonly allowedHosts: readonly Value[];
}

export interface SseOptions {
  readonly path: string;
  readonly messagesPath: string;
}

/** A request that is not answered as it would like. `message` says what is wrong, and what to do. */
export interface Refusal {
  readonly status: number;
  readonly message: string;
  readonly headers?: Headers;
}

/** A request as every platform can show it without copying. */
export interface HttpRequest extends Source {
  readonly method: string;
  /** The path and the query. */
  readonly url: string;
  /** Who sent it, as soon as that is known; absent where the server does not ask. */
  auth?: Auth;
}

export type Headers = Readonly<Record<string, string>>;

/**
 * The one answer to a request: either `send` once, or `open`, events, `close`. Nothing here throws: an answer that cannot
 * be sent becomes one with status 500. Calls on a lost connection do nothing.
 */
export interface HttpReply {
  send(status: number, body?: Outgoing, headers?: Headers): void;
  /** Begins an event stream (status 200). */
  open(headers?: Headers): void;
  /** A message, or an event without one that only tells its id. `awaited`: an answer, for which more may wait. */
  event(message: Outgoing | undefined, id?: string, awaited?: boolean): void;
  /** An event of another name; `data` is one line. */
  named(name: string, data: string, id?: string): void;
  /** How long a client should wait before it comes back. */
  retry(milliseconds: number): void;
  close(): void;
  /** Logs an error, and answers with status 500; an answer that has begun breaks off. */
  fail(error: unknown): void;
}

/** A request that is still being answered. */
export interface Running {
  /** The client is gone. */
  abandon(): void;
}

/** Answers at one path. Returns what still runs; an error that it throws becomes an answer with status 500. */
export interface Endpoint {
  /** `open` to anybody, from any page, without credentials; else what a caller's credentials are told it is. */
  readonly access: Exclude<Transport, "websocket" | "stdio"> | "open";
  /** The body of a POST. */
  post(request: HttpRequest, body: string, reply: HttpReply): Running | undefined;
  /** The same, for a body that a framework has parsed. */
  postParsed(request: HttpRequest, message: unknown, reply: HttpReply): Running | undefined;
  /** GET and DELETE. */
  open(request: HttpRequest, reply: HttpReply): Running | undefined;
}

/** Refuses what the server cannot do now, but may later. */
export function unavailable(reply: HttpReply, error: UnavailableError, id?: Id): undefined {
  reply.send(error.httpStatus, errorMessage(id, error), error.headers);
}

export function noRoomForMessage(): UnavailableError {
  return busy("the server has no room for a message of this size");
}

/** The path alone. A slash at its end means nothing: `/mcp/` is `/mcp`. */
export function pathOf(url: string): string {
  const query = url.indexOf("?");
  const path = query === -1 ? url : url.slice(0, query);
  const fragment = path.indexOf("#");
  let end = fragment === -1 ? path.length : fragment;
  while (end > 1 && path[end - 1] === "/") end -= 1;
  return end === path.length ? path : path.slice(0, end);
}

export function queryOf(url: string): URLSearchParams {
  const start = url.indexOf("?");
  return new URLSearchParams(start === -1 ? "" : url.slice(start + 1));
}
