import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { WebSocketClientTransport } from "@modelcontextprotocol/sdk/client/websocket.js";
import { Client as Client1 } from "@modelcontextprotocol/sdk/client/index.js";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { WebSocket } from "ws";
import { clients, serveHttpWith, type Running } from "./clients.js";
import { freePort } from "./free-port.js";
import { hasNginx, startNginx, type Nginx } from "./nginx.js";
import { hasRedis, startRedis, type Redis } from "./redis.js";
import { buildVariant, fixture } from "./replicas/variant.js";

if (!hasNginx) console.log("the tests of nginx are skipped: it is not installed");

const conf = join(fixture, "deploy", "nginx.conf");
const key = "key-of-ada-0123456789";
const authorization = `Bearer ${key}`;
/** The public name, which nginx passes on. */
const host = /server_name (.*);/.exec(readFileSync(conf, "utf8"))![1]!;

describe.skipIf(!hasNginx || !hasRedis)("a built server behind nginx, as in the guide", () => {
  let bundle: string;
  let environment: Record<string, string>;
  let redis: Redis;
  let server: Running;
  let nginx: Nginx;
  let url: URL;

  beforeAll(async () => {
    // The guide's limits are shortened alike: of the comments on quiet streams, and of nginx's patience.
    bundle = buildVariant(({ transports }) => (transports.http.keepAliveMs = 500));
    redis = await startRedis();
    environment = { AUCTION_API_KEYS: key, REDIS_URL: redis.url, DATABASE_URL: redis.url };
    server = await serveHttpWith(environment, bundle);
    const replicas = [3001, 3002, 3003].map((port) => [`server 127.0.0.1:${port};`, `server ${server.url.host};`]);
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
    const client = await kind.connect(url, { authorization, host });
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
      headers: { authorization, host },
    });
    const chunks: string[] = [];
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>)
      chunks.push(Buffer.from(chunk).toString());
    const complete = chunks.findIndex((chunk) => chunk.includes("tool_complete"));
    expect(chunks.slice(0, complete).filter((chunk) => chunk.includes("progress")).length).toBeGreaterThan(3);
  });

  test("a stream stays open while nothing happens, for longer than nginx waits", async () => {
    const slow = new URL("/mcp/tools/appraise/sse?pieces=5&msPerPiece=1000", url);
    const response = await fetch(slow, { headers: { authorization, host } });
    expect(await response.text()).toContain("tool_complete");
  });

  test("a WebSocket is let through", async () => {
    // The official transport has no headers: a key that the test's own WebSocket adds stands for a cookie.
    vi.stubGlobal(
      "WebSocket",
      class extends WebSocket {
        constructor(address: URL, protocols: string[]) {
          super(address, protocols, { headers: { authorization, host } });
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
      ...{ authorization, host },
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
    };
    const response = await fetch(url, { method: "POST", headers, body });
    const text = await response.text();
    expect([response.status, text.includes("nginx")]).toEqual([status, status === 413]);
  });

  test("who is the caller does not depend on what a client writes into X-Forwarded-For", async () => {
    const headers = { host, "content-type": "application/json", "x-forwarded-for": "127.0.0.1" };
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

  test("replicas restart one by one, and none gets a request meanwhile", async () => {
    const folder = mkdtempSync(join(tmpdir(), "mcpc-restarts-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const replicas = new Map<number, Running>();
    onTestFinished(async () => void (await Promise.all([...replicas.values()].map((replica) => replica.stop()))));
    const begin = async (port: number): Promise<void> =>
      void replicas.set(port, await serveHttpWith(environment, bundle, "--port", String(port)));
    const ports = [await freePort(), await freePort(), await freePort()];
    await Promise.all(ports.map(begin));
    const shown = [3001, 3002, 3003].map((port, index) => [`127.0.0.1:${port};`, `127.0.0.1:${ports[index]};`]);
    const balancer = await startNginx(conf, Object.fromEntries(shown));
    onTestFinished(() => balancer.stop());

    /** The replicas that answer calls one after the other. */
    const reached = async (): Promise<Set<unknown>> => {
      const seen = new Set<unknown>();
      for (let index = 0; index < 6; index += 1) seen.add(await replicaOf(balancer.origin));
      return seen;
    };

    // The commands of the script: the same nginx, and a request to this test in the place of systemctl.
    const restart = readFileSync(join(fixture, "deploy", "restart.sh"), "utf8");
    for (const text of ["/etc/nginx/conf.d/auction.conf", "3001 3002 3003"]) expect(restart).toContain(text);
    const script = restart
      .replace("/etc/nginx/conf.d/auction.conf", balancer.file)
      .replace("3001 3002 3003", ports.join(" "))
      .replaceAll(/sleep \d/g, "sleep 0.1");
    const commands = {
      nginx: `exec ${balancer.command} "$@"`,
      systemctl: `touch "$1-$2"; while [ -e "$1-$2" ]; do sleep 0.1; done`,
    };
    for (const [name, text] of Object.entries(commands))
      writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    writeFileSync(join(folder, "restart.sh"), script);

    const path = `${folder}${delimiter}${process.env["PATH"]}`;
    const restarting = spawn("sh", ["restart.sh"], {
      cwd: folder,
      env: { ...process.env, PATH: path },
      stdio: "ignore",
    });
    onTestFinished(() => void restarting.kill());
    for (const port of ports) {
      const asked = join(folder, `restart-auction@${port}`);
      await vi.waitFor(() => expect(existsSync(asked)).toBe(true), { timeout: 60_000, interval: 20 });
      const own = String(replicas.get(port)!.process.pid);
      // The old workers of nginx end in their own time.
      await vi.waitFor(async () => expect(await reached()).not.toContain(own), 30_000);
      await replicas.get(port)!.stop();
      await begin(port);
      rmSync(asked);
    }
    const [code] = restarting.exitCode === null ? await once(restarting, "exit") : [restarting.exitCode];
    expect(code).toBe(0);
    await vi.waitFor(async () => expect((await reached()).size).toBe(3), 30_000);
  });
});

/** The replica that nginx chooses for a call. */
async function replicaOf(origin: string): Promise<unknown> {
  const client = await clients[0]!.connect(new URL("/mcp", origin), { authorization, host });
  const { structuredContent } = await client.callTool({ name: "which_replica", arguments: {} });
  await client.close();
  return (structuredContent as { readonly replica: string }).replica;
}
