import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createLogging } from "../../runtime/logging/logging.js";
import { blocksTestedBy } from "../house/documents.js";
import { serveHttp, serverOf, sourcesOf } from "./clients.js";
import { mcpc, project } from "./project.js";
import { rawStdio } from "./raw-stdio.js";

const root = join(import.meta.dirname, "..", "..");
const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const claim = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};

const entries = (text: string): any[] =>
  text
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line));

const pay = (account: string, amount: number, meta: object = {}) => ({
  name: "pay_bill",
  arguments: { account, amount },
  _meta: { ...claim, ...meta },
});

/** The entries of one call in the order they were made, without what differs from run to run. */
function ofRequest(log: any[], requestId: string): any[] {
  return log
    .filter((entry) => entry.requestId === requestId)
    .map(({ time: _time, requestId: _id, durationMs, ...rest }) => ({
      ...rest,
      ...(durationMs !== undefined && { durationMs: durationMs >= 0 }),
    }));
}

const paid = { level: "notice", message: "paid", method: "tools/call", name: "pay_bill" };
const answered = { level: "info", message: "answered", method: "tools/call", name: "pay_bill", durationMs: true };

test("on stdio: what the handler says and each request, under one id, in a log that hides what it should", async () => {
  const server = rawStdio("node", [serverOf("monitored")]);
  await server.request("tools/call", pay("DE02", 5, { traceparent }));
  await server.request("tools/call", pay("DE02", 5000));
  await server.request("tools/call", { ...pay("DE02", 1), arguments: { account: "" } });
  const failed = await server.request("tools/call", pay("XX99", 5, { traceparent: "forged\nentry" }));
  await server.request("tools/none", { _meta: claim });
  await server.end();
  const log = entries(server.stderr());
  const ids = [...new Set(log.map(({ requestId }) => requestId))];
  expect(ids).toHaveLength(5);
  const [first, refused, invalid, broken, unknown] = ids.map((id) => ofRequest(log, id));
  expect(first).toEqual([
    { ...paid, traceparent, data: { account: "[redacted]", amount: 5 } },
    { ...answered, traceparent, outcome: "ok" },
  ]);
  expect(refused).toEqual([{ ...answered, outcome: "tool error" }]);
  expect(invalid).toEqual([{ ...answered, outcome: "tool error" }]);
  const errorId = /^The bank does not answer; try again later \((\w+)\)\.$/.exec(failed.result.content[0].text)![1];
  expect(broken).toMatchObject([
    {
      level: "error",
      message: 'the tool "pay_bill" failed',
      errorId,
      error: expect.stringContaining("the bank does not"),
    },
    { ...answered, outcome: "tool error" },
  ]);
  expect(broken![1]).not.toHaveProperty("traceparent");
  expect(unknown).toEqual([
    { level: "info", message: "answered", method: "tools/none", outcome: "error", code: -32601, durationMs: true },
  ]);
});

test("a call leaves the entries of the guide", async () => {
  const [shown, ...others] = blocksTestedBy("docs/logging.md", "test/e2e/logging.test.ts");
  expect(others).toHaveLength(2);
  const server = rawStdio("node", [serverOf("monitored")]);
  await server.request("tools/call", pay("DE02", 5));
  await server.end();
  const other = { time: "TIME", requestId: "ID" };
  const timeless = (log: string) =>
    entries(log).map((entry) => ({ ...entry, ...other, ...("durationMs" in entry && { durationMs: 0 }) }));
  // The order of an entry's members is what people read.
  expect(timeless(server.stderr()).map((entry) => JSON.stringify(entry))).toEqual(
    timeless(shown!.text).map((entry) => JSON.stringify(entry)),
  );
});

test("over HTTP: the trace comes with the header, or with the request, which knows better", async () => {
  const http = await serveHttp(serverOf("monitored"));
  onTestFinished(() => http.stop());
  const other = traceparent.replace("0af7", "1af7");
  const call = (headers: Record<string, string>, meta: object) =>
    fetch(http.url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": "tools/call",
        "mcp-name": "pay_bill",
        ...headers,
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: pay("DE02", 1, meta) }),
    });
  for (const [headers, meta] of [
    [{}, {}],
    [{ traceparent }, {}],
    [{ traceparent }, { traceparent: other }],
  ] as const)
    expect((await call(headers, meta)).status).toBe(200);
  const initialize = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "x", version: "1" } };
  const post = (body: object, headers: Record<string, string> = {}) =>
    fetch(http.url, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, ...body }),
    });
  const opened = await post({ method: "initialize", params: initialize });
  const session = { "mcp-session-id": opened.headers.get("mcp-session-id")!, traceparent: other };
  await (await post({ method: "tools/call", params: { ...pay("DE02", 1), _meta: {} } }, session)).text();
  await http.stop();
  const told = entries(http.stderr()).filter(
    ({ message, method }) => message === "answered" && method === "tools/call",
  );
  expect(told.map((entry) => entry.traceparent)).toEqual([undefined, traceparent, other, other]);
});

test.each([
  { what: "the manifest", args: [], env: {}, levels: ["notice", "info", "error", "info"] },
  { what: "the environment", args: [], env: { MCPC_LOG_LEVEL: "notice" }, levels: ["notice", "error"] },
  {
    what: "the command line, which comes first",
    args: ["--log-level", "error"],
    env: { MCPC_LOG_LEVEL: "debug" },
    levels: ["error"],
  },
])("the level is that of $what", ({ args, env, levels }) => {
  const input = [pay("DE02", 1), pay("XX99", 1)].map((params, id) =>
    JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params }),
  );
  const { stderr, stdout } = spawnSync("node", [serverOf("monitored"), ...args], {
    input: input.join("\n"),
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
  expect(
    entries(stderr)
      .map(({ level }) => level)
      .sort(),
  ).toEqual(levels.toSorted());
  expect(
    stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).id)
      .sort(),
  ).toEqual([0, 1]);
});

/** A server of one tool, with what `runtime` and the files say, built. */
function built(runtime: object, files: Readonly<Record<string, string>>): string {
  const manifest = {
    server: { name: "logged", version: "1.0.0" },
    tools: [{ name: "t", description: "Does nothing.", inputSchema: { type: "object", properties: {} } }],
    runtime,
  };
  const folder = project({ "a.mcp.json": manifest, ...files });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  const { code, stderr } = mcpc(folder, "build");
  expect([code, stderr]).toEqual([0, ""]);
  return folder;
}

const tool = (body: string): string => `export const t = async (_: unknown, { log }: any) => { ${body} };\n`;

test("the value of a secret setting is in no entry, whoever makes it", async () => {
  const folder = built(
    {
      config: {
        properties: { key: { type: "string", secret: true, env: "KEY" }, url: { type: "string" } },
        required: ["key"],
      },
    },
    {
      "src/hooks.ts":
        'export function onStart({ config, log }: any) { log("info", `starting with ${config.key}`, { nested: [config] }); return config; }\n',
      "src/tools/t.ts": `export const t = async (_: unknown, { config }: any) => { throw new Error("refused: " + config.key); };\n`,
    },
  );
  const key = 'p"4\\ss\nword';
  const { stderr } = spawnSync("node", [join(folder, "dist/server.js")], {
    input: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "t", _meta: claim } }),
    encoding: "utf8",
    env: { ...process.env, KEY: key, LOGGED_URL: "postgres://ada:s3cret@db" },
  });
  const log = entries(stderr);
  expect(log).toMatchObject([
    { message: "starting with [redacted]", nested: [{ key: "[redacted]", url: "postgres://ada:[redacted]@db" }] },
    { error: expect.stringContaining("refused: [redacted]") },
  ]);
  for (const hidden of [key, JSON.stringify(key).slice(1, -1), "s3cret"]) expect(stderr).not.toContain(hidden);
});

test("a pino of the author's takes the log; on stdio it writes to standard error", async () => {
  const hooks = `
import pino from "pino";

export const logger = pino({ base: { app: "mine" } });
`;
  const files = (destination: string) => ({
    "src/hooks.ts": hooks.replace(" });", ` }${destination});`),
    "src/tools/t.ts": tool('log.warning("careful"); return "done";'),
  });
  const right = built({ logging: { requests: "info" } }, files(""));
  const server = rawStdio("node", [join(right, "dist/server.js")]);
  const answer = await server.request("tools/call", { name: "t", _meta: claim });
  expect(answer.result.content[0].text).toBe("done");
  await server.end();
  expect(entries(server.stderr())).toMatchObject([
    { level: 40, app: "mine", msg: "careful", requestId: expect.any(String), name: "t" },
    { level: 30, app: "mine", msg: "answered", outcome: "ok" },
  ]);
  const wrong = built({}, files(", pino.destination(1)"));
  const { status, stdout, stderr } = spawnSync("node", [join(wrong, "dist/server.js")], {
    input: "",
    encoding: "utf8",
  });
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr).toContain("pino.destination(2)");
});

test("a file holds the entries, too, and turns over", async () => {
  const where = mkdtempSync(join(tmpdir(), "mcpc-logs-"));
  onTestFinished(() => rmSync(where, { recursive: true, force: true }));
  const folder = built(
    { logging: { requests: "off", format: "pretty", file: { path: "logs/server.log", maxBytes: 1024, maxFiles: 1 } } },
    { "src/tools/t.ts": tool('log.info("x".repeat(300)); return "done";') },
  );
  const server = rawStdio("node", [join(folder, "dist/server.js")], where);
  for (let number = 0; number < 5; number++) await server.request("tools/call", { name: "t", _meta: claim });
  await server.end();
  const held = ["server.log.1", "server.log"].map(
    (name) => entries(readFileSync(join(where, "logs", name), "utf8")).length,
  );
  expect(held).toEqual([2, 1]);
  expect(server.stderr().trim().split("\n")).toHaveLength(5);
  expect(server.stderr()).toMatch(/^\d\d:\d\d:\d\d\.\d{3} INFO    x{300} requestId=\S+ method=tools\/call name=t$/m);
});

test("an audit writes the record of the guide to the file of the guide, and nothing to the log", async () => {
  const [, declared, shown] = blocksTestedBy("docs/logging.md", "test/e2e/logging.test.ts");
  const where = mkdtempSync(join(tmpdir(), "mcpc-audit-"));
  onTestFinished(() => rmSync(where, { recursive: true, force: true }));
  const folder = built(JSON.parse(`{${declared!.text}}`), { "src/tools/t.ts": tool('return "done";') });
  const server = rawStdio("node", [join(folder, "dist/server.js"), "--log-level", "emergency"], where);
  await server.request("tools/call", { name: "t", _meta: claim });
  await server.end();
  const timeless = (text: string) =>
    entries(text).map((record) => JSON.stringify({ ...record, time: "TIME", requestId: "ID", durationMs: 0 }));
  expect(timeless(readFileSync(join(where, "logs", "audit.log"), "utf8"))).toEqual(timeless(shown!.text));
  expect(server.stderr()).toBe("");
});

test("a log that nobody reads any more ends nothing", async () => {
  const child = spawn("node", [serverOf("monitored")], { stdio: ["pipe", "pipe", "pipe"] });
  child.stderr.destroy();
  let stdout = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk));
  for (let id = 0; id < 3; id++) {
    child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params: pay("XX99", 1) })}\n`);
    while (!stdout.includes(`"id":${id},`)) await once(child.stdout, "data");
  }
  child.stdin.end();
  expect(await once(child, "exit")).toEqual([0, null]);
});

test.each([
  { isTTY: true, env: {}, shown: /^\u001b\[2m\d\d:\d\d:\d\d/ },
  { isTTY: true, env: { NO_COLOR: "1" }, shown: /^\d\d:\d\d:\d\d\.\d{3} INFO    hello$/ },
  { isTTY: true, env: { TERM: "dumb" }, shown: /^\d\d:\d\d:\d\d\.\d{3} INFO    hello$/ },
  { isTTY: false, env: {}, shown: /^\{"time":.*"message":"hello"\}$/ },
])("auto, on a terminal ($isTTY) with $env", ({ isTTY, env, shown }) => {
  const before = { isTTY: process.stderr.isTTY, env: process.env, error: console.error };
  let said = "";
  try {
    process.stderr.isTTY = isTTY;
    process.env = { TERM: "xterm", ...env };
    console.error = (text: string) => void (said = text);
    const logging = createLogging({ level: "info", format: "auto", redact: [], requests: "off" });
    logging.write({ time: new Date().toISOString(), level: "info", message: "hello", details: {} });
  } finally {
    process.stderr.isTTY = before.isTTY;
    process.env = before.env;
    console.error = before.error;
  }
  expect(said).toMatch(shown);
});

test("a server whose manifest says nothing of its log carries none of it", () => {
  expect(sourcesOf("monitored", "logging")).toContain("@mcpc/runtime/logging/logging.ts");
  expect(sourcesOf("weather", "logging")).toEqual([]);
});
