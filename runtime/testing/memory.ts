import { fixedCaller } from "../protocol/auth.js";
import { start, stop } from "../protocol/application.js";
import { connect } from "../protocol/connection.js";
import { withOptions } from "../protocol/define-server.js";
import type { Server, ServerOptions } from "../protocol/exchange.js";
import type { Auth } from "../protocol/handlers.js";
import type { SettingSources } from "../protocol/hooks.js";
import { textOf, type Outgoing } from "../protocol/json-rpc.js";
import type { Logger } from "../protocol/logger.js";
import { namedScopes } from "../protocol/scopes.js";
import type { Connect, Incoming, Receive } from "./wire.js";

/** A test's replacements for parts of the server. */
export interface MemoryOptions {
  /** The server's own log. Default: none. */
  readonly logger?: Logger;
  /** Settings, instead of those of the environment. They are validated and completed with defaults. */
  readonly config?: unknown;
  /** The caller. Default: one with every scope. */
  readonly auth?: Partial<Auth>;
  /** Replaces the result of `onStart`. Neither `onStart` nor `onStop` runs then. */
  readonly state?: unknown;
}

/** A separate server in this process, with another one's surface and handlers. */
export interface MemoryServer {
  readonly connect: Connect;
  stop(): Promise<void>;
}

/** Creates a server that shares no state with `server`, so that tests are independent. */
export function memoryServer(server: Server, options: MemoryOptions, sources?: SettingSources): MemoryServer {
  const failures = new Map<string, string>();
  const logger: Logger = (level, message, details) => {
    const { errorId, error } = details ?? {};
    if (typeof errorId === "string") failures.set(errorId, `${message}: ${String(error)}`);
    options.logger?.(level, message, details);
  };
  const caller = server.auth && { scopes: namedScopes(server), claims: {}, ...options.auth };
  const auth = caller && fixedCaller(caller);
  const own = withOptions(server, {
    logger,
    auth,
    http: undefined,
    store: undefined,
    ...replacements(server, options),
  });
  const explain = (errorId: string): string | undefined => failures.get(errorId);
  return { connect: (receive) => ({ ...wire(own, receive, { sources, caller }), explain }), stop: () => stop(own) };
}

function replacements({ hooks, settings }: Server, options: MemoryOptions): ServerOptions {
  const { config, state } = options;
  const { onStart: _start, onStop: _stop, ...others } = hooks ?? {};
  const file = { path: "the client's config", values: config };
  return {
    ...(config !== undefined &&
      settings && { settings: { ...settings, load: () => settings.load({ env: {}, file }) } }),
    ...("state" in options && { hooks: { ...others, onStart: () => state } }),
  };
}

function wire(
  server: Server,
  receive: Receive,
  { sources, caller }: { readonly sources: SettingSources | undefined; readonly caller: Auth | undefined },
): Omit<ReturnType<Connect>, "explain"> {
  const connection = connect(server, (message) => deliverLater(message, receive), caller);
  return {
    open: () => start(server, sources),
    request: (message, own) =>
      new Promise((resolve) => {
        const outlet = { notify: (text: string) => deliverLater(text, own) };
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
      const { output } = await server.surface.toolValidators!(name);
      return { structured: output !== undefined, wraps: surface.wraps === true };
    },
    close: async () => connection.close(new Error("the client is closed")),
  };
}

/** Delivers a message asynchronously, as every transport does. */
function deliverLater(message: Outgoing, receive: Receive): void {
  queueMicrotask(() => receive(JSON.parse(textOf(message)) as Incoming));
}

/** Copies a value through JSON, as a transport does. */
function copy<T>(message: T): T {
  return JSON.parse(JSON.stringify(message)) as T;
}
