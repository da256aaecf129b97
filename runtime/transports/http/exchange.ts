import type { Outgoing } from "../../protocol/json-rpc.js";

/** How the server is reached over HTTP: what the manifest's `runtime.transports.http` says. */
export interface HttpOptions {
  /** Of the MCP endpoint, such as `/mcp`. */
  readonly path: string;
  readonly host: string;
  readonly port: number;
  /** Besides the loopback ones, which are allowed while `host` is a loopback address. `*` is any. */
  readonly allowedOrigins: readonly string[];
  /** Host names, without a port. Empty: loopback names alone while `host` is a loopback address, else any. */
  readonly allowedHosts: readonly string[];
  /** `false`: nothing is kept between requests of older revisions, so any replica can serve any of them. */
  readonly sessions?: boolean;
}

/** A request as every platform can show it without copying. */
export interface HttpRequest {
  readonly method: string;
  /** By lower-case name. */
  header(name: string): string | undefined;
}

export type Headers = Readonly<Record<string, string>>;

/** The one answer to a request: either `send` once, or `open`, events, `close`. Calls on a lost connection do nothing. */
export interface HttpReply {
  send(status: number, body?: Outgoing, headers?: Headers): void;
  /** Begins an event stream (status 200). */
  open(headers?: Headers): void;
  /** A message, or an event without one that only tells its id. */
  event(message: Outgoing | undefined, id?: string): void;
  close(): void;
}

/** A request that is still being answered. */
export interface Running {
  /** The client is gone. */
  abandon(): void;
}
