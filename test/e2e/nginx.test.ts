import { join } from "node:path";
import { WebSocketClientTransport } from "@modelcontextprotocol/sdk/client/websocket.js";
import { Client as Client1 } from "@modelcontextprotocol/sdk/client/index.js";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { clients, serveHttpWith, type Running } from "./clients.js";
import { hasNginx, startNginx, type Nginx } from "./nginx.js";
import { hasRedis, startRedis, type Redis } from "./redis.js";
import { buildVariant, fixture } from "./replicas/variant.js";

if (!hasNginx) console.log("the tests of nginx are skipped: it is not installed");

const conf = join(fixture, "deploy", "nginx.conf");
const key = "key-of-ada-0123456789";
const authorization = `Bearer ${key}`;

describe.skipIf(!hasNginx || !hasRedis)("a built server behind nginx, as in the guide", () => {
  let redis: Redis;
  let server: Running;
  let nginx: Nginx;
  let url: URL;

  beforeAll(async () => {
    // The guide's limits are shortened alike: of the comments on quiet streams, and of nginx's patience.
    const bundle = buildVariant(({ transports }) => (transports.http.keepAliveMs = 500));
    redis = await startRedis();
    const environment = { AUCTION_API_KEYS: key, REDIS_URL: redis.url, DATABASE_URL: redis.url };
    server = await serveHttpWith(environment, bundle);
    const { host } = server.url;
    const replicas = [3001, 3002, 3003].map((port) => [`server 127.0.0.1:${port};`, `server ${host};`] as const);
    nginx = await startNginx(conf, {
      ...Object.fromEntries(replicas),
      "proxy_read_timeout 60s;": "proxy_read_timeout 3s;",
    });
    url = new URL("/mcp", nginx.origin);
  });
  afterAll(async () => {
    await nginx?.stop();
    await server?.stop();
    await redis?.stop();
  });

  test.each(clients)("$name calls, and a call that is quiet for longer than nginx waits is answered", async (kind) => {
    const client = await kind.connect(url, { authorization });
    expect(await client.callTool({ name: "bid", arguments: { lot: "lamp" } })).toMatchObject({
      structuredContent: { bids: expect.any(Number) },
    });
    const slow = { pieces: 5, msPerPiece: 1000 };
    expect(await client.callTool({ name: "appraise", arguments: slow })).toMatchObject({
      structuredContent: { appraised: 5 },
    });
    await client.close();
  });

  test("events of a stream pass at once", async () => {
    const response = await fetch(new URL("/mcp/tools/appraise/sse?pieces=10&msPerPiece=200", url), {
      headers: { authorization },
    });
    const chunks: string[] = [];
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>)
      chunks.push(Buffer.from(chunk).toString());
    const complete = chunks.findIndex((chunk) => chunk.includes("tool_complete"));
    expect(chunks.slice(0, complete).filter((chunk) => chunk.includes("progress")).length).toBeGreaterThan(3);
  });

  test("a stream stays open while nothing happens, for longer than nginx waits", async () => {
    const slow = new URL("/mcp/tools/appraise/sse?pieces=5&msPerPiece=1000", url);
    const response = await fetch(slow, { headers: { authorization } });
    expect(await response.text()).toContain("tool_complete");
  });

  test("a WebSocket is let through", async () => {
    // The official transport has no headers: a key that the test's own WebSocket adds stands for a cookie.
    vi.stubGlobal(
      "WebSocket",
      class extends WebSocket {
        constructor(address: URL, protocols: string[]) {
          super(address, protocols, { headers: { authorization } });
        }
      },
    );
    const client = new Client1({ name: "test", version: "1.0.0" });
    await client.connect(new WebSocketClientTransport(new URL(`ws://${url.host}/ws`)));
    const { structuredContent } = await client.callTool({ name: "which_replica", arguments: {} });
    expect(structuredContent).toMatchObject({ replica: String(server.process.pid) });
    await client.close();
    vi.unstubAllGlobals();
  });

  test.each([
    ["as long as the server allows, reaches it", 4 * 1024 * 1024 - 1000, 400],
    ["longer than that, nginx refuses", 4 * 1024 * 1024 + 1000, 413],
  ])("a body, %s", async (_, length, status) => {
    const body = `{"x":"${"x".repeat(length - 8)}"}`;
    const headers = {
      authorization,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
    };
    const response = await fetch(url, { method: "POST", headers, body });
    const text = await response.text();
    expect([response.status, text.includes("nginx")]).toEqual([status, status === 413]);
  });

  test("who is the caller does not depend on what a client writes into X-Forwarded-For", async () => {
    const headers = { "content-type": "application/json", "x-forwarded-for": "127.0.0.1" };
    const response = await fetch(url, { method: "POST", headers, body: "{}" });
    expect(response.status).toBe(401);
  });

  test("a replica that is away is passed over", async () => {
    const away = await startNginx(conf, {
      "server 127.0.0.1:3001;": "server 127.0.0.1:1;",
      "server 127.0.0.1:3002;": `server ${server.url.host};`,
      "server 127.0.0.1:3003;": "",
    });
    for (let index = 0; index < 4; index += 1) expect((await fetch(new URL("/readyz", away.origin))).status).toBe(200);
    await away.stop();
  });
});
