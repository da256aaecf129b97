import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { serveHttp, type Running } from "./clients.js";
import { mcpc, write } from "./project.js";

const annotations = { readOnlyHint: true };

/** One project with every limit as low as it can be. */
const files = {
  "small.mcp.json": {
    server: { name: "small", version: "1.0.0" },
    tools: [
      {
        name: "wait",
        description: "Waits.",
        inputSchema: { type: "object", properties: {} },
        handler: "./src/tools.ts#wait",
        annotations,
      },
      {
        name: "quick",
        description: "Answers at once.",
        inputSchema: { type: "object", properties: {} },
        handler: "./src/tools.ts#quick",
        timeoutMs: 600000,
        annotations,
      },
    ],
    resources: [
      { uri: "small://it", name: "it", handler: "./src/tools.ts#it", subscribe: true },
      { uri: "small://other", name: "other", handler: "./src/tools.ts#it", subscribe: true },
    ],
    build: { lint: { profiles: [] } },
    runtime: {
      transports: { stdio: {}, http: {}, sse: {}, websocket: {}, toolEvents: {} },
      limits: {
        timeoutMs: 100,
        concurrency: 1,
        maxQueue: 0,
        rate: { perMinute: 1, burst: 7 },
        maxBodyBytes: 1000,
        maxSessions: 1,
        maxSubscriptions: 1,
        drainMs: 50,
      },
    },
  },
  "src/tools.ts": [
    `import type { ItResource, Quick, Wait } from "../generated/types.js";`,
    `const forever = (): Promise<never> => new Promise(() => {});`,
    `export const wait: Wait = () => forever();`,
    `export const quick: Quick = (_input, { signal, progress }) => new Promise((_, reject) => {`,
    `  progress(1);`,
    `  signal.addEventListener("abort", () => reject(signal.reason));`,
    `});`,
    `export const it: ItResource = () => "it";`,
    ``,
  ].join("\n"),
};

let folder: string;
let script: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mcpc-limits-"));
  write(folder, files);
  const { code, stdout, stderr } = mcpc(folder, "build");
  expect([code, stdout, stderr]).toEqual([0, expect.any(String), ""]);
  script = join(folder, "dist", "server.js");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function serve(): Promise<Running> {
  const server = await serveHttp(script);
  onTestFinished(() => void server.process.kill("SIGKILL"));
  return server;
}

const claims = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};

function post(server: Running, body: object | string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(server.url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

/** A request of 2026-07-28. */
function modern(server: Running, method: string, params: Record<string, unknown>, meta = {}): Promise<Response> {
  const name = params["name"] ?? params["uri"];
  return post(
    server,
    { jsonrpc: "2.0", id: 1, method, params: { ...params, _meta: { ...claims, ...meta } } },
    {
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      ...(name !== undefined && { "mcp-name": String(name) }),
    },
  );
}

const initialize = {
  jsonrpc: "2.0",
  id: 0,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "x", version: "1" } },
};

async function session(server: Running): Promise<(method: string, params: object) => Promise<Response>> {
  const id = (await post(server, initialize)).headers.get("mcp-session-id")!;
  return (method, params) => post(server, { jsonrpc: "2.0", id: 1, method, params }, { "mcp-session-id": id });
}

async function refusal(response: Response): Promise<[number, string | null, string]> {
  const { error } = (await response.json()) as { error: { message: string } };
  return [response.status, response.headers.get("retry-after"), error.message];
}

async function socket(server: Running): Promise<WebSocket> {
  const opened = new WebSocket(String(server.url).replace(/^http(.*)mcp$/, "ws$1ws"), "mcp");
  await once(opened, "open");
  return opened;
}

describe("a caller who comes too often", () => {
  const words = (seconds: unknown): string => `more than 1 requests a minute; try again in ${String(seconds)} s`;
  /** Some of the minute may have passed since the last token. */
  async function expectRefusal(response: Response): Promise<void> {
    const [status, after, message] = await refusal(response);
    expect([status, message]).toEqual([429, words(after)]);
    expect(Number(after)).toBeGreaterThan(0);
    expect(Number(after)).toBeLessThanOrEqual(60);
  }

  test("over HTTP: status 429, which says when to come again", async () => {
    const server = await serve();
    const old = await session(server);
    for (let count = 0; count < 3; count += 1) {
      expect((await modern(server, "resources/read", { uri: "small://it" })).status).toBe(200);
      expect((await old("resources/read", { uri: "small://it" })).status).toBe(200);
    }
    await expectRefusal(await modern(server, "tools/call", { name: "quick" }));
    await expectRefusal(await old("tools/call", { name: "quick" }));
    await expectRefusal(await fetch(new URL("/mcp/tools/quick/sse", server.url)));
    expect((await modern(server, "tools/list", {})).status).toBe(200);
  });

  test("over WebSocket: an error", async () => {
    const server = await serve();
    const opened = await socket(server);
    const answers: any[] = [];
    opened.addEventListener("message", ({ data }) => void answers.push(JSON.parse(String(data))));
    const params = { uri: "small://it", _meta: claims };
    for (let id = 1; id <= 7; id += 1)
      opened.send(JSON.stringify({ jsonrpc: "2.0", id, method: "resources/read", params }));
    while (answers.length < 7) await once(opened, "message");
    expect(answers.filter(({ error }) => error !== undefined)).toMatchObject([
      { id: 7, error: { message: expect.stringMatching(words("\\d+")) } },
    ]);
    opened.close();
  });
});

test("a handler that never ends is out of time, and holds its place: others are told that the server is busy", async () => {
  const server = await serve();
  const slow: any = await (await modern(server, "tools/call", { name: "wait" })).json();
  expect(slow.result.content[0].text).toBe('"wait" timed out after 100 ms');
  const other: any = await (await modern(server, "tools/call", { name: "quick" })).json();
  expect(other.result).toMatchObject({ isError: true });
  const words = "the server is busy; try again in a moment";
  expect(other.result.content[0].text).toBe(words);
  expect(await refusal(await modern(server, "resources/read", { uri: "small://it" }))).toEqual([503, "1", words]);
  const old = await session(server);
  expect(await refusal(await old("resources/read", { uri: "small://it" }))).toEqual([503, "1", words]);
});

test("what is too long is refused", async () => {
  const server = await serve();
  expect((await refusal(await post(server, JSON.stringify("x".repeat(1000)))))[0]).toBe(413);
  const opened = await socket(server);
  opened.send("x".repeat(1001));
  expect((await once(opened, "close"))[0]).toBe(1009);
});

test("clients beyond the last have to wait; a session that is idle makes room", async () => {
  const server = await serve();
  const first = await session(server);
  const second = await session(server);
  expect((await first("tools/list", {})).status).toBe(404);
  expect((await second("tools/list", {})).status).toBe(200);
  const opened = await socket(server);
  await expect(socket(server)).rejects.toThrow("503");
  opened.close();
  const stop = new AbortController();
  const stream = await fetch(new URL("/sse", server.url), { signal: stop.signal });
  expect(stream.status).toBe(200);
  expect((await refusal(await fetch(new URL("/sse", server.url)))).slice(0, 2)).toEqual([503, "30"]);
  stop.abort();
});

test("subscriptions beyond the last are refused", async () => {
  const server = await serve();
  const wanted = { notifications: { resourcesListChanged: true } };
  const open = await modern(server, "subscriptions/listen", wanted);
  const refused: any = await (await modern(server, "subscriptions/listen", wanted)).json();
  expect(refused.error.message).toBe("no more than 1 subscriptions at a time");
  const old = await session(server);
  const answers: any[] = [];
  for (const uri of ["small://it", "small://it", "small://other"])
    answers.push(await (await old("resources/subscribe", { uri })).json());
  expect(answers.map(({ error }) => error?.message)).toEqual([
    undefined,
    undefined,
    "no more than 1 subscriptions at a time",
  ]);
  await open.body!.cancel();
});

test("what does not end in time when the server is to stop is cancelled, and its caller is told", async () => {
  const server = await serve();
  const response = await modern(server, "tools/call", { name: "quick" }, { progressToken: 1 });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = (await reader.read()).value!;
  const exited = once(server.process, "exit");
  server.process.kill("SIGTERM");
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) text += piece.value;
  expect(text).toContain("the server is stopping; send the request again");
  expect((await exited)[0]).toBe(0);
});
