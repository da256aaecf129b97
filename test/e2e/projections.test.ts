import { spawnSync } from "node:child_process";
import { cpSync, readFileSync, rmSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { WebSocketClientTransport } from "@modelcontextprotocol/sdk/client/websocket.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import express from "express";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { blocksTestedBy } from "../house/documents.js";
import {
  clients,
  serveHttp,
  serveHttpWith,
  serverOf,
  sourcesOf,
  type Client as AnyClient,
  type Running,
} from "./clients.js";
import { develop } from "./dev/development.js";
import { imported } from "./in-process.js";
import { mcpc, project, write } from "./project.js";
import { rawStdio } from "./raw-stdio.js";

const bookshop = join(import.meta.dirname, "..", "..", "fixtures", "bookshop");
const server = serverOf("bookshop");

interface Listed {
  readonly name: string;
  readonly description?: string;
  readonly inputSchema: object;
  readonly outputSchema?: object;
}

/** What clients see of `find_book`. */
const forms = {
  author: "Finds a book of the shop.",
  anthropic:
    'Finds a book of the shop. Exactly one of these forms: "by" is "isbn", with "isbn"; "by" is "title", with "title".',
  gemini:
    'Finds a book of the shop. Exactly one of these forms: "by" is "isbn", with "isbn"; "by" is "title", with "title". No other properties.',
} as const;
type Form = keyof typeof forms;

const refusal = 'invalid arguments: "title" must have at least 3 characters, got 1';

/** Lists the tools, and makes a call that the author's schema refuses, whatever the projection says. */
async function expectForm(form: Form, client: Pick<AnyClient, "listTools" | "callTool">): Promise<void> {
  const tools = (await client.listTools()).tools as Listed[];
  expect(tools.map(({ name }) => name)).toEqual(["find_book", "list_branches"]);
  const [book, branches] = tools as [Listed, Listed];
  expect(book.description).toBe(forms[form]);
  expect("oneOf" in book.inputSchema).toBe(form === "author");
  expect(JSON.stringify(book).includes("additionalProperties")).toBe(form !== "gemini");
  expect(branches.inputSchema).toEqual({ type: "object", properties: {} });
  const refused = await client.callTool({ name: "find_book", arguments: { by: "title", title: "x" } });
  expect(refused).toMatchObject({ isError: true, content: [{ type: "text", text: refusal }] });
  const found = await client.callTool({ name: "find_book", arguments: { by: "title", title: "Momo" } });
  expect(found).toMatchObject({ structuredContent: { title: "Momo" } });
}

let http: Running;
beforeAll(async () => {
  http = await serveHttp(server);
});
afterAll(() => http.stop());

function below(path: string, profile: string): URL {
  const url = new URL(http.url);
  url.pathname = profile === "" ? path : `${path}/${profile}`;
  return url;
}

const paths: readonly [form: Form, profile: string][] = [
  ["author", ""],
  ["anthropic", "anthropic"],
  ["gemini", "gemini"],
];

describe.each(clients)("$name", ({ connect }) => {
  test.each(paths)("sees the form %s at the path of the profile %j", async (form, profile) => {
    const client = await connect(below("/mcp", profile));
    onTestFinished(() => client.close());
    await expectForm(form, client);
  });
});

test.each<[what: string, transport: () => Transport]>([
  ["HTTP+SSE", () => new SSEClientTransport(below("/sse", "gemini"))],
  [
    "WebSocket",
    () => {
      globalThis.WebSocket ??= WebSocket as unknown as typeof globalThis.WebSocket;
      return new WebSocketClientTransport(new URL(below("/ws", "gemini").href.replace("http:", "ws:")));
    },
  ],
])("the path of a profile exists over %s, too", async (_what, transport) => {
  const client = new Client({ name: "test", version: "1.0.0" }, { capabilities: {} });
  await client.connect(transport());
  onTestFinished(() => client.close());
  await expectForm("gemini", client as unknown as AnyClient);
});

test.each<[what: string, args: string[], env: Record<string, string>, form: Form]>([
  ["--profile", ["--profile", "gemini"], {}, "gemini"],
  ["MCPC_PROFILE", [], { MCPC_PROFILE: "anthropic" }, "anthropic"],
  ["--profile before MCPC_PROFILE", ["--profile", "gemini"], { MCPC_PROFILE: "anthropic" }, "gemini"],
  ["an empty MCPC_PROFILE", [], { MCPC_PROFILE: "" }, "author"],
])("standard streams: %s", async (_what, args, env, form) => {
  const raw = rawStdio("node", [server, ...args], undefined, env);
  await raw.initialize();
  const result = async (method: string, params: object): Promise<never> =>
    (await raw.request(method, params)).result as never;
  await expectForm(form, {
    listTools: () => result("tools/list", {}),
    callTool: (params) => result("tools/call", params),
  });
  process.kill(raw.pid);
  await raw.exited;
});

test("the official client sees the form of --profile over standard streams", async () => {
  const client = new Client({ name: "test", version: "1.0.0" }, { capabilities: {} });
  await client.connect(new StdioClientTransport({ command: process.execPath, args: [server, "--profile", "gemini"] }));
  onTestFinished(() => client.close());
  await expectForm("gemini", client as unknown as AnyClient);
});

test("a tool that is hidden by a hook is hidden in the lists of profiles, too", async () => {
  const tool = (name: string, description: string): object => ({
    name,
    description,
    inputSchema: { type: "object", properties: { size: { const: 1, type: ["integer", "null"] } } },
  });
  const folder = project({
    "shop.mcp.json": {
      server: { name: "shop", version: "1.0.0" },
      tools: [tool("find_book", "Finds a book."), tool("close_shop", "Closes the shop for the day.")],
      build: { projections: ["gemini"] },
    },
    "src/hooks.ts": 'export const enabled = { tools: (name: string) => name !== "close_shop" };',
    "src/tools/find_book.ts": 'export const findBook = () => "Momo";',
    "src/tools/close_shop.ts": 'export const closeShop = () => "closed";',
  });
  expect(mcpc(folder, "build")).toMatchObject({ code: 0 });
  for (const args of [[], ["--profile", "gemini"]]) {
    const raw = rawStdio("node", [join(folder, "dist", "server.js"), ...args]);
    await raw.initialize();
    const { tools } = (await raw.request("tools/list", {})).result as { tools: Listed[] };
    expect(tools.map(({ name }) => name)).toEqual(["find_book"]);
    expect(JSON.stringify(tools[0]!.inputSchema).includes('"const"')).toBe(args.length === 0);
    expect(await raw.request("tools/call", { name: "close_shop", arguments: {} })).toHaveProperty("error");
    process.kill(raw.pid);
    await raw.exited;
  }
});

test("MCPC_PROFILE decides the form at the path without a profile; other paths stay", async () => {
  const { url, stop } = await serveHttpWith({ MCPC_PROFILE: "gemini" }, server);
  onTestFinished(stop);
  for (const [path, form] of [
    ["/mcp", "gemini"],
    ["/mcp/anthropic", "anthropic"],
  ] as const) {
    const client = await clients[0]!.connect(new URL(path, url));
    await expectForm(form, client);
    await client.close();
  }
});

test.each([
  ["--profile", ["--profile", "gmini"], {}],
  ["MCPC_PROFILE", [], { MCPC_PROFILE: "gmini" }],
  ["MCPC_PROFILE", ["--transport", "http", "--port", "0"], { MCPC_PROFILE: "gmini" }],
] as const)("a misspelt profile in %s %j ends the start", (origin, args, env) => {
  const { status, stderr } = spawnSync("node", [server, ...args], {
    input: "",
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
  expect(stderr).toContain(`${origin}: no profile "gmini"; this server has anthropic, gemini`);
  expect(status).not.toBe(0);
});

test.each(["/mcp/gmini", "/mcp/gemini/more", "/other/gemini"])("there is nothing at %s", async (path) => {
  const response = await fetch(new URL(path, http.url), { method: "POST", body: "{}" });
  expect(response.status).toBe(404);
  expect(await response.text()).toContain("the MCP endpoint is /mcp; below it are the profiles anthropic, gemini");
});

test("the guide shows what a build prints", () => {
  const block = blocksTestedBy("docs/projections.md", "test/e2e/projections.test.ts").find(({ text }) =>
    text.startsWith("$ mcpc build"),
  );
  const copy = copied();
  rmSync(join(copy, "dist"), { recursive: true, force: true });
  expect(mcpc(copy, "build").stdout).toContain(block!.text.trim().split("\n").slice(1).join("\n"));
});

/** A copy of the example, in which tests may leave files. */
function copied(): string {
  const folder = project({});
  cpSync(bookshop, folder, {
    recursive: true,
    filter: (path) => !/node_modules|imported/.test(path.slice(bookshop.length)),
  });
  return folder;
}

test("the guide shows what clients of a profile see", async () => {
  const example = blocksTestedBy("docs/projections.md", "test/e2e/projections.test.ts").find(({ text }) =>
    text.startsWith("{"),
  );
  const client = await clients[0]!.connect(below("/mcp", "gemini"));
  expect((await client.listTools()).tools[0]!.inputSchema).toEqual(JSON.parse(example!.text));
  await client.close();
});

test("a session belongs to the path where it was opened", async () => {
  const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };
  const post = (path: string, message: object, more = {}): Promise<Response> =>
    fetch(new URL(path, http.url), {
      method: "POST",
      headers: { ...headers, ...more },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, ...message }),
    });
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "raw", version: "1" } };
  const opened = await post("/mcp/gemini", { method: "initialize", params });
  const session = { "mcp-session-id": opened.headers.get("mcp-session-id")!, "mcp-protocol-version": "2025-11-25" };
  expect((await post("/mcp/gemini", { method: "tools/list" }, session)).status).toBe(200);
  expect((await post("/mcp", { method: "tools/list" }, session)).status).toBe(404);
});

describe("a mounted server", () => {
  interface Mounted {
    readonly listener: RequestListener;
    readonly fetch: (request: Request) => Promise<Response>;
  }

  let mounted: Promise<Mounted> | undefined;

  async function descriptionAt({ fetch }: Mounted, path: string): Promise<string | number> {
    const params = {
      _meta: {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
      },
    };
    const response = await fetch(
      new Request(`http://127.0.0.1${path}`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
          "mcp-protocol-version": "2026-07-28",
          "mcp-method": "tools/list",
        },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list", params }),
      }),
    );
    if (response.status !== 200) return response.status;
    return ((await response.json()) as { result: { tools: Listed[] } }).result.tools[0]!.description!;
  }

  test.each<[path: string, found: string | number]>([
    ["/mcp", forms.author],
    ["/anywhere", forms.author],
    ["/mcp/gemini", forms.gemini],
    ["/api/mcp/anthropic", forms.anthropic],
    ["/mcp/gmini", 404],
    ["/api/mcp/gmini", 404],
  ])("as a function of requests, %s", async (path, found) => {
    expect(await descriptionAt(await (mounted ??= imported<Mounted>(copied(), "generated/server.ts")), path)).toBe(
      found,
    );
  });

  test("inside Express, under a prefix, has the paths of its profiles", async () => {
    const { listener } = await (mounted ??= imported<Mounted>(copied(), "generated/server.ts"));
    const app = express();
    app.use("/api", listener);
    const host = createServer(app);
    await new Promise<void>((resolve) => host.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      host.closeAllConnections();
      host.close();
    });
    const base = `http://127.0.0.1:${(host.address() as AddressInfo).port}`;
    for (const [form, profile] of paths) {
      const client = await clients[0]!.connect(new URL(`/api/mcp${profile === "" ? "" : `/${profile}`}`, base));
      await expectForm(form, client);
      await client.close();
    }
    const { status } = await fetch(new URL("/api/mcp/gmini", base), { method: "POST", body: "{}" });
    expect(status).toBe(404);
  });

  test.each<[profile: string, found: string | number]>([
    ["gemini", forms.gemini],
    ["gmini", 503],
  ])("reads %s from MCPC_PROFILE", async (profile, found) => {
    process.env["MCPC_PROFILE"] = profile;
    onTestFinished(() => void delete process.env["MCPC_PROFILE"]);
    expect(await descriptionAt(await imported<Mounted>(copied(), "generated/server.ts"), "/mcp")).toBe(found);
  });
});

test("mcpc dev lists for the profile, and follows changes at each path", async () => {
  const manifest = (minLength: number): object => ({
    server: { name: "edited", version: "1.0.0" },
    tools: [
      {
        name: "find",
        description: "Finds.",
        inputSchema: { type: "object", properties: { name: { type: "string", minLength } } },
      },
    ],
    runtime: { transports: { http: {} } },
    build: { projections: ["anthropic-strict", "gemini"] },
  });
  const folder = project({ "edited.mcp.json": manifest(2) });
  const { url } = await develop(folder, {}, "--profile", "gemini");
  const nameAt = async (path: string): Promise<unknown> => {
    const client = await clients[2]!.connect(new URL(path, url));
    const { tools } = await client.listTools();
    await client.close();
    return (tools[0]!.inputSchema.properties as Record<string, unknown>)["name"];
  };
  expect(await nameAt("/mcp")).toEqual({ type: "string", minLength: 2 });
  expect(await nameAt("/mcp/anthropic-strict")).toEqual({ type: "string", description: "At least 2 characters." });
  write(folder, { "edited.mcp.json": manifest(5) });
  await expect
    .poll(() => nameAt("/mcp/anthropic-strict"))
    .toEqual({ type: "string", description: "At least 5 characters." });
  expect(await nameAt("/mcp")).toEqual({ type: "string", minLength: 5 });
});

test("the lists of a large server are files, for each profile", async () => {
  const schema = { type: "object", properties: { at: { const: 1, type: ["integer", "null"] } } };
  const names = Array.from({ length: 60 }, (_, index) => `tool_${index}`);
  const plain = { type: "object", properties: {} };
  const folder = project({
    "large.mcp.json": {
      server: { name: "large", version: "1.0.0" },
      tools: names.map((name, index) => ({ name, description: "Does.", inputSchema: index === 7 ? schema : plain })),
      build: { projections: ["cursor", "gemini"] },
    },
  });
  const built = mcpc(folder, "build");
  expect(built.stdout).toContain("gemini tool_7: must be one of 1");
  const listed = async (...args: string[]): Promise<Listed[]> => {
    const raw = rawStdio("node", [join(folder, "dist", "server.js"), ...args]);
    await raw.initialize();
    const { result } = await raw.request("tools/list", {});
    process.kill(raw.pid);
    await raw.exited;
    return result.tools as Listed[];
  };
  const [author, cursor] = [await listed(), await listed("--profile", "cursor")];
  expect(author[7]!.inputSchema).toEqual(schema);
  expect(cursor[7]!.inputSchema).toEqual({
    type: "object",
    properties: { at: { anyOf: [{ type: "integer", enum: [1] }] } },
  });
  expect(cursor.toSpliced(7, 1)).toEqual(author.toSpliced(7, 1));
  const lock = JSON.parse(readFileSync(join(folder, "mcpc.lock.json"), "utf8")) as { projections: object };
  expect(lock.projections).toMatchObject({ cursor: { tool_7: { losses: [] } } });
});

test("a server without projections has no code for them", () => {
  const isOf = (source: string): boolean => source.endsWith("/profiles.ts");
  expect(sourcesOf("bookshop", "protocol").some(isOf)).toBe(true);
  expect(sourcesOf("bookshop", "transports").some(isOf)).toBe(true);
  for (const fixture of ["weather", "everything"]) {
    expect([...sourcesOf(fixture, "protocol"), ...sourcesOf(fixture, "transports")].filter(isOf)).toEqual([]);
    expect(readFileSync(serverOf(fixture), "utf8")).not.toMatch(/MCPC_PROFILE|projections/);
  }
});
