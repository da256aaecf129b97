import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Client as Client2, StreamableHTTPClientTransport as Http2 } from "@modelcontextprotocol/client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { WebSocketClientTransport } from "@modelcontextprotocol/sdk/client/websocket.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { createClient } from "../../fixtures/cart/generated/client.js";
import { listener, upgrade } from "../../fixtures/cart/generated/server.js";
import { open } from "../../fixtures/cart/src/hooks.js";
import { serverOf } from "./clients.js";
import { mcpc, project } from "./project.js";

// Node 20 has none for the client of the SDK.
Object.assign(globalThis, { WebSocket: globalThis.WebSocket ?? WebSocket });

const http = createServer(listener).on("upgrade", upgrade);
let base: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  base = `//127.0.0.1:${(http.address() as AddressInfo).port}`;
});
afterAll(() => {
  http.closeAllConnections();
  http.close();
});

const info = { name: "test", version: "1.0.0" };

interface Shopper {
  add(article: string): Promise<unknown>;
  checkOut(): Promise<unknown>;
  /** Ends its session, as a client that is done does. */
  leave(): Promise<void>;
}

async function shopper(transport: Transport): Promise<Shopper> {
  const client = new Client(info);
  await client.connect(transport);
  return {
    add: async (article) => (await client.callTool({ name: "add_to_cart", arguments: { article } })).content,
    checkOut: async () => (await client.callTool({ name: "check_out" })).structuredContent,
    async leave() {
      if (transport instanceof StreamableHTTPClientTransport) await transport.terminateSession();
      await client.close();
    },
  };
}

/** Transports of one process. */
const transports: Readonly<Record<string, () => Transport>> = {
  "Streamable HTTP": () => new StreamableHTTPClientTransport(new URL(`http:${base}/mcp`)) as Transport,
  "HTTP+SSE": () => new SSEClientTransport(new URL(`http:${base}/sse`)),
  WebSocket: () => new WebSocketClientTransport(new URL(`ws:${base}/ws`)),
};

const text = (text: string) => [{ type: "text", text }];

test.each(Object.entries(transports))(
  "over %s each session has its own state, which ends with it",
  async (_, connect) => {
    const [ada, bob] = [await shopper(connect()), await shopper(connect())];
    expect(await ada.add("a book")).toEqual(text("1 in the cart"));
    expect(await bob.add("a pen")).toEqual(text("1 in the cart"));
    expect(await ada.add("a lamp")).toEqual(text("2 in the cart"));
    expect(open.size).toBe(2);
    expect(await bob.checkOut()).toEqual({ ordered: ["a pen"] });
    await bob.leave();
    await vi.waitFor(() => expect(open.size).toBe(1), 100_000);
    expect(await ada.checkOut()).toEqual({ ordered: ["a book", "a lamp"] });
    await ada.leave();
    await vi.waitFor(() => expect(open.size).toBe(0), 100_000);
  },
);

test("over standard streams the connection is the session, in the built server", async () => {
  const ada = await shopper(new StdioClientTransport({ command: "node", args: [serverOf("cart")] }));
  await ada.add("a book");
  expect(await ada.add("a lamp")).toEqual(text("2 in the cart"));
  expect(await ada.checkOut()).toEqual({ ordered: ["a book", "a lamp"] });
  await ada.leave();
});

test("a client of 2026-07-28 has no session, whatever it sends", async () => {
  const headers = { "mcp-session-id": "someone-elses" };
  const client = new Client2(info, { versionNegotiation: { mode: { pin: "2026-07-28" } } });
  await client.connect(new Http2(new URL(`http:${base}/mcp`), { requestInit: { headers } }));
  const { isError } = await client.callTool({ name: "add_to_cart", arguments: { article: "a book" } });
  expect(isError).toBe(true);
  const answer = await client.callTool({ name: "check_out", arguments: { articles: ["a pen"] } });
  expect(answer.content).toEqual([{ type: "text", text: 'Ordered: ["a pen"].' }]);
  expect(answer.structuredContent).toEqual({
    ordered: ["a pen"],
  });
  await client.close();
});

test("an event stream of a tool has none either", async () => {
  const body = JSON.stringify({ article: "a book" });
  const headers = { "content-type": "application/json" };
  const response = await fetch(`http:${base}/mcp/tools/add_to_cart/sse`, { method: "POST", headers, body });
  expect(await response.text()).toContain("no session to keep a cart in");
});

test("the state has the type that the hook returns, in handlers alone", () => {
  const folder = project({
    "a.mcp.json": {
      server: { name: "typed", version: "1.0.0" },
      tools: [{ name: "t", description: "Does nothing.", inputSchema: { type: "object", properties: {} } }],
    },
    "src/hooks.ts": `import type { OnError, OnStop, SessionContext } from "../generated/application.js";
export const onStart = () => ({ unit: "kg" as const });
export const onSession = ({ state }: SessionContext) => ({ seen: new Set<string>(), unit: state.unit });
export const onStop: OnStop = ({ session }) => {};
export const onError: OnError = (_error, { session }) => {};
`,
    "src/tools/t.ts": `import type { T } from "../../generated/types.js";
export const t: T = (_input, { session }) => {
  session.state;
  session?.state.seen.add(1);
  const unit: "kg" | undefined = session?.state.unit;
  return [session?.id, unit, session?.state.unknown].join();
};
`,
  });
  const { stdout, stderr } = mcpc(folder, "check", "--format", "json");
  const { diagnostics } = JSON.parse(stdout || stderr) as { diagnostics: { file?: string; line: number }[] };
  // One says that nothing has been built yet.
  const places = diagnostics.flatMap(({ file, line }) => (file === undefined ? [] : [`${file}:${line}`]));
  expect(places.sort()).toEqual([
    "src/hooks.ts:4",
    "src/hooks.ts:5",
    "src/tools/t.ts:3",
    "src/tools/t.ts:4",
    "src/tools/t.ts:6",
  ]);
});

test("the client in memory has one in revisions that have sessions", async () => {
  const [older, newest] = [createClient({ protocolVersion: "2025-11-25" }), createClient()];
  await older.tools.add_to_cart({ article: "a book" });
  expect(await older.tools.check_out({})).toEqual({ ordered: ["a book"] });
  expect(open.size).toBe(1);
  await older.close();
  expect(open.size).toBe(0);
  await expect(newest.tools.add_to_cart({ article: "a book" })).rejects.toMatchObject({ code: "noSession" });
  await newest.close();
});
