import { Client as Client2, StreamableHTTPClientTransport as Http2 } from "@modelcontextprotocol/client";
import type { StdioClientTransport as Stdio2 } from "@modelcontextprotocol/client/stdio";
import { Client as Client1 } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport as Sse1 } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport as Http1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { WebSocketClientTransport as WebSocket1 } from "@modelcontextprotocol/sdk/client/websocket.js";

export const info = { name: "test", version: "1.0.0" };

export interface Talking {
  readonly name: string;
  call(tool: string, onprogress?: () => void): Promise<string>;
  tools(): Promise<string[]>;
  /** Notifications so far. */
  readonly heard: string[];
  close(): Promise<void>;
}

export type Transport1 = Parameters<Client1["connect"]>[0];

export const text = (result: unknown): string => (result as { content: { text: string }[] }).content[0]!.text;
export const lists = ["tools", "prompts", "resources"] as const;

export async function first(name: string, transport: unknown): Promise<Talking> {
  const client = new Client1(info);
  const heard: string[] = [];
  client.fallbackNotificationHandler = async ({ method }) => void heard.push(method);
  await client.connect(transport as Transport1);
  return {
    name,
    heard,
    call: async (tool, onprogress) =>
      text(await client.callTool({ name: tool, arguments: {} }, undefined, onprogress && { onprogress })),
    tools: async () => (await client.listTools()).tools.map((tool) => tool.name),
    close: () => client.close(),
  };
}

export async function second(
  name: string,
  transport: Http2 | Stdio2,
  mode: "legacy" | { pin: string },
): Promise<Talking> {
  const client = new Client2(info, { versionNegotiation: { mode } });
  const heard: string[] = [];
  for (const list of lists)
    client.setNotificationHandler(`notifications/${list}/list_changed`, ({ method }) => void heard.push(method));
  await client.connect(transport);
  if (mode !== "legacy")
    await client.listen({ toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true });
  return {
    name,
    heard,
    call: async (tool, onprogress) =>
      text(await client.callTool({ name: tool, arguments: {} }, onprogress && { onprogress })),
    tools: async () => (await client.listTools()).tools.map((tool) => tool.name),
    close: () => client.close(),
  };
}

/** Every official client there is, each by its transport and era. */
export function everybody(url: URL): Promise<Talking[]> {
  return Promise.all([
    first("1.x, Streamable HTTP", new Http1(url)),
    first("1.x, HTTP+SSE", new Sse1(new URL("/sse", url))),
    first("1.x, WebSocket", new WebSocket1(new URL(`ws://${url.host}/ws`))),
    second("2.x, Streamable HTTP", new Http2(url), "legacy"),
    second("2.x, 2026-07-28", new Http2(url), { pin: "2026-07-28" }),
  ]);
}
