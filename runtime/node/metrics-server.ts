import type { IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import type { Server } from "../protocol/exchange.js";
import { pathOf } from "../transports/http/endpoint.js";
import { createSourceCheck, isLoopback } from "../transports/http/source.js";
import { workerNumber } from "./worker-number.js";

export interface MetricsAddress {
  readonly port: number;
  readonly host: string;
  /** Whether scrapers send a token. */
  readonly hasToken: boolean;
}

function headersOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "object" ? value.join(", ") : value;
}

/**
 * Serves metrics at an address of their own; of several workers each one at the next port. A problem with the address
 * is logged: monitoring must not stop a server. Returns a function that stops.
 */
export async function serveMetrics(server: Server, { port, host, hasToken }: MetricsAddress): Promise<() => void> {
  const { logger } = server;
  const { metrics } = server.options;
  if (!hasToken && !isLoopback(host))
    logger("warning", "any client that reaches this address may read the metrics, which name tools", {
      host,
      help: 'declare "runtime.metrics.token", or listen on 127.0.0.1',
    });
  const address = { path: metrics?.path ?? "/", host, port, allowedOrigins: [], allowedHosts: [] };
  const checkSource = isLoopback(host) ? createSourceCheck(server, address) : undefined;
  const own = port === 0 ? 0 : port + (workerNumber() ?? 1) - 1;
  const { createServer } = await import("node:http");
  const http = createServer((request, response) => {
    const { method = "", url = "/", headers } = request;
    // The request has no body of interest.
    request.resume();
    if (metrics === undefined || pathOf(url) !== metrics.path) return void response.writeHead(404).end();
    // A page whose domain resolves to this machine sends its own domain as Host (DNS rebinding).
    const isForeign = checkSource?.({ method, url, header: (name) => headersOf(headers, name) }) !== undefined;
    if (isForeign || headers.origin !== undefined) return void response.writeHead(403).end();
    if (method !== "GET" && method !== "HEAD") return void response.writeHead(405, { allow: "GET, HEAD" }).end();
    const answer = metrics.answer(server, headers.authorization);
    response.writeHead(answer.status, answer.headers).end(method === "HEAD" ? undefined : answer.body);
  });
  http.requestTimeout = 10_000;
  // Longer than the usual pause between two scrapes.
  http.keepAliveTimeout = 75_000;
  http.maxConnections = 20;
  return new Promise((resolve) => {
    const fail = ({ message }: Error): void => {
      logger("error", "the metrics cannot be served", { host, port: own, error: message });
      resolve(() => {});
    };
    http.on("error", fail);
    const onListening = (): void => {
      const { port: chosen } = http.address() as AddressInfo;
      if (metrics !== undefined) metrics.port = chosen;
      logger("info", "metrics are served", { host, port: chosen, path: metrics?.path });
      // The process ends without waiting for scrapers.
      http.unref();
      resolve(() => {
        http.close();
        http.closeAllConnections();
      });
    };
    try {
      http.listen({ port: own, host, exclusive: true }, onListening);
    } catch (error) {
      // The port of a worker may exceed 65535.
      fail(error as Error);
    }
  });
}
