import { connect, textOf } from "../protocol/connection.js";
import { defineServer } from "../protocol/define-server.js";
import type { Server } from "../protocol/exchange.js";
import type { Outgoing } from "../protocol/json-rpc.js";
import type { Logger } from "../protocol/logger.js";
import type { Connect, Incoming, Receive } from "./wire.js";

/** A server of its own, made of another's surface and handlers, that lives in this process. */
export interface MemoryServer {
  readonly connect: Connect;
  /** What the server has logged of a failure, by its id. */
  readonly explain: (errorId: string) => string | undefined;
}

/** Nothing that `server` remembers is shared, so that no test sees another's traces. */
export function memoryServer(server: Server, logger: Logger | undefined): MemoryServer {
  const failures = new Map<string, string>();
  const listening: Logger = (level, message, details) => {
    const { errorId, error } = details ?? {};
    if (typeof errorId === "string") failures.set(errorId, `${message}: ${String(error)}`);
    logger?.(level, message, details);
  };
  const own = defineServer(server.surface, server.handlers, { logger: listening });
  const explain = (errorId: string): string | undefined => failures.get(errorId);
  return { explain, connect: (receive) => ({ ...wire(own, receive), explain }) };
}

function wire(server: Server, receive: Receive): Omit<ReturnType<Connect>, "explain"> {
  const connection = connect(server, (message) => later(message, receive));
  return {
    open: async () => {},
    request: (message, own) =>
      new Promise((resolve) => {
        const outlet = { notify: (text: string) => later(text, own) };
        connection.request(copy(message), outlet, (answer) => {
          if (answer !== undefined) resolve(JSON.parse(textOf(answer)));
        });
      }),
    cancel: (requestId, reason) =>
      connection.notification({ method: "notifications/cancelled", params: { requestId, reason } }),
    send: (message) =>
      "method" in message ? connection.notification(copy(message)) : connection.response(copy(message)),
    shapeOf: async (name) => {
      const surface = server.surface.tools.find((tool) => tool.name === name);
      if (surface === undefined) return { structured: false, wraps: false };
      const { output } = await server.surface.toolValidators(name);
      return { structured: output !== undefined, wraps: surface.wraps === true };
    },
    close: async () => connection.close(new Error("the client is closed")),
  };
}

/** As over any transport: not while the handler runs that sends it. */
function later(message: Outgoing, receive: Receive): void {
  queueMicrotask(() => receive(JSON.parse(textOf(message)) as Incoming));
}

/** What leaves a process is JSON. */
function copy<T>(message: T): T {
  return JSON.parse(JSON.stringify(message)) as T;
}
