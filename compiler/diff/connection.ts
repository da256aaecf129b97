import type { Json, JsonObject } from "../model/source.js";

/** A message of JSON-RPC. */
export interface Message {
  readonly jsonrpc: "2.0";
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: JsonObject;
  readonly result?: JsonObject;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: Json };
}

/** A way to a server. */
export interface Connection {
  /** Rejects when the server is gone. */
  readonly over: Promise<never>;
  send(message: Message, headers: Readonly<Record<string, string>>): Promise<void>;
  close(): Promise<void>;
}

/** An error that a server answers. */
export class Refused extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}
