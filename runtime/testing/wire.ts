import type { Server } from "../protocol/exchange.js";
import type { Id, NotificationMessage, RequestMessage, ResponseMessage } from "../protocol/json-rpc.js";

/** Takes a parsed message from the server: a notification, or a request of its own. */
export type Receive = (message: Incoming) => void;

export interface Incoming {
  readonly id?: Id;
  readonly method: string;
  readonly params?: unknown;
}

/** The facts about a tool that are needed to read its result. */
export interface ToolShape {
  /** It declares an `outputSchema`. */
  readonly structured: boolean;
  /** Revisions that know only objects may get its result as an object's `result`. */
  readonly wraps: boolean;
}

/** One client's way to a server, wherever that runs. Messages are values that came through JSON. */
export interface Wire {
  /** Rejects when the server cannot serve; nothing else may be sent before. */
  open(): Promise<void>;
  /** Resolves with the response; `receive` is given what is known to belong to it and comes before. */
  request(message: RequestMessage, receive: Receive): Promise<ResponseMessage>;
  /** Gives up a request, whose promise need not settle. */
  cancel(id: Id, reason: string): void;
  send(message: NotificationMessage | ResponseMessage): void;
  shapeOf(tool: string): Promise<ToolShape>;
  /** Why a call failed for which the server told no more than this id. */
  explain(errorId: string): string | undefined;
  close(): Promise<void>;
}

/** How a wire is made; `receive` is given what belongs to no request. */
export type Connect = (receive: Receive, options: WireOptions) => Wire;

export interface WireOptions {
  readonly protocolVersion: string;
}

/** The key under which whatever a client can be made of says how it is reached. */
export const reach: unique symbol = Symbol.for("@mcpc/runtime/testing/reach");

/** A server that clients can be connected to: one that runs already, in memory or elsewhere. */
export interface Reachable {
  readonly [reach]: Connect;
}

/** A source of clients: a server as a value, or one that others are connected to. */
export type Target = Server | Reachable;
