import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { connect, type AddressInfo } from "node:net";
import express from "express";
import { expect, onTestFinished, test } from "vitest";
import { createHealth } from "../../runtime/health/health.js";
import { createListener, type Listener } from "../../runtime/node/http-listener.js";
import { createUpgrade } from "../../runtime/node/websocket.js";
import { options } from "./doors.js";
import { serverWith } from "./surface.js";

const served = { ...options, sse: { path: "/sse", messagesPath: "/messages" }, websocket: { path: "/ws" } };
const ping = '{"jsonrpc":"2.0","id":1,"method":"server/discover"}';

/** Hosts of the listener, and where it is mounted. */
const mounts: Readonly<Record<string, (listener: Listener) => RequestListener>> = {
  "node:http": (listener) => listener,
  "Express, under a prefix": (listener) => express().use("/api", listener),
};
const websocket = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ";

interface Row {
  readonly what: string;
  readonly mount?: string;
  /** The first line, and the headers. */
  readonly head: string;
  readonly status: number;
}

/** RFC 9112, section 3.2.2: the host of an absolute target counts, and the header of that name does not. */
const rows: readonly Row[] = [
  { what: "a path", head: "POST /mcp HTTP/1.1\r\nHost: localhost", status: 200 },
  { what: "an absolute target", head: "POST http://localhost/mcp HTTP/1.1\r\nHost: localhost", status: 200 },
  { what: "a port", head: "POST http://127.0.0.1:3000/mcp HTTP/1.1\r\nHost: localhost", status: 200 },
  { what: "other letters", head: "POST HTTP://LOCALHOST/mcp HTTP/1.1\r\nHost: localhost", status: 200 },
  { what: "HTTPS, ended by a proxy", head: "POST https://localhost/mcp HTTP/1.1\r\nHost: localhost", status: 200 },
  { what: "a query", head: "POST http://localhost/mcp?a=1 HTTP/1.1\r\nHost: localhost", status: 200 },
  { what: "a slash at its end", head: "POST http://localhost/mcp/ HTTP/1.1\r\nHost: localhost", status: 200 },
  { what: "no path", head: "POST http://localhost HTTP/1.1\r\nHost: localhost", status: 404 },
  { what: "no path, a query", head: "POST http://localhost?x=/mcp HTTP/1.1\r\nHost: localhost", status: 404 },
  { what: "a path twice", head: "POST http://localhost/http://localhost/mcp HTTP/1.1\r\nHost: localhost", status: 404 },
  { what: "another scheme", head: "POST ftp://localhost/mcp HTTP/1.1\r\nHost: localhost", status: 404 },
  { what: "a foreign host", head: "POST http://evil.example/mcp HTTP/1.1\r\nHost: localhost", status: 403 },
  { what: "a foreign header", head: "POST http://localhost/mcp HTTP/1.1\r\nHost: evil.example", status: 200 },
  { what: "a user", head: "POST http://localhost@evil.example/mcp HTTP/1.1\r\nHost: localhost", status: 403 },
  { what: "no host", head: "POST http:///mcp HTTP/1.1\r\nHost: localhost", status: 403 },
  {
    what: "two headers",
    head: "POST http://localhost/mcp HTTP/1.1\r\nHost: localhost\r\nHost: localhost",
    status: 400,
  },
  {
    what: "a page elsewhere",
    head: "POST http://localhost/mcp HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example",
    status: 403,
  },
  { what: "a probe", head: "GET http://anything.example/healthz HTTP/1.1\r\nHost: localhost", status: 200 },
  { what: "a stream", head: "GET http://localhost/sse HTTP/1.1\r\nHost: localhost", status: 200 },
  { what: "a stream, foreign", head: "GET http://evil.example/sse HTTP/1.1\r\nHost: localhost", status: 403 },
  {
    what: "a WebSocket",
    head: `GET http://localhost/ws HTTP/1.1\r\nHost: localhost\r\n${websocket}dGhlIHNhbXBsZSBub25jZQ==`,
    status: 101,
  },
  {
    what: "a WebSocket, foreign",
    head: `GET http://evil.example/ws HTTP/1.1\r\nHost: localhost\r\n${websocket}dGhlIHNhbXBsZSBub25jZQ==`,
    status: 403,
  },
  {
    what: "a prefix",
    mount: "Express, under a prefix",
    head: "POST http://localhost/api/mcp HTTP/1.1\r\nHost: localhost",
    status: 200,
  },
  {
    what: "a prefix, foreign",
    mount: "Express, under a prefix",
    head: "POST http://evil.example/api/mcp HTTP/1.1\r\nHost: localhost",
    status: 403,
  },
];

test.each(rows)("a request for $what: status $status", async ({ mount = "node:http", head, status }) => {
  const server = serverWith({ say: () => "said" });
  const probes = { liveness: "/healthz", readiness: "/readyz", timeoutMs: 60_000, cacheMs: 0, version: "1" };
  Object.assign(server, { health: createHealth(probes, undefined) });
  const http = createServer(mounts[mount]!(createListener(server, served)));
  http.on("upgrade", createUpgrade(server, served)).listen(0, "127.0.0.1");
  await once(http, "listening");
  const socket = connect((http.address() as AddressInfo).port, "127.0.0.1").on("error", () => {});
  onTestFinished(() => {
    socket.destroy();
    http.close();
  });
  const isPost = head.startsWith("POST");
  const type = isPost ? `Content-Type: application/json\r\nContent-Length: ${ping.length}\r\n` : "";
  socket.write(`${head}\r\n${type}\r\n${isPost ? ping : ""}`);
  const [chunk] = (await once(socket, "data")) as [Buffer];
  // A message without the claim of its revision is refused once it has been read.
  const answered = chunk.toString().replace(/^HTTP\/1.1 400 [^]*"id":1[^]*$/, "HTTP/1.1 200 ");
  expect(answered).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
});
