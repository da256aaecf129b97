import { join } from "node:path";
import { createContext, Script } from "node:vm";
import { build } from "esbuild";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..", "..");

/** A platform that has the Web's standard names and nothing of Node's. */
async function bare(entry: string): Promise<any> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    stdin: { contents: entry, resolveDir: root, loader: "ts" },
    bundle: true,
    format: "iife",
    globalName: "result",
    platform: "neutral",
    write: false,
  });
  const standard = {
    Request,
    Response,
    Headers,
    ReadableStream,
    AbortController,
    TextEncoder,
    TextDecoder,
    URL,
    setTimeout,
    clearTimeout,
    setInterval,
    clearInterval,
    crypto,
    ByteLengthQueuingStrategy,
    atob,
    btoa,
    console,
  };
  const context = createContext(standard);
  new Script(`${outputFiles[0]!.text}; globalThis.result = result;`).runInContext(context);
  return context["result"];
}

test("the protocol and its fetch handler run where there is no Node", async () => {
  const { fetch } = await bare(`
    import { defineServer, handler } from "./runtime/codegen/v1/index.ts";
    import { createFetch } from "./runtime/codegen/v1/fetch.ts";
    const pass = Object.assign(() => true, { errors: null });
    const surface = {
      server: { name: "bare", version: "1.0.0" },
      tools: [{ name: "echo" }],
      toolValidators: async () => ({ input: pass }), templateValidators: async () => ({ params: pass }), promptValidators: async () => ({}),
      resources: [], resourceTemplates: [], prompts: [],
      listings: async () => ({ tools: ['{"name":"echo","inputSchema":{"type":"object", "properties": {}}}'], resources: [], resourceTemplates: [], prompts: [] }),
    };
    const handlers = {
      tools: new Map([["echo", handler(async ({ text }, { progress }) => { progress(1); return text; })]]),
      resources: new Map(), resourceTemplates: new Map(), prompts: new Map(), completions: new Map(),
    };
    const http = { path: "/mcp", host: "127.0.0.1", port: 0, allowedOrigins: [], allowedHosts: [], sessions: false };
    export const fetch = createFetch(defineServer(surface, handlers), http);
  `);
  const post = (body: object, accept = "application/json, text/event-stream"): Promise<Response> =>
    fetch(
      new Request("http://localhost/mcp", {
        method: "POST",
        headers: { "content-type": "application/json", accept },
        body: JSON.stringify(body),
      }),
    );
  const call = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "echo", arguments: { text: "hi" } } };
  expect(await (await post(call)).json()).toEqual({
    jsonrpc: "2.0",
    id: 1,
    result: { content: [{ type: "text", text: "hi" }] },
  });
  const streamed = await post({ ...call, params: { ...call.params, _meta: { progressToken: "p" } } });
  expect(streamed.headers.get("content-type")).toBe("text/event-stream");
  const events = (await streamed.text())
    .trim()
    .split("\n\n")
    .map((event) => JSON.parse(event.split("data: ")[1]!));
  expect(events.map(({ method, id }) => method ?? id)).toEqual(["notifications/progress", 1]);
  expect((await fetch(new Request("http://localhost/mcp"))).status).toBe(405);
  expect((await fetch(new Request("http://evil.example/mcp", { method: "POST" }))).status).toBe(403);
});
