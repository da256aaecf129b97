import type { Server, Tool } from "./server.js";

/** A tool in place of another one that had the same names; nothing else of the server is new. */
export interface Edit {
  /** The server after it. */
  readonly server: Server;
  /** Of the tool, among the tools. */
  readonly index: number;
  readonly before: Tool;
  readonly after: Tool;
}

/** A piece of a file in place of another one. */
export interface Replacement {
  readonly before: string;
  readonly after: string;
}
