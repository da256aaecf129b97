import { Client as Client2, StreamableHTTPClientTransport as Http2 } from "@modelcontextprotocol/client";
import { StdioClientTransport as Stdio2 } from "@modelcontextprotocol/client/stdio";
import { Client as Client1 } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport as Sse1 } from "@modelcontextprotocol/sdk/client/sse.js";
import { StdioClientTransport as Stdio1 } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as Http1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { WebSocketClientTransport as WebSocket1 } from "@modelcontextprotocol/sdk/client/websocket.js";
import { afterAll, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { cli, develop, listener } from "./development.js";
import { project, write } from "./project.js";

const info = { name: "test", version: "1.0.0" };
const object = { type: "object" };

/** A tool that says what its module says, and one that waits to be let go and then says what it began with. */
const manifest = (more: object = {}) => ({
  server: { name: "changing", version: "1.0.0" },
  tools: [
    { name: "say", inputSchema: object },
    { name: "wait", inputSchema: object },
    { name: "go", inputSchema: object },
  ],
  runtime: { transports: { stdio: {}, http: {}, sse: {}, websocket: {} } },
  ...more,
});
const handler = (name: string, body: string, more = ""): string =>
  `import type { ${name[0]!.toUpperCase()}${name.slice(1)} } from "../../generated/types.js";\n${more}` +
  `export const ${name}: ${name[0]!.toUpperCase()}${name.slice(1)} = ${body};\n`;
const word = (text: string): string => `export const word: string = ${JSON.stringify(text)};\n`;
const files = {
  "a.mcp.json": manifest(),
  "src/word.ts": word("one"),
  "src/gate.ts":
    "let open = (): void => {};\nexport const gate = { wait: () => new Promise<void>((resolve) => (open = resolve)), go: () => open() };\n",
  "src/tools/say.ts": handler("say", "() => word", 'import { word } from "../word.js";\n'),
  "src/tools/wait.ts": handler(
    "wait",
    "async (_input, { progress }) => {\n  progress(1);\n  await gate.wait();\n  return word;\n}",
    'import { gate } from "../gate.js";\nimport { word } from "../word.js";\n',
  ),
  "src/tools/go.ts": handler(
    "go",
    '() => {\n  gate.go();\n  return "gone";\n}',
    'import { gate } from "../gate.js";\n',
  ),
};

interface Talking {
  readonly name: string;
  call(tool: string, onprogress?: () => void): Promise<string>;
  tools(): Promise<string[]>;
  /** Notifications so far. */
  readonly heard: string[];
  close(): Promise<void>;
}

type Transport1 = Parameters<Client1["connect"]>[0];

const text = (result: unknown): string => (result as { content: { text: string }[] }).content[0]!.text;
const lists = ["tools", "prompts", "resources"] as const;

async function first(name: string, transport: unknown): Promise<Talking> {
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

async function second(name: string, transport: Http2 | Stdio2, mode: "legacy" | { pin: string }): Promise<Talking> {
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
function everybody(url: URL): Promise<Talking[]> {
  return Promise.all([
    first("1.x, Streamable HTTP", new Http1(url)),
    first("1.x, HTTP+SSE", new Sse1(new URL("/sse", url))),
    first("1.x, WebSocket", new WebSocket1(new URL(`ws://${url.host}/ws`))),
    second("2.x, Streamable HTTP", new Http2(url), "legacy"),
    second("2.x, 2026-07-28", new Http2(url), { pin: "2026-07-28" }),
  ]);
}

// It takes the platform's, which Node 20 does not have.
vi.stubGlobal("WebSocket", WebSocket);
afterAll(() => void vi.unstubAllGlobals());

test("a saved handler answers the next call of every client; what runs ends as it began, and nobody is told or cut off", async () => {
  const folder = project(files);
  const server = await develop(folder);
  const clients = await everybody(server.url);
  const begun = clients[0]!;
  let waiting: Promise<string> | undefined;
  await new Promise<void>((started) => (waiting = begun.call("wait", started)));
  write(folder, { "src/word.ts": word("two") });
  expect(await server.said(/rebuilt .*/)).toMatch(/: src\/word\.ts; swapped say, wait$/);
  for (const client of clients) expect([client.name, await client.call("say")]).toEqual([client.name, "two"]);
  // Its module has not changed, so the new version lets go what the old one has begun.
  expect(await begun.call("go")).toBe("gone");
  expect(await waiting).toBe("one");
  for (const { name, heard, close } of clients) {
    expect([name, heard]).toEqual([name, []]);
    await close();
  }
  expect(await server.stop()).toBe(0);
});

test("a changed manifest: listings are new, whoever listens is told of what has changed and of nothing else, a new tool has its stub", async () => {
  const folder = project(files);
  const server = await develop(folder);
  const clients = await everybody(server.url);
  const { tools } = manifest();
  write(folder, { "a.mcp.json": manifest({ tools: [...tools, { name: "fresh", inputSchema: object }] }) });
  expect(await server.said(/rebuilt .*/)).toMatch(/: a\.mcp\.json; new fresh; told clients of tools$/);
  for (const client of clients) {
    expect([client.name, await client.tools()]).toEqual([client.name, ["say", "wait", "go", "fresh"]]);
    expect(await client.call("fresh")).toContain("not implemented");
  }
  // Prompts were declared to nobody who is here: nobody is told that there are some.
  write(folder, {
    "a.mcp.json": manifest({
      prompts: [{ name: "ask", messages: [{ role: "user", content: { type: "text", text: "Ask." } }] }],
    }),
  });
  expect(await server.said(/rebuilt .*/)).toMatch(/: a\.mcp\.json; gone fresh; told clients of tools, prompts$/);
  for (const client of clients) expect(await client.tools()).toEqual(["say", "wait", "go"]);
  for (const { name, heard, close } of clients) {
    expect([name, heard]).toEqual([name, Array(2).fill("notifications/tools/list_changed")]);
    await close();
  }
  expect(await server.stop()).toBe(0);
});

test.each([
  ["1.x", (transport: Stdio1) => first("1.x", transport), Stdio1],
  ["2.x", (transport: Stdio2) => second("2.x", transport, "legacy"), Stdio2],
  ["2.x, 2026-07-28", (transport: Stdio2) => second("2.x", transport, { pin: "2026-07-28" }), Stdio2],
])("a client whose configuration names mcpc dev as the server's command: %s", async (_name, connect, Stdio) => {
  const folder = project(files);
  const transport = new Stdio({ command: "node", args: [cli, "dev", folder], stderr: "pipe" });
  const { said } = listener(transport.stderr as unknown as NodeJS.ReadableStream);
  const client = await connect(transport as Stdio1 & Stdio2);
  expect(await client.call("say")).toBe("one");
  write(folder, { "src/word.ts": word("two") });
  await said(/swapped say, wait/);
  expect(await client.call("say")).toBe("two");
  expect(client.heard).toEqual([]);
  await client.close();
});
