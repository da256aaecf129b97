import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { WebSocket } from "ws";
import { createListener } from "../../runtime/node/http-listener.js";
import { createUpgrade } from "../../runtime/node/websocket.js";
import { createFetch, type Fetch } from "../../runtime/transports/http/fetch.js";
import type { HttpOptions } from "../../runtime/transports/http/endpoint.js";
import { serverWith } from "./surface.js";

const options: HttpOptions = {
  path: "/mcp",
  host: "127.0.0.1",
  port: 0,
  allowedOrigins: [],
  allowedHosts: [],
  sse: { path: "/sse", messagesPath: "/messages" },
  websocket: { path: "/ws" },
  toolEvents: true,
};

/** The server's own clocks stand still until they are told to go on; the network goes on by itself. */
beforeEach(() => void vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] }));
afterEach(() => void vi.useRealTimers());

const never = () => serverWith({ t: () => new Promise<never>(() => {}) }, { surface: { readOnly: true } });

async function listening(): Promise<string> {
  const server = never();
  const http = createServer(createListener(server, options));
  http.on("upgrade", createUpgrade(server, options));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    http.closeAllConnections();
    http.close();
  });
  return `127.0.0.1:${(http.address() as AddressInfo).port}`;
}

const entries: readonly [string, () => Promise<readonly [Fetch, string]>][] = [
  ["the Web-standard entry", async () => [createFetch(never(), options), "http://localhost"]],
  ["node:http", async () => [fetch, `http://${await listening()}`]],
];

const claim = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};
const listen: RequestInit = {
  method: "POST",
  headers: {
    "content-type": "application/json",
    accept: "text/event-stream",
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "subscriptions/listen",
  },
  body: JSON.stringify({
    jsonrpc: "2.0",
    id: 1,
    method: "subscriptions/listen",
    params: { notifications: {}, _meta: claim },
  }),
};
const streams: readonly [string, string, RequestInit][] = [
  ["a subscription", "/mcp", listen],
  ["HTTP+SSE", "/sse", {}],
  ["a tool's event stream", "/mcp/tools/t/sse", {}],
];

for (const [entry, serve] of entries) {
  test.each(streams)(`%s that is quiet gets a comment every 15 seconds: ${entry}`, async (_, path, init) => {
    const [ask, base] = await serve();
    const stop = new AbortController();
    const response = await ask(new Request(base + path, { ...init, signal: stop.signal }));
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    const heard = async (comments: number): Promise<void> => {
      while (text.split(": keep-alive\n\n").length <= comments) text += (await reader.read()).value;
    };
    while (!text.includes("data: ")) text += (await reader.read()).value;
    vi.advanceTimersByTime(14_999);
    expect(text).not.toContain("keep-alive");
    vi.advanceTimersByTime(1);
    await heard(1);
    vi.advanceTimersByTime(15_000);
    await heard(2);
    stop.abort();
    await reader.cancel().catch(() => {});
  });
}

test("a WebSocket client that answers no ping for half a minute is gone; one that does stays", async () => {
  const host = await listening();
  const open = async (autoPong: boolean): Promise<WebSocket> => {
    const socket = new WebSocket(`ws://${host}/ws`, ["mcp"], { autoPong });
    onTestFinished(() => socket.terminate());
    await once(socket, "open");
    return socket;
  };
  const [mute, good] = [await open(false), await open(true)];
  const beat = async (): Promise<void> => {
    const pinged = once(good, "ping");
    vi.advanceTimersByTime(30_000);
    await pinged;
    // What the server answers now it has read after the pong.
    good.ping();
    await once(good, "pong");
  };
  const gone = once(mute, "close");
  await beat();
  await beat();
  expect((await gone)[0]).toBe(1006);
  await beat();
  expect(good.readyState).toBe(good.OPEN);
});
