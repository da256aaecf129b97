import { once } from "node:events";
import { createServer } from "node:http";
import http2 from "node:http2";
import type { AddressInfo } from "node:net";
import * as api from "@opentelemetry/api";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { createAudit } from "../../runtime/logging/audit.js";
import { createListener } from "../../runtime/node/http-listener.js";
import { listen } from "../../runtime/node/http-server.js";
import { createUpgrade } from "../../runtime/node/websocket.js";
import type { Server } from "../../runtime/protocol/exchange.js";
import { events } from "../e2e/events.js";
import { options } from "./doors.js";
import { claim, serving } from "./many-callers.js";
import { startOpenTelemetry } from "./open-telemetry.js";
import { tracedServer } from "./traced-server.js";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const traceparent = `00-${traceId}-b7ad6b7169203331-01`;

/** Serves HTTP within a span, as an instrumentation of HTTP does. */
async function serveInstrumented(server: Server): Promise<{ readonly url: string; readonly spans: string[] }> {
  const listener = createListener(server, options);
  const spans: string[] = [];
  const http = createServer((request, response) => {
    const span = api.trace.getTracer("http").startSpan("POST");
    spans.push(span.spanContext().spanId);
    api.context.with(api.trace.setSpan(api.ROOT_CONTEXT, span), () => listener(request, response));
    span.end();
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  onTestFinished(() => {
    http.closeAllConnections();
    http.close();
  });
  return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`, spans };
}

test.each(["small", "x".repeat(100_000)])(
  "over HTTP, a span is linked to that of its own HTTP request",
  async (padding) => {
    const collected = startOpenTelemetry();
    const { url, spans } = await serveInstrumented(tracedServer({ mode: "native" }));
    const claim = {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": {},
    };
    const post = async (id: number, meta: object, headers = {}): Promise<void> => {
      const params = { name: "add", arguments: { a: padding }, _meta: { ...claim, ...meta } };
      const response = await fetch(url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "mcp-protocol-version": "2026-07-28",
          "mcp-method": "tools/call",
          "mcp-name": "add",
          ...headers,
        },
        body: JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params }),
      });
      expect([response.status, await response.text()]).toEqual([200, expect.any(String)]);
    };
    // At once, so that large bodies wait for each other.
    await Promise.all([1, 2, 3].map((id) => post(id, { traceparent })));
    // The instrumentation has taken the context of the headers over.
    await post(4, {}, { traceparent });
    const called = collected.spans().filter(({ name }) => name === "tools/call add");
    expect(called.slice(0, 3).map(({ parentSpanContext: parent }) => parent?.spanId)).toEqual(
      Array(3).fill("b7ad6b7169203331"),
    );
    const linked = called.slice(0, 3).flatMap(({ links }) => links.map(({ context }) => context.spanId));
    expect(linked.toSorted()).toEqual(spans.slice(0, 3).toSorted());
    expect(called[3]).toMatchObject({ links: [], parentSpanContext: { spanId: spans[3] } });
    expect(called[3]!.attributes).toMatchObject({
      "network.transport": "tcp",
      "network.protocol.name": "http",
      "network.protocol.version": "1.1",
      "client.address": "127.0.0.1",
      "client.port": expect.any(Number),
    });
  },
);

test("over HTTP without instrumentation, the parent may come with the headers", async () => {
  const collected = startOpenTelemetry();
  const http = createServer(createListener(tracedServer({ mode: "native" }), options)).listen(0, "127.0.0.1");
  await once(http, "listening");
  onTestFinished(() => void http.close());
  const initialize = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "x", version: "1" } };
  await fetch(`http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream", traceparent },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params: initialize }),
  });
  expect(collected.spans()).toMatchObject([{ name: "initialize", parentSpanContext: { traceId, isRemote: true } }]);
});

test("the id of a run for browsers, which grants access to its result, is in no span and no record", async () => {
  const collected = startOpenTelemetry();
  const { surface, definition } = tracedServer({ mode: "native" });
  const records: string[] = [];
  const { observers } = definition.surround();
  const audit = createAudit({ file: () => (line) => records.push(line) > 0 });
  const { ask } = serving({ surface, definition }, {}, {}, { observers: [...observers!, audit] });
  const next = events(await ask("ada", { path: "/mcp/tools/later/sse", body: {} }));
  const id = (await next())!.id!.replace(/-\d+$/, "");
  while ((await next()) !== undefined);
  const seen = JSON.stringify([collected.spans().map(({ attributes }) => attributes), records]);
  expect(seen).toContain("later");
  expect(seen).not.toContain(id);
});

const modern = {
  ...{ jsonrpc: "2.0", id: 1, method: "tools/call" },
  params: { name: "add", arguments: {}, _meta: claim },
};

const networks: readonly (readonly [what: string, attributes: object, call: () => Promise<number>])[] = [
  [
    "HTTP/2",
    { "network.protocol.name": "http", "network.protocol.version": "2" },
    async () => {
      const server = http2.createServer(createListener(tracedServer({ mode: "native" }), options) as never);
      await once(server.listen(0, "127.0.0.1"), "listening");
      const client = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      onTestFinished(() => (client.destroy(), void server.close()));
      const headers = { "content-type": "application/json", "mcp-method": "tools/call", "mcp-name": "add" };
      const stream = client.request({
        ":method": "POST",
        ":path": "/mcp",
        ...headers,
        "mcp-protocol-version": "2026-07-28",
      });
      stream.end(JSON.stringify(modern));
      await once(stream, "response");
      return client.socket!.localPort!;
    },
  ],
  [
    "WebSocket",
    { "network.protocol.name": "websocket" },
    async () => {
      const served = { ...options, websocket: { path: "/ws" } };
      const listening = await listen(tracedServer({ mode: "native" }), served, async () => ({ createUpgrade }));
      onTestFinished(() => listening.close());
      const socket = new WebSocket(`ws://127.0.0.1:${new URL(listening.url).port}/ws`, ["mcp"]);
      let port = 0;
      socket.on("upgrade", (response) => (port = response.socket.localPort!));
      await once(socket, "open");
      onTestFinished(() => socket.terminate());
      socket.send(JSON.stringify(modern));
      await once(socket, "message");
      return port;
    },
  ],
];

test.each(networks)(
  "over %s, a span has the peer's address and port, and the version of the convention",
  async (_, attributes, call) => {
    const collected = startOpenTelemetry();
    const port = await call();
    const [span] = collected.spans();
    const network = Object.entries(span!.attributes).filter(([name]) => /^(network|client)\./.test(name));
    expect(Object.fromEntries(network)).toEqual({
      ...{ "network.transport": "tcp", "client.address": "127.0.0.1", "client.port": port },
      ...attributes,
    });
  },
);
