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
  /** Takes no new connection, and resolves when the last one has ended. */
  close(): Promise<void>;
}

const sweepMs = 20;
/** Longer than balancers keep a connection (60 s): one that the server closes first could meet a request, which fails. */
const keepAliveTimeoutMs = 75_000;
/** The default number of connections at a time. */
const defaultMaxConnections = 4000;
/** How long a request may take to arrive. */
const requestTimeout = 90_000;

/** Listens at `options.host` and `options.port`; port 0 is any free one. Rejects when the address cannot be had. */
export async function listen(
  server: Server,
  options: HttpOptions,
  websocket?: () => Promise<{ readonly createUpgrade: (server: Server, options: HttpOptions) => Upgrade }>,
): Promise<Listening> {
  if (!isLoopback(options.host) && server.auth === undefined)
    server.logger("warning", "anybody who can reach this address may call: it is public, and asks for no credentials", {
      host: options.host,
      help: 'declare "runtime.auth", or listen on 127.0.0.1',
    });
  // Imported here: a static import would load it in every bundle, also where standard streams are served.
  const { createServer, IncomingMessage } = await import("node:http");
  const http = createServer({ IncomingMessage: directRequests(IncomingMessage) }, createListener(server, options));
  const keptMs = options.keepAliveTimeoutMs ?? keepAliveTimeoutMs;
  http.keepAliveTimeout = keptMs;
  // Node counts the wait for the next request as a wait for its headers.
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
    const refuse = (error: NodeJS.ErrnoException): void => reject(new Error(refusal(options, error), { cause: error }));
    http.once("error", refuse);
    http.listen(options.port, options.host, () => {
      http.off("error", refuse);
      // A process without free descriptors accepts nothing for a while.
      http.on("error", (error) => {
        server.logger("error", "a connection could not be accepted", { error: describe(error) });
      });
      const { port } = http.address() as AddressInfo;
      const host = options.host.includes(":") ? `[${options.host}]` : options.host;
      resolve({
        url: `http://${host}:${port}${options.path}`,
        close: () =>
          new Promise((closed) => {
            // Those that are kept alive become idle one by one.
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

/** A socket of Node's HTTP server, with the answer that is under way on it; Node's types leave that out. */
interface HttpSocket extends Socket {
  readonly _httpMessage?: unknown;
}

/**
 * One address must not take all connections: those that are too many close, the oldest of the address with the most
 * first, those without a request before any others. Returns the sockets that have left HTTP: those have no requests.
 */
function bookConnections({ ledger }: Server, http: Http, most = defaultMaxConnections): WeakSet<object> {
  const upgraded = new WeakSet<object>();
  const booked = new WeakSet<object>();
  http.on("connection", (socket: HttpSocket) => {
    // A connection begins once more where an upgrade is not known.
    upgraded.delete(socket);
    if (booked.has(socket)) return;
    booked.add(socket);
    // Read only when room is needed: to count requests would cost something with each.
    const isIdle = (): boolean => (socket._httpMessage ?? null) === null && !upgraded.has(socket);
    const item = { kind: "connection", most, caller: callerOf(undefined, socket.remoteAddress), isIdle };
    const booking = ledger.book(item, () => socket.destroy());
    if (booking === undefined) return socket.destroy();
    socket.on("close", booking.release);
  });
  return upgraded;
}

/** Says which of host and port must be another one. */
function refusal({ host, port }: HttpOptions, { code, message }: NodeJS.ErrnoException): string {
  const isOfPort = code === "EADDRINUSE" || code === "EACCES";
  const remedy = isOfPort ? "another port with --port" : "an address of this machine with --host";
  return `cannot listen on ${host} port ${port}: ${message}; choose ${remedy}`;
}
