import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { Client as Client2, SSEClientTransport as Sse2 } from "@modelcontextprotocol/client";
import { Client as Client1 } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport as Sse1 } from "@modelcontextprotocol/sdk/client/sse.js";
import { EventSource } from "eventsource";
import { afterAll, beforeAll, expect, test } from "vitest";
import { clients, serveHttp, serverOf, type Client, type Running } from "./clients.js";

const prefix = "/team/tools";
let http: Running;
let base: string;
let close: () => void;

/** A proxy that serves everything under a prefix, of which the server behind it never hears. */
beforeAll(async () => {
  http = await serveHttp(serverOf("everything"));
  const proxy = createServer((incoming, outgoing) => {
    if (!incoming.url!.startsWith(`${prefix}/`)) return void outgoing.writeHead(404).end();
    const { method } = incoming;
    const headers = { ...incoming.headers, host: http.url.host };
    const onward = request(new URL(incoming.url!.slice(prefix.length), http.url), { method, headers }, (response) => {
      outgoing.writeHead(response.statusCode!, response.headers);
      response.pipe(outgoing);
    });
    onward.on("error", () => outgoing.destroy());
    outgoing.on("close", () => onward.destroy());
    incoming.pipe(onward);
    return undefined;
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}${prefix}`;
  close = () => (proxy.closeAllConnections(), proxy.close());
});
afterAll(async () => {
  close();
  await http.stop();
});

const info = { name: "test", version: "1.0.0" };
const streams: readonly [string, (url: URL) => Promise<Client>][] = [
  [
    "sdk 1.x",
    async (url) => {
      const client = new Client1(info);
      await client.connect(new Sse1(url));
      return client as unknown as Client;
    },
  ],
  [
    "client 2.x",
    async (url) => {
      const client = new Client2(info, { versionNegotiation: { mode: "legacy" } });
      await client.connect(new Sse2(url));
      return client as unknown as Client;
    },
  ],
];

async function works(client: Client): Promise<void> {
  expect((await client.listTools()).tools.length).toBeGreaterThan(10);
  const result: any = await client.callTool({ name: "test_x_mcp_header", arguments: { region: "Oslo" } });
  expect(result.content[0].text).toBe('{"region":"Oslo"}');
  await client.close();
}

test.each(streams)("HTTP+SSE: %s posts to where the stream was", async (_, connect) =>
  works(await connect(new URL(`${base}/sse`))),
);

test.each(clients)("Streamable HTTP: $name", async ({ connect }) => works(await connect(new URL(`${base}/mcp`))));

test("a tool's event stream", async () => {
  const source = new EventSource(`${base}/mcp/tools/test_x_mcp_header/sse?region=Oslo`);
  const answer = await new Promise<string>((resolve) =>
    source.addEventListener("tool_complete", ({ data }) => resolve(data as string)),
  );
  source.close();
  expect(JSON.parse(answer).content[0].text).toBe('{"region":"Oslo"}');
});
