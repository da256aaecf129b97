import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Client as Client2, StreamableHTTPClientTransport as Http2 } from "@modelcontextprotocol/client";
import { Client as Client1 } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport as Sse1 } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport as Http1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import express from "express";
import { describe, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { at, fetch as handle, listener } from "../../fixtures/everything/generated/server.js";
import { started } from "./started.js";

async function listening(server: HttpServer): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The guide's applications, and where each serves the MCP endpoint. */
const applications = {
  node: () => import("../../fixtures/everything/src/applications/node.js"),
  express: () => import("../../fixtures/everything/src/applications/express.js"),
  expressPrefix: () => import("../../fixtures/everything/src/applications/express-prefix.js"),
  fastify: () => import("../../fixtures/everything/src/applications/fastify.js"),
  hono: () => import("../../fixtures/everything/src/applications/hono.js"),
};
const hosts: Readonly<Record<string, () => Promise<string>>> = {
  "node:http": () => listening(createServer(listener)),
  "node:http, at a path of its own": async () => `${await started(applications.node)}/api/tools`,
  "Express, at a path of its own": async () => `${await started(applications.express)}/api/tools`,
  "Express, under a prefix, behind a body parser": () => started(applications.expressPrefix),
  Fastify: async () => `${await started(applications.fastify)}/api/tools`,
  Hono: () => started(applications.hono),
};

describe.each(Object.entries(hosts))("inside %s", (_, mount) => {
  test("clients of both eras list, call and follow progress", async () => {
    const base = new URL(await mount());
    const url = base.pathname === "/" ? new URL("/mcp", base) : base;
    const info = { name: "test", version: "1.0.0" };
    const first = new Client1(info);
    await first.connect(new Http1(url) as never);
    const second = new Client2(info, { versionNegotiation: { mode: { pin: "2026-07-28" } } });
    await second.connect(new Http2(url));
    const seen: number[] = [];
    const onprogress = ({ progress }: { progress: number }): void => void seen.push(progress);
    const call = { name: "test_tool_with_progress", arguments: {} };
    for (const run of [
      () => first.callTool(call, undefined, { onprogress }),
      () => second.callTool(call, { onprogress }),
    ]) {
      seen.length = 0;
      expect(await run()).toMatchObject({ content: [{ text: "Done." }] });
      expect(seen).toEqual([0, 50, 100]);
    }
    expect((await first.listTools()).tools).toEqual(
      (await second.listTools()).tools.map((tool: any) => expect.objectContaining({ name: tool.name })),
    );
    await first.close();
    await second.close();
  });
});

test("under a prefix, everything beside the MCP endpoint is there as well", async () => {
  const app = express();
  app.use("/api", listener);
  const base = await listening(createServer(app));
  const client = new Client1({ name: "test", version: "1.0.0" });
  await client.connect(new Sse1(new URL("/api/sse", base)));
  expect(await client.callTool({ name: "test_tool_with_progress", arguments: {} })).toMatchObject({
    content: [{ text: "Done." }],
  });
  await client.close();
  const stream = await fetch(new URL("/api/mcp/tools/test_x_mcp_header/sse?level=3", base));
  expect(await stream.text()).toContain("event: tool_complete");
  const ping = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };
  expect((await fetch(new URL("/api/mcp", base), ping)).status).toBe(400);
  expect((await fetch(new URL("/api/elsewhere", base), ping)).status).toBe(404);
});

test("at a path of its own, everything beside the MCP endpoint lies beside that path", async () => {
  const { listener, upgrade, fetch: handleThere } = at("/api/tools");
  const base = await listening(createServer(listener).on("upgrade", upgrade));
  const client = new Client1({ name: "test", version: "1.0.0" });
  await client.connect(new Sse1(new URL("/api/sse", base)));
  expect((await client.listTools()).tools.length).toBeGreaterThan(10);
  await client.close();
  const path = "/api/tools/tools/test_x_mcp_header/sse?level=3";
  expect(await (await fetch(new URL(path, base))).text()).toContain("event: tool_complete");
  expect(await (await handleThere(new Request(`http://localhost${path}`))).text()).toContain("event: tool_complete");
  const socket = new WebSocket(new URL("/api/ws", base.replace("http", "ws")), ["mcp"]);
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  socket.terminate();
  expect((await fetch(new URL("/mcp", base))).status).toBe(404);
  expect(() => at("tools")).toThrow('must begin with "/"');
});

test("as a bare Web-standard handler", async () => {
  const ask = (body: object, headers: Record<string, string> = {}): Promise<Response> =>
    handle(
      new Request("http://localhost/mcp", {
        method: "POST",
        headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
        body: JSON.stringify(body),
      }),
    );
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "x", version: "1" } };
  const opened = await ask({ jsonrpc: "2.0", id: 1, method: "initialize", params });
  const session = { "mcp-session-id": opened.headers.get("mcp-session-id")! };
  const called = await ask(
    { jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "test_simple_text" } },
    session,
  );
  expect(((await called.json()) as any).result.content[0].text).toContain("simple text");
  const stopped = new AbortController();
  const streaming = await handle(
    new Request("http://localhost/mcp", {
      headers: { ...session, accept: "text/event-stream" },
      signal: stopped.signal,
    }),
  );
  expect(streaming.headers.get("content-type")).toBe("text/event-stream");
  stopped.abort();
  expect((await ask({}, { ...session, origin: "http://evil.example" })).status).toBe(403);
  expect(
    (
      await handle(
        new Request("http://localhost/mcp", { method: "OPTIONS", headers: { origin: "http://localhost:5173" } }),
      )
    ).status,
  ).toBe(204);
});
