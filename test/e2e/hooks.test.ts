import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { kept, mcpc, project, write } from "./project.js";
import { rawStdio } from "./raw-stdio.js";

const root = join(import.meta.dirname, "..", "..");

const manifest = {
  server: { name: "hooked", version: "1.0.0" },
  tools: [
    { name: "count", description: "Counts its calls.", inputSchema: { type: "object", properties: {} } },
    {
      name: "fail",
      description: "Fails in the way that is asked for.",
      inputSchema: { type: "object", properties: { how: { type: "string" } }, required: ["how"] },
      errors: { tooShy: { message: "{name} is too shy" } },
    },
  ],
  resources: [{ uri: "hooked://broken", name: "broken" }],
  prompts: [{ name: "ask", arguments: [{ name: "topic", complete: "./src/complete.ts#topics" }] }],
  runtime: { config: { properties: { first: { type: "integer", default: 1 }, start: { type: "string" } } } },
};

const files = {
  "a.mcp.json": manifest,
  "src/hooks.ts": `import { McpError } from "@mcpc/runtime";
import type { OnError, OnStop, StartContext } from "../generated/application.js";

export async function onStart({ config, log }: StartContext) {
  await new Promise((resolve) => setTimeout(resolve, 20));
  if (config.start === "fails") throw new Error("the database is away");
  log("info", "opened");
  return { calls: config.first, log };
}

export const onStop: OnStop = async ({ config, state }) => {
  await new Promise((resolve) => setTimeout(resolve, 20));
  if (config.start === "cannot stop") throw new Error("it will not close");
  state.log("info", \`closed after \${state.calls}\`);
};

export const onError: OnError = (error, { kind, name, errorId, state, client }) => {
  const text = error instanceof Error ? error.message : String(error);
  if (text === "a hook that fails") throw new Error("even the hook fails");
  if (text === "a text") return \`\${kind} \${name} failed for \${client.info?.name} in call \${state.calls}\`;
  if (text === "an McpError") return new McpError(4711, "as the hook says", { known: errorId !== undefined });
  if (text.includes("too shy")) return "declared, and seen";
  if (text === "thrown as McpError") return "changed";
};
`,
  "src/tools/count.ts": `import type { Count } from "../../generated/types.js";
export const count: Count = (_input, { state }) => String((state.calls += 1));
`,
  "src/tools/fail.ts": `import { McpError } from "@mcpc/runtime";
import type { Fail } from "../../generated/types.js";
export const fail: Fail = async ({ how }, { errors }) => {
  if (how === "declared") throw errors.tooShy({ name: "Bartleby" });
  if (how === "thrown as McpError") throw new McpError(1, how);
  throw new Error(how);
};
`,
  "src/resources/broken.ts": `import type { BrokenResource } from "../../generated/types.js";
export const broken: BrokenResource = () => { throw new Error("a text"); };
`,
  "src/prompts/ask.ts": `import type { AskPrompt } from "../../generated/types.js";
export const ask: AskPrompt = (_input, { config }) => { if (config.first > 1) return "fine"; throw new Error("an McpError"); };
`,
  "src/complete.ts": `import type { CompletionHandler } from "../generated/types.js";
export const topics: CompletionHandler = (value, { state }) => { throw new Error(value === "" ? "a text" : String(state.calls)); };
`,
};

let folder: string;
beforeAll(() => {
  folder = kept(files);
  expect(mcpc(folder, "build")).toMatchObject({ code: 0, stderr: "" });
});

function start(env: Record<string, string> = {}, args: readonly string[] = []) {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const server = rawStdio("env", [...variables, "node", join("dist", "server.js"), ...args], folder);
  onTestFinished(() => void server.end());
  return server;
}

const logged = (stderr: string): string[] =>
  stderr
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { message: string }).message);

test("what onStart returns is every handler's state; onStop gets it when the input ends", async () => {
  const server = start({ HOOKED_FIRST: "10" });
  await server.initialize();
  const call = () => server.request("tools/call", { name: "count", arguments: {} });
  expect((await call()).result.content[0].text).toBe("11");
  expect((await call()).result.content[0].text).toBe("12");
  expect(await server.end()).toBe(0);
  expect(logged(server.stderr())).toEqual(["opened", "closed after 12"]);
});

test("onStop runs on SIGTERM, too", async () => {
  const server = start();
  await server.initialize();
  process.kill(server.pid, "SIGTERM");
  expect(await server.exited).toBe(0);
  expect(logged(server.stderr())).toEqual(["opened", "closed after 1"]);
});

test("a server whose onStart fails serves nothing, and says why", async () => {
  const server = start({ HOOKED_START: "fails" });
  expect(await server.exited).toBe(1);
  const [line] = server.stderr().trim().split("\n");
  expect(JSON.parse(line!)).toMatchObject({
    level: "critical",
    message: "the server could not start",
    error: expect.stringContaining("the database is away"),
  });
});

test("an onStop that fails is logged, and the process ends all the same", async () => {
  const server = start({ HOOKED_START: "cannot stop" });
  await server.initialize();
  expect(await server.end()).toBe(0);
  expect(logged(server.stderr())).toEqual(["opened", "the hook onStop failed"]);
});

describe("onError sees every error and decides what the caller sees", () => {
  const tool = (how: string) => ["tools/call", { name: "fail", arguments: { how } }] as const;
  const result = (text: string) => ({ result: { content: [{ type: "text", text }], isError: true } });
  test.each<[string, readonly [string, object], object]>([
    ["a text", tool("a text"), result("tool fail failed for raw in call 1")],
    ["an McpError", tool("an McpError"), { error: { code: 4711, message: "as the hook says", data: { known: true } } }],
    ["nothing", tool("other"), result("internal error ID; the server's log explains it")],
    ["a declared error", tool("declared"), result("declared, and seen")],
    ["an McpError of the handler", tool("thrown as McpError"), result("changed")],
    ["a hook that fails", tool("a hook that fails"), result("internal error ID; the server's log explains it")],
    [
      "of a resource",
      ["resources/read", { uri: "hooked://broken" }],
      { error: { code: -32603, message: "resource hooked://broken failed for raw in call 1" } },
    ],
    ["of a prompt", ["prompts/get", { name: "ask" }], { error: { code: 4711, message: "as the hook says" } }],
    [
      "of a completion",
      ["completion/complete", { ref: { type: "ref/prompt", name: "ask" }, argument: { name: "topic", value: "" } }],
      { error: { code: -32603, message: "completion ask topic failed for raw in call 1" } },
    ],
  ])("%s", async (_, [method, params], expected) => {
    const server = start();
    await server.initialize();
    const answer = await server.request(method, params);
    expect(JSON.parse(JSON.stringify(answer).replace(/internal error \w+;/, "internal error ID;"))).toMatchObject(
      expected,
    );
  });
});

describe("mounted, the server starts with its first request", () => {
  /** `generated/server.ts` of the project, as an application's own bundler takes it. */
  async function mounted(): Promise<any> {
    const outfile = join(folder, "mounted", `${Math.random()}.mjs`);
    await build({
      absWorkingDir: folder,
      entryPoints: ["generated/server.ts"],
      bundle: true,
      format: "esm",
      platform: "node",
      outfile,
      logLevel: "silent",
      alias: { "@mcpc/runtime": join(root, "runtime") },
    });
    return import(pathToFileURL(outfile).href);
  }
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "count" } });
  const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };
  const modern = (name: string) => ({
    method: "POST",
    headers: { ...headers, "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": name },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: {
        name,
        _meta: {
          "io.modelcontextprotocol/protocolVersion": "2026-07-28",
          "io.modelcontextprotocol/clientCapabilities": {},
        },
      },
    }),
  });

  test("as a fetch handler, once for all requests", async () => {
    const { fetch: handle, stop, server } = await mounted();
    const request = () => handle(new Request("http://127.0.0.1:3000/mcp", modern("count")));
    const answers = await Promise.all([request(), request()]);
    const texts = await Promise.all(
      answers.map(async (answer: Response) => ((await answer.json()) as any).result.content[0].text),
    );
    expect(texts.sort()).toEqual(["2", "3"]);
    expect(server.application.state.calls).toBe(3);
    await stop();
  });

  test("as a listener; one that cannot start answers 503, and says no more", async () => {
    const { listener, start } = await mounted();
    await expect(start({ env: { HOOKED_START: "fails" } })).rejects.toThrow("the database is away");
    const http = createServer(listener);
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void http.close());
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`;
    const answer = await fetch(url, { method: "POST", headers, body });
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({
      error: { message: "the server could not start; its log explains it" },
    });
  });

  test("it logs what MCPC_LOG_LEVEL says; a level that there is not is told, and nothing served", async () => {
    const said = vi.spyOn(console, "error").mockImplementation(() => {});
    onTestFinished(() => {
      said.mockRestore();
      vi.unstubAllEnvs();
    });
    const call = async ({ fetch: handle }: any): Promise<number> =>
      (await handle(new Request("http://127.0.0.1:3000/mcp", modern("count")))).status;
    const lines = (): string[] => said.mock.calls.splice(0).flat();
    vi.stubEnv("MCPC_LOG_LEVEL", "warning");
    expect([await call(await mounted()), lines()]).toEqual([200, []]);
    vi.stubEnv("MCPC_LOG_LEVEL", "");
    expect([await call(await mounted()), lines()]).toEqual([200, [expect.stringContaining('"opened"')]]);
    vi.stubEnv("MCPC_LOG_LEVEL", "loud");
    const none = 'MCPC_LOG_LEVEL: no log level \\"loud\\"; there are debug, info';
    expect([await call(await mounted()), lines()]).toEqual([503, [expect.stringContaining(none)]]);
  });
});

test("hooks of a wrong type are told at the user's line", () => {
  const copy = project(files);
  write(copy, {
    "src/hooks.ts": "export const onStop = (application: { state: string }) => application.state.length;\n",
  });
  const { code, stderr } = mcpc(copy, "check");
  expect(code).toBe(1);
  expect(stderr).toContain("--> src/hooks.ts:1");
  write(copy, { "src/hooks.ts": "export const onStrat = () => 1;\n" });
  const { code: again, stderr: told } = mcpc(copy, "check");
  expect(again).toBe(1);
  expect(told).toContain('did you mean "onStart"?');
  expect(told).toContain("nothing that this module exports is a hook: onStart, onStop");
});

test("a module of hooks that the manifest names is begun for the user, and never touched again", () => {
  const copy = project({
    "a.mcp.json": { server: manifest.server, runtime: { hooks: "./code/around.ts" } },
  });
  expect(mcpc(copy, "build")).toMatchObject({ code: 0, stderr: "" });
  write(copy, { "code/around.ts": "export const onStart = () => 1;\n" });
  expect(mcpc(copy, "build")).toMatchObject({ code: 0, stderr: "" });
});
