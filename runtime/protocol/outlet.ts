import type { Booking } from "./ledger.js";
import type { JsonObject } from "./types.js";

/** The request or connection of a message. */
export interface Source {
  header(name: string): string | undefined;
  /** The network address of the peer; absent if the platform does not reveal it. */
  readonly remote?: string | undefined;
  /** The network protocol; absent if the platform does not reveal it. */
  readonly network?: Network | undefined;
  /** The booking of a long message. Code that outlives the message takes it over and releases it. */
  body?: Booking | undefined;
}

/** A network protocol by its name and version, and the port of the peer. */
export interface Network {
  readonly protocol: "http" | "websocket";
  readonly version?: string;
  readonly port?: number | undefined;
}

/** Takes the messages that belong to a request and precede its answer. */
export interface Outlet {
  notify(message: string): void;
  /** Whether the client cannot be asked, since it may miss messages. */
  readonly oneWay?: boolean;
  /** Whether all requests of the server come from one client. */
  readonly isSolo?: boolean;
  /** The headers of the message, if the transport has any. */
  readonly request?: Source;
  /** Whether answers of several requests share the outlet, so that ids must be unique. */
  readonly shared?: true;
}

/** Collects a handler's questions, which later requests answer. */
export interface Asker {
  ask(name: string, question: AnyQuestion): Promise<unknown>;
}
export interface AnyQuestion {
  readonly method: "elicitation/create" | "sampling/createMessage" | "roots/list";
  readonly params: JsonObject;
  /** Returns whether an answer is valid. Invalid answers are ignored. */
  readonly accepts: (answer: unknown) => boolean;
}

/** A time limit that can be paused. */
export interface Clock {
  stop(): void;
  go(): void;
}
