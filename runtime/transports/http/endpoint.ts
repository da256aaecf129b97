import type { Transport } from "../../protocol/auth.js";
import type { Value, EnvironmentVariable } from "../../protocol/environment.js";
import { busy, type UnavailableError } from "../../protocol/errors.js";
import type { Source } from "../../protocol/exchange.js";
import type { Auth } from "../../protocol/handlers.js";
import type { AddressVariables, HttpAddress } from "../../protocol/hooks.js";
import { errorMessage, type Id, type Outgoing } from "../../protocol/json-rpc.js";

/** The HTTP options of the manifest's `runtime.transports.http`. */
export interface HttpOptions extends HttpAddress {
  readonly variables?: AddressVariables;
  /** `false` turns sessions of older revisions off, so that any replica can serve any request. */
  readonly sessions?: boolean;
  /** The maximum number of clients of each transport with sessions or connections. */
  readonly maxSessions?: number;
  /** The maximum bytes of a request, or of a message over WebSocket. */
  readonly maxBodyBytes?: number;
  /** Idle time after which the built server closes a connection. */
  readonly keepAliveTimeoutMs?: number;
  /** The maximum number of connections of the built server. */
  readonly maxConnections?: number;
  /** Interval of comments on a quiet stream, and delay before a slow call becomes a stream. */
  readonly keepAliveMs?: number;
  /** HTTP+SSE, the additional transport of 2024-11-05. */
  readonly sse?: SseOptions;
  /** Event streams of single tools, at `{path}/tools/NAME/sse`. */
  readonly toolEvents?: boolean;
  readonly websocket?: { readonly path: string };
}

/** The HTTP options as the manifest declares them. Some values may be environment variables. */
export interface DeclaredHttp extends Omit<HttpOptions, keyof HttpAddress> {
  readonly path: Value;
  readonly host: Value;
  readonly port: number | EnvironmentVariable;
  /** Allowed origins. A variable contains several, separated by commas. */
  readonly allowedOrigins: readonly Value[];
  readonly allowedHosts: readonly Value[];
}

export interface SseOptions {
  readonly path: string;
  readonly messagesPath: string;
}

/** A refusal of a request. `message` says what is wrong and what to do. */
export interface Refusal {
  readonly status: number;
  readonly message: string;
  readonly headers?: Headers;
}

/** A request in a form that every platform provides without copying. */
export interface HttpRequest extends Source {
  readonly method: string;
  /** The path and the query. */
  readonly url: string;
  /** The caller, once it is authenticated. Absent if the server has no authentication. */
  auth?: Auth;
}

export type Headers = Readonly<Record<string, string>>;

/**
 * The answer to a request: either one `send`, or `open`, events and `close`. Its methods never throw: an answer that
 * cannot be sent becomes one with status 500. They do nothing after the connection is lost.
 */
export interface HttpReply {
  send(status: number, body?: Outgoing, headers?: Headers): void;
  /** Begins an event stream with status 200. */
  open(headers?: Headers): void;
  /** Sends a message, or only an event id. `awaited` marks answers, for which more unread output is allowed. */
  event(message: Outgoing | undefined, id?: string, awaited?: boolean): void;
  /** Sends an event with another name; `data` is one line. */
  named(name: string, data: string, id?: string): void;
  /** Sends the delay after which a client should reconnect. */
  retry(milliseconds: number): void;
  close(): void;
  /** Logs an error and answers with status 500. A started answer breaks off. */
  fail(error: unknown): void;
}

/** A call that is still being answered. */
export interface Running {
  /** Called when the client disconnects. */
  abandon(): void;
}

/** Answers requests at one path. Its methods return the running call, if any. Their exceptions become status 500. */
export interface Endpoint {
  /** `open` for any caller and any page, without credentials; else the transport for `authenticate`. */
  readonly access: Exclude<Transport, "websocket" | "stdio"> | "open";
  /** Answers a POST. */
  post(request: HttpRequest, body: string, reply: HttpReply): Running | undefined;
  /** Answers a POST whose body a framework has parsed. */
  postParsed(request: HttpRequest, message: unknown, reply: HttpReply): Running | undefined;
  /** Answers GET and DELETE. */
  open(request: HttpRequest, reply: HttpReply): Running | undefined;
}

/** Refuses a request that the server may accept later. */
export function unavailable(reply: HttpReply, error: UnavailableError, id?: Id): undefined {
  reply.send(error.httpStatus, errorMessage(id, error), error.headers);
}

export function noRoomForMessage(): UnavailableError {
  return busy("the server has no room for a message of this size");
}

/** Returns the path of a URL. A slash at its end is ignored: `/mcp/` is `/mcp`. */
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
