import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createAudit } from "../../runtime/logging/audit.js";
import { createLogging } from "../../runtime/logging/logging.js";
import { openLogFile } from "../../runtime/node/log-file.js";
import { fixedCaller } from "../../runtime/protocol/auth.js";
import { connect } from "../../runtime/protocol/connection.js";
import { defineServer } from "../../runtime/protocol/define-server.js";
import { audited, handlers } from "./audited-server.js";
import { converse } from "./conversation.js";
import { serverWith } from "./surface.js";
import { unreadConsole } from "./unread-console.js";

const stdio = { type: "audit", transport: "stdio" };
const modern = { ...stdio, id: "test 1", protocolVersion: "2026-07-28" };

const rows: readonly (readonly [what: string, method: string, params: object, record: object])[] = [
  ["a call", "tools/call", { name: "add", arguments: { a: 1 } }, { tool: "add", outcome: "ok" }],
  [
    "a declared error",
    "tools/call",
    { name: "refuse" },
    { tool: "refuse", outcome: "tool error", fault: "declared", error: "tooMuch" },
  ],
  [
    "an unexpected error",
    "tools/call",
    { name: "crash" },
    { tool: "crash", outcome: "tool error", fault: "server", error: "internal" },
  ],
  [
    "a tool that does not exist",
    "tools/call",
    { name: "nothing" },
    { tool: "nothing", outcome: "error", fault: "caller", error: "unknown_tool", code: -32602 },
  ],
  ["a resource", "resources/read", { uri: "memo://one" }, { resource: "memo://one", outcome: "ok" }],
  [
    "a resource that does not exist",
    "resources/read",
    { uri: "memo://none" },
    // The code is that of the answer, which depends on the revision.
    { resource: "memo://none", outcome: "error", fault: "caller", error: "unknown_resource", code: -32602 },
  ],
  [
    "a task that does not exist",
    "tasks/get",
    { taskId: "none" },
    { task: "none", outcome: "error", fault: "caller", error: "invalid_params", code: -32602 },
  ],
  [
    "a method that does not exist",
    "tools/none",
    {},
    { outcome: "error", fault: "caller", error: "unknown_method", code: -32601 },
  ],
  [
    "an error with a code of its own",
    "tools/call",
    { name: "decline" },
    { tool: "decline", outcome: "error", fault: "handler", error: "application", code: -32099 },
  ],
  ["a call whose client is asked", "tools/call", { name: "ask" }, { tool: "ask", outcome: "input required" }],
  [
    "a completion, which no entry offers",
    "completion/complete",
    { ref: { type: "ref/prompt", name: "greet" }, argument: { name: "a", value: "" } },
    { prompt: "greet", outcome: "error", fault: "caller", error: "unknown_method", code: -32601 },
  ],
  ["a list", "tools/list", {}, { outcome: "ok" }],
];

test.each(rows)("%s has one record, whatever the level of the log", async (_, method, params, record) => {
  const { server, records } = audited();
  const { request } = await converse(server, "2026-07-28", {
    ...{ extensions: { "io.modelcontextprotocol/tasks": {} }, roots: {} },
  });
  const answer = await request(method, params);
  expect(records).toEqual([{ ...modern, method, ...record }]);
  expect(records[0].code).toBe(answer.error?.code);
});

test("a session has an id of its own from its opening on, and a cancelled call has a record at once", async () => {
  const { server, records } = audited();
  const { request, send } = await converse(server, "2025-11-25");
  void request("tools/call", { name: "hang" });
  // The first call loads the tool's validators.
  await new Promise(setImmediate);
  // The client's words are in no record.
  send({ method: "notifications/cancelled", params: { requestId: "test 2", reason: "x".repeat(1_000_000) } });
  const [{ session }] = records;
  expect(session).toMatch(/^[0-9a-f-]{36}$/);
  const common = { ...stdio, protocolVersion: "2025-11-25", session };
  expect(records).toEqual([
    { ...common, id: "test 1", method: "initialize", outcome: "ok" },
    {
      ...common,
      ...{ id: "test 2", method: "tools/call", tool: "hang", outcome: "aborted", fault: "caller", error: "cancelled" },
    },
  ]);
});

test("a call that becomes a task has a record, and so has the end of the task", async () => {
  const { server, records } = audited();
  const capabilities = { extensions: { "io.modelcontextprotocol/tasks": {} } };
  const { request } = await converse(server, "2026-07-28", capabilities);
  const { taskId: task } = (await request("tools/call", { name: "job" })).result;
  await expect.poll(() => records.length).toBe(2);
  const common = { ...modern, method: "tools/call", tool: "job", task };
  expect(records).toEqual([
    { ...common, outcome: "task" },
    { ...common, outcome: "ok", isTaskEnd: true },
  ]);
  await request("tasks/get", { taskId: task });
  expect(records[2]).toEqual({ ...modern, id: "test 2", method: "tasks/get", task, outcome: "ok" });
});

test("a resource whose visibility cannot be decided has a record", async () => {
  const hidden = (): never => {
    throw new Error("the database is away");
  };
  const { server, records } = audited({}, { hooks: { enabled: { resources: hidden } } });
  const { request } = await converse(server, "2026-07-28");
  await request("resources/read", { uri: "memo://one" });
  const failed = { outcome: "error", fault: "server", error: "internal", code: -32603 };
  expect(records).toEqual([{ ...modern, method: "resources/read", resource: "memo://one", ...failed }]);
});

test("the caller is named by principal, issuer and client, with the trace", async () => {
  const claims = { iss: "https://issuer.example", azp: "cli", client_id: "app" };
  const auth = fixedCaller({ principal: "ada", scopes: [], claims });
  const { server, records } = audited({}, { auth });
  const { connection } = await converse(server, "2026-07-28");
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const claim = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const params = { name: "add", _meta: { ...claim, traceparent } };
  connection.receive(
    { jsonrpc: "2.0", id: 7, method: "tools/call", params },
    (await auth.authenticate(null!, null!)) as never,
  );
  await expect.poll(() => records.length).toBe(1);
  expect(records[0]).toMatchObject({
    ...{ id: 7, principal: "ada", issuer: "https://issuer.example", clientId: "app" },
    traceId: "0af7651916cd43dd8448eb211c80319c",
  });
});

test("arguments are in the record only if the manifest asks for them, without secrets", async () => {
  for (const withArguments of [false, true]) {
    const logging = createLogging({ level: "info", format: "json", redact: ["account"], requests: "off" });
    const { server, records } = audited({ arguments: withArguments }, { logging });
    server.secrets.add("hunter2");
    const { request } = await converse(server, "2026-07-28");
    await request("tools/call", { name: "add", arguments: { account: "DE02", note: "hunter2", n: 1 } });
    await request("tools/call", { name: "hunter2" });
    const shown = withArguments ? { account: "[redacted]", note: "[redacted]", n: 1 } : undefined;
    expect(records.map((record) => record.arguments)).toEqual([shown, undefined]);
    expect(records[1].tool).toBe("[redacted]");
  }
});

test("a full disk is reported once; the server goes on, and the next record says how many are lost", async () => {
  const lines: string[] = [];
  let isFull = true;
  const log: [string, any][] = [];
  const { surface, handlers: made } = serverWith(handlers);
  const file = (report: (problem: string) => void) => (line: string) => {
    if (!isFull) lines.push(...line.split("\n"));
    else if (log.length === 0) report("the disk is full");
    return !isFull;
  };
  const server = defineServer(surface, made, () => ({
    worker: 2,
    logger: (_level, message, details) => void log.push([message, details]),
    observers: [createAudit({ file })],
  }));
  const { request } = await converse(server, "2026-07-28");
  for (let call = 0; call < 3; call++)
    expect((await request("tools/call", { name: "add" })).result.content[0].text).toBe("done");
  expect(log).toEqual([["the disk is full", { worker: 2 }]]);
  isFull = false;
  await request("tools/call", { name: "add" });
  await request("tools/call", { name: "add" });
  expect(lines.map((line) => JSON.parse(line)).map(({ worker, lost, outcome }) => [worker, lost ?? outcome])).toEqual([
    [2, 3],
    [2, "ok"],
    [2, "ok"],
  ]);
  expect(log.slice(1)).toEqual([["the audit is written again", expect.objectContaining({ lost: 3 })]]);
});

test.each(["/dev/full", "/dev/null/audit"])(
  "a file that cannot be written (%s) is reported in the log, once",
  (path) => {
    const problems: string[] = [];
    const write = openLogFile({ path, maxBytes: 1000, maxFiles: 1 }, (problem) => problems.push(problem));
    expect([write("a"), write("b")]).toEqual([false, false]);
    expect(problems).toEqual([expect.stringContaining(`${path} cannot be written: `)]);
  },
);

test("records have a file of their own, one a line, whatever names contain", async () => {
  const folder = mkdtempSync(join(tmpdir(), "mcpc-audit-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "logs", "audit.log");
  const { surface, handlers: made } = serverWith(handlers);
  const file = (report: (problem: string) => void) => openLogFile({ path, maxBytes: 10_000, maxFiles: 1 }, report);
  const server = defineServer(surface, made, () => ({ observers: [createAudit({ file })] }));
  const { request } = await converse(server, "2026-07-28");
  await request("tools/call", { name: 'x\n{"type":"audit","outcome":"ok"}\u2028\u001b[2J' });
  await request("tools/call", { name: "y".repeat(100_000) });
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  expect(lines).toHaveLength(2);
  expect(lines[0]).not.toMatch(/[\u0000-\u001f\u2028]/);
  expect(lines[1]!.length).toBeLessThan(1000);
});

test("a ping before the session has a record, with the address of the client", async () => {
  const { server, records } = audited();
  for (const origin of [undefined, { remote: "192.0.2.1" }])
    connect(server, () => {}, undefined, origin).receive({ jsonrpc: "2.0", id: 1, method: "ping" });
  const ping = { ...stdio, id: 1, method: "ping", outcome: "ok" };
  expect(records).toEqual([ping, { ...ping, transport: "http", address: "192.0.2.1" }]);
});

test("ids and methods that clients make up are short", async () => {
  const { server, records } = audited();
  const { connection } = await converse(server, "2026-07-28");
  connection.receive({ jsonrpc: "2.0", id: "i".repeat(1000), method: "m".repeat(1000) });
  expect(records).toMatchObject([{ id: "i".repeat(128), method: "m".repeat(200) }]);
});

test("while nothing reads standard error, records and log entries are counted instead of kept", async () => {
  const printed = unreadConsole();
  const { lines } = printed;
  const logging = createLogging({ level: "info", format: "json", redact: [], requests: "info" });
  const { surface, handlers: made } = serverWith(handlers);
  const server = defineServer(surface, made, () => ({ logging, observers: [createAudit({})] }));
  const { request } = await converse(server, "2026-07-28");
  await request("tools/call", { name: "add" });
  expect(lines.splice(0)).toHaveLength(2);
  printed.unread = 2 * 1024 * 1024;
  for (let call = 0; call < 3; call++) await request("tools/call", { name: "add" });
  expect(lines).toEqual([]);
  printed.unread = 0;
  await request("tools/call", { name: "add" });
  expect(lines.map((line) => JSON.parse(line)).map(({ type = "log", lost, level }) => [type, lost, level])).toEqual([
    ["audit", 3, undefined],
    ["audit", undefined, undefined],
    ["log", 3, "warning"],
    // The audit has said how many of its records are lost.
    ["log", 3, "warning"],
    ["log", undefined, "info"],
  ]);
});
