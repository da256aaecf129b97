import type { Json, JsonObject } from "../model/source.js";

/** A JSON-RPC message. */
export interface Message {
  readonly jsonrpc: "2.0";
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: JsonObject;
  readonly result?: JsonObject;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: Json };
}

/** A connection to a server. */
export interface Connection {
  /** Promise that rejects when the connection ends. */
  readonly over: Promise<never>;
  send(message: Message, headers: Readonly<Record<string, string>>): Promise<void>;
  close(): Promise<void>;
}

/** Error answer of a server. */
export class Refused extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}
