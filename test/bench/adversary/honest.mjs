// Honest clients of every kind. Each makes one call after the other at a leisurely pace; a call that is refused, lost or
// late tells of an adversary that shuts others out.
import { Client as Client2, StreamableHTTPClientTransport as Http2 } from "@modelcontextprotocol/client";
import { Client as Client1 } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport as Http1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { WebSocketClientTransport } from "@modelcontextprotocol/sdk/client/websocket.js";
import WebSocket from "ws";

const info = { name: "honest", version: "1" };
const first = async (transport) => {
  const client = new Client1(info, { capabilities: {} });
  await client.connect(transport);
  return { call: (params) => client.callTool(params, undefined, { timeout: 30_000 }), close: () => client.close() };
};
const second = async (url, mode) => {
  const client = new Client2(info, { capabilities: {}, versionNegotiation: { mode } });
  await client.connect(new Http2(url));
  return { call: (params) => client.callTool(params, { timeout: 30_000 }), close: () => client.close() };
};
const at = (url, path) => new URL(path, url);

export const kinds = {
  "session, sdk 1.x": (url) => first(new Http1(url)),
  "session, client 2.x": (url) => second(url, "legacy"),
  "2026-07-28, client 2.x": (url) => second(url, { pin: "2026-07-28" }),
  "HTTP+SSE, sdk 1.x": (url) => first(new SSEClientTransport(at(url, "/sse"))),
  "WebSocket, sdk 1.x": (url) => {
    globalThis.WebSocket ??= WebSocket;
    const address = at(url, "/ws");
    address.protocol = "ws:";
    return first(new WebSocketClientTransport(address));
  },
};

/** Four clients of each kind: twenty. */
export async function honestClients(url) {
  const clients = [];
  for (const [kind, connect] of Object.entries(kinds))
    for (let number = 0; number < 4; number += 1) clients.push({ kind, ...(await connect(url)) });
  return clients;
}

/** Milliseconds of work that the tool does, as one that asks a database or another service would. */
const workMs = 50;
const pauseMs = 400;

/** Lets the clients call until `until`; the milliseconds of each call that was answered, and what failed. */
export async function callAll(clients, until) {
  const times = [];
  const failures = new Map();
  await Promise.all(
    clients.map(async ({ kind, call }, index) => {
      await new Promise((resolve) => setTimeout(resolve, (index * pauseMs) / clients.length));
      while (performance.now() < until) {
        const began = performance.now();
        try {
          const { content } = await call({ name: "work", arguments: { ms: workMs } });
          if (content[0].text !== "worked") throw new Error(`a wrong answer: ${content[0].text.slice(0, 80)}`);
          times.push(performance.now() - began);
        } catch (error) {
          const what = `${kind}: ${String(error.message).slice(0, 100)}`;
          failures.set(what, (failures.get(what) ?? 0) + 1);
        }
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    }),
  );
  return { times: times.sort((a, b) => a - b), failures };
}
