import type { Id } from "../protocol/json-rpc.js";
import type { JsonObject } from "../protocol/types.js";

/** A JSON-RPC message of an upstream, or to it. */
export interface UpstreamMessage {
  readonly jsonrpc?: "2.0";
  readonly id?: Id;
  readonly method?: string;
  readonly params?: JsonObject;
  readonly result?: JsonObject;
  readonly error?: JsonObject;
}

/** The receiver of what arrives on a wire. */
export interface Receiver {
  /** Takes a message. `related` is the id of the request on whose stream it came, if the wire tells. */
  receive(message: UpstreamMessage, related?: Id): void;
  /** Called once if the wire ends unasked. `lastLines` are those of standard error. */
  end(reason: string, lastLines?: string): void;
  /** Writes to the server's log. */
  log(level: "debug" | "notice" | "warning", message: string, details?: Readonly<Record<string, unknown>>): void;
}

export interface SendOptions {
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Ends the exchange over HTTP. */
  readonly signal?: AbortSignal | undefined;
}

/** A connection that separates messages. */
export interface UpstreamWire {
  /** Whether the wire tells to which request a message belongs, and closing a request's stream cancels it. */
  readonly hasStreams: boolean;
  /** Sends a message. Over HTTP it resolves after the answer to a request. Rejects if the upstream did not take it. */
  send(message: UpstreamMessage, options?: SendOptions): Promise<void>;
  /** Opens the stream for messages that belong to no request. */
  listen?(headers: Readonly<Record<string, string>>): void;
  close(): Promise<void>;
}

/** Opens a wire. `environment` has the values of variables that its definition names. */
export interface UpstreamTransport {
  /** Returns the values that come from environment variables. Adds missing variables to `problems`. */
  resolve(environment: Readonly<Record<string, string | undefined>>, problems: string[]): ResolvedTransport;
}

export interface ResolvedTransport {
  /** Values that no log may show. */
  readonly secrets: readonly string[];
  open(receiver: Receiver): UpstreamWire;
}

interface FailureDetails {
  readonly isSessionLost?: boolean;
  readonly isRefused?: boolean;
  readonly lastLines?: string | undefined;
}

/** A failure of the wire, in words for the caller. */
export class WireError extends Error {
  /** Whether the upstream has forgotten the session, so that the request may be sent again in a new one. */
  readonly isSessionLost: boolean;
  /** Whether the upstream refuses the credentials, so that another handshake would fail, too. */
  readonly isRefused: boolean;
  /** The last lines of standard error. */
  readonly lastLines: string;

  constructor(message: string, { isSessionLost = false, isRefused = false, lastLines = "" }: FailureDetails = {}) {
    super(message);
    this.name = "WireError";
    this.isSessionLost = isSessionLost;
    this.isRefused = isRefused;
    this.lastLines = lastLines;
  }
}

/** The maximum size of one message. */
export const maxMessageBytes = 64 * 2 ** 20;

/** Parses a message; `undefined` for text that is none. */
export function parseWireMessage(text: string): UpstreamMessage | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as UpstreamMessage)
      : undefined;
  } catch {
    return undefined;
  }
}
