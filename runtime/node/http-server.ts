import type { AddressInfo, Socket } from "node:net";
import type { Server as Http } from "node:http";
import { callerOf } from "../protocol/caller.js";
import type { Server } from "../protocol/exchange.js";
import { describe } from "../protocol/logger.js";
import type { HttpOptions } from "../transports/http/endpoint.js";
import { isLoopback } from "../transports/http/source.js";
import { createListener } from "./http-listener.js";
import { directRequests } from "./request-body.js";
import type { Upgrade } from "./websocket.js";

export interface Listening {
  /** The address of the MCP endpoint. */
  readonly url: string;
  /** Stops accepting connections. Resolves when the last one has ended. */
  close(): Promise<void>;
}

const sweepMs = 20;
/**
 * Default keep-alive time. It exceeds that of load balancers (60 s), so that the server never closes a connection
 * first.
 */
const keepAliveTimeoutMs = 75_000;
/** The default number of connections at a time. */
const defaultMaxConnections = 4000;
/** Time limit for receiving a request. */
const requestTimeout = 90_000;

/** Listens at `options.host` and `options.port`; port 0 is any free one. Rejects if the address is not available. */
export async function listen(
  server: Server,
  options: HttpOptions,
  websocket?: () => Promise<{ readonly createUpgrade: (server: Server, options: HttpOptions) => Upgrade }>,
): Promise<Listening> {
  if (!isLoopback(options.host) && server.auth === undefined)
    server.logger(
      "warning",
      "any client that reaches this address may call: it is public, and asks for no credentials",
      {
        host: options.host,
        help: 'declare "runtime.auth", or listen on 127.0.0.1',
      },
    );
  // Imported dynamically: a static import would load `node:http` for standard streams, too.
  const { createServer, IncomingMessage } = await import("node:http");
  const http = createServer({ IncomingMessage: directRequests(IncomingMessage) }, createListener(server, options));
  const keptMs = options.keepAliveTimeoutMs ?? keepAliveTimeoutMs;
  http.keepAliveTimeout = keptMs;
  // Node counts the idle time before a request as waiting for its headers.
  http.headersTimeout = Math.max(http.headersTimeout, keptMs + 1000);
  http.requestTimeout = Math.max(requestTimeout, http.headersTimeout);
  const upgraded = bookConnections(server, http, options.maxConnections);
  if (websocket !== undefined) {
    const upgrade = (await websocket()).createUpgrade(server, options);
    http.on("upgrade", (incoming, socket, head) => {
      upgraded.add(socket);
      upgrade(incoming, socket, head);
    });
  }
  return new Promise((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException): void =>
      reject(new Error(refusal(server, options, error), { cause: error }));
    http.once("error", refuse);
    http.listen(options.port, options.host, () => {
      http.off("error", refuse);
      // Without free file descriptors the process accepts no connections.
      http.on("error", (error) => {
        server.logger("error", "a connection could not be accepted", { error: describe(error) });
      });
      const { port } = http.address() as AddressInfo;
      const host = options.host.includes(":") ? `[${options.host}]` : options.host;
      resolve({
        url: `http://${host}:${port}${options.path}`,
        close: () =>
          new Promise((closed) => {
            // Keep-alive connections become idle one by one.
            const sweep = setInterval(() => http.closeIdleConnections(), sweepMs);
            http.close(() => {
              clearInterval(sweep);
              closed();
            });
          }),
      });
    });
  });
}

/** A socket of Node's HTTP server, with its pending answer. Node's types omit that member. */
interface HttpSocket extends Socket {
  readonly _httpMessage?: unknown;
}

/**
 * Limits connections. Above the limit, the address with the most loses its oldest connection, idle ones first. Returns
 * the sockets that have left HTTP, which have no requests.
 */
function bookConnections({ ledger }: Server, http: Http, most = defaultMaxConnections): WeakSet<object> {
  const upgraded = new WeakSet<object>();
  const booked = new WeakSet<object>();
  http.on("connection", (socket: HttpSocket) => {
    // A connection event is emitted again after an unknown upgrade.
    upgraded.delete(socket);
    if (booked.has(socket)) return;
    booked.add(socket);
    // Evaluated only when room is needed, so that requests cost nothing.
    const isIdle = (): boolean => (socket._httpMessage ?? null) === null && !upgraded.has(socket);
    const item = { kind: "connection", most, caller: callerOf(undefined, socket.remoteAddress), isIdle };
    const booking = ledger.book(item, () => socket.destroy());
    if (booking === undefined) return socket.destroy();
    socket.on("close", booking.release);
  });
  return upgraded;
}

/** Describes which of host and port to change. */
function refusal(server: Server, { host, port }: HttpOptions, { code, message }: NodeJS.ErrnoException): string {
  if (!globalThis.mcpcWithoutMetrics && code === "EADDRINUSE" && server.options.metrics?.port === port)
    return `cannot listen on ${host} port ${port}: the metrics of this server are there; choose another port with --port, or change "runtime.metrics.port"`;
  const isOfPort = code === "EADDRINUSE" || code === "EACCES";
  const remedy = isOfPort ? "another port with --port" : "an address of this machine with --host";
  return `cannot listen on ${host} port ${port}: ${message}; choose ${remedy}`;
}
