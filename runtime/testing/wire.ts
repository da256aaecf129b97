import type { Server } from "../protocol/exchange.js";
import type { Id, NotificationMessage, RequestMessage, ResponseMessage } from "../protocol/json-rpc.js";

/** Takes a parsed message from the server: a notification or a request. */
export type Receive = (message: Incoming) => void;

export interface Incoming {
  readonly id?: Id;
  readonly method: string;
  readonly params?: unknown;
}

/** The facts about a tool that its result depends on. */
export interface ToolShape {
  /** Whether the tool declares an `outputSchema`. */
  readonly structured: boolean;
  /** Whether revisions that know only objects may get its result as an object's `result`. */
  readonly wraps: boolean;
}

/** A client's connection to a server in any place. Messages are values that were copied through JSON. */
export interface Wire {
  /** Opens the connection. Rejects if the server cannot start. It must precede any other message. */
  open(): Promise<void>;
  /** Sends a request and resolves with its response. `receive` takes the earlier messages that belong to it. */
  request(message: RequestMessage, receive: Receive): Promise<ResponseMessage>;
  /** Cancels a request, whose promise need not settle. */
  cancel(id: Id, reason: string): void;
  send(message: NotificationMessage | ResponseMessage): void;
  shapeOf(tool: string): Promise<ToolShape>;
  /** Returns the log's explanation for the error id that the server sent. */
  explain(errorId: string): string | undefined;
  close(): Promise<void>;
}

/** Creates a wire. `receive` takes the messages that belong to no request. */
export type Connect = (receive: Receive, options: WireOptions) => Wire;

export interface WireOptions {
  readonly protocolVersion: string;
}

/** The key of the function that connects a client. */
export const reach: unique symbol = Symbol.for("@mcpc/runtime/testing/reach");

/** A running server that clients can connect to, in memory or elsewhere. */
export interface Reachable {
  readonly [reach]: Connect;
}

/** A server value, or a running server, that a client can be created for. */
export type Target = Server | Reachable;
