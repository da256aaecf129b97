import {
  Client as Client2,
  SSEClientTransport as Sse2,
  StreamableHTTPClientTransport as Http2,
} from "@modelcontextprotocol/client";
import { Client as Client1 } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport as Sse1 } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport as Http1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { WebSocketClientTransport as WebSocket1 } from "@modelcontextprotocol/sdk/client/websocket.js";
import {
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { afterAll, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { serveHttp, serverOf } from "./clients.js";

const info = { name: "test", version: "1.0.0" };
const uri = "contract://watched";
const [tools, updated] = ["notifications/tools/list_changed", "notifications/resources/updated"] as const;

interface Hearing {
  call(what: string): Promise<unknown>;
  /** What it is told next. */
  told(): Promise<string>;
  close(): Promise<void>;
}

function queue() {
  const heard: string[] = [];
  const waiting: ((what: string) => void)[] = [];
  return {
    hear(what: string): void {
      const reader = waiting.shift();
      if (reader === undefined) heard.push(what);
      else reader(what);
    },
    told: (): Promise<string> =>
      new Promise((resolve) => (heard.length > 0 ? resolve(heard.shift()!) : waiting.push(resolve))),
  };
}

async function first(transport: Http1 | Sse1 | WebSocket1): Promise<Hearing> {
  const client = new Client1(info);
  const { hear, told } = queue();
  client.setNotificationHandler(ToolListChangedNotificationSchema, ({ method }) => hear(method));
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ method, params }) =>
    hear(`${method} ${params.uri}`),
  );
  await client.connect(transport as Parameters<typeof client.connect>[0]);
  await client.subscribeResource({ uri });
  const call = (what: string) => client.callTool({ name: "change", arguments: { what } });
  return { call, told, close: () => client.close() };
}

async function second(transport: Http2 | Sse2, mode: "legacy" | { pin: string }): Promise<Hearing> {
  const client = new Client2(info, { versionNegotiation: { mode } });
  const { hear, told } = queue();
  client.setNotificationHandler(tools, ({ method }) => hear(method));
  client.setNotificationHandler(updated, ({ method, params }) => hear(`${method} ${params.uri}`));
  await client.connect(transport);
  if (mode === "legacy") await client.subscribeResource({ uri });
  else await client.listen({ toolsListChanged: true, resourceSubscriptions: [uri] });
  const call = (what: string) => client.callTool({ name: "change", arguments: { what } });
  return { call, told, close: () => client.close() };
}

// It takes the platform's, which Node 20 does not have.
vi.stubGlobal("WebSocket", WebSocket);
afterAll(() => void vi.unstubAllGlobals());

test("the official clients hear of each other's changes, whatever their transport and era", async () => {
  const server = await serveHttp(serverOf("contract"));
  const { url } = server;
  const sse = new URL("/sse", url);
  const listeners: Readonly<Record<string, Hearing>> = {
    "1.x, Streamable HTTP": await first(new Http1(url)),
    "1.x, HTTP+SSE": await first(new Sse1(sse)),
    "1.x, WebSocket": await first(new WebSocket1(new URL(`ws://${url.host}/ws`))),
    "2.x, Streamable HTTP": await second(new Http2(url), "legacy"),
    "2.x, HTTP+SSE": await second(new Sse2(sse), "legacy"),
    "2.x, 2026-07-28": await second(new Http2(url), { pin: "2026-07-28" }),
  };
  for (const causing of Object.values(listeners))
    for (const [what, expected] of [
      ["tools", tools],
      ["watched", `${updated} ${uri}`],
    ] as const) {
      await causing.call(what);
      const heard = await Promise.all(
        Object.entries(listeners).map(async ([name, { told }]) => [name, await told()] as const),
      );
      expect(Object.fromEntries(heard)).toEqual(
        Object.fromEntries(Object.keys(listeners).map((name) => [name, expected])),
      );
    }
  for (const { close } of Object.values(listeners)) await close();
  await server.stop();
  expect(server.process.exitCode).toBe(0);
});
