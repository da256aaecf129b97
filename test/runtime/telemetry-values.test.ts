import * as api from "@opentelemetry/api";
import { expect, onTestFinished, test, vi } from "vitest";
import { createLogging } from "../../runtime/logging/logging.js";
import { defineServer, withOptions } from "../../runtime/protocol/define-server.js";
import type { Server } from "../../runtime/protocol/exchange.js";
import { createTelemetry } from "../../runtime/telemetry/telemetry.js";
import { converse } from "./conversation.js";
import { serving } from "./many-callers.js";
import { startOpenTelemetry } from "./open-telemetry.js";
import { serverWith } from "./surface.js";
import { tracedServer } from "./traced-server.js";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
const capabilities = { extensions: { "io.modelcontextprotocol/tasks": {} } };

test("durations are in seconds", async () => {
  const collected = startOpenTelemetry();
  let clock = 0;
  const now = vi.spyOn(performance, "now").mockImplementation(() => clock);
  onTestFinished(() => now.mockRestore());
  const { request, send, next, connection } = await converse(tracedServer({ mode: "native" }), "2025-11-25", {
    roots: {},
  });
  clock += 1000;
  const called = request("tools/call", { name: "ask" });
  const { id } = await next();
  clock += 250;
  send({ id, result: { roots: [] } });
  await called;
  connection.close(new Error("gone"));
  const sums = (await collected.series()).map(({ name, attributes, sum }) => [
    [name, attributes["mcp.method.name"] ?? ""].join(" "),
    sum,
  ]);
  expect(Object.fromEntries(sums)).toEqual({
    "mcp.server.operation.duration initialize": 0,
    "mcp.server.operation.duration tools/call": 0.25,
    "mcp.client.operation.duration roots/list": 0.25,
    "mcp.server.session.duration ": 1.25,
  });
});

test("a task that ends is no second measurement of its call", async () => {
  const collected = startOpenTelemetry();
  const { request } = await converse(tracedServer({ mode: "native" }), "2026-07-28", capabilities);
  const { taskId } = (await request("tools/call", { name: "job" })).result;
  const status = async (): Promise<unknown> => (await request("tasks/get", { taskId })).result.status;
  await expect.poll(status).toBe("completed");
  const calls = (await collected.series()).filter(({ attributes }) => attributes["mcp.method.name"] === "tools/call");
  expect(calls.map(({ count }) => count)).toEqual([1]);
});

test("only the result of a call is recorded: no failure, and no task", async () => {
  const collected = startOpenTelemetry();
  const { request } = await converse(tracedServer({ mode: "native", results: true }), "2026-07-28", capabilities);
  for (const name of ["add", "refuse", "crash", "job"]) await request("tools/call", { name });
  expect(collected.spans().map(({ attributes }) => "gen_ai.tool.call.result" in attributes)).toEqual([
    ...[true, false, false, false],
  ]);
});

test("fields that the log hides are hidden in spans, too", async () => {
  const collected = startOpenTelemetry();
  const logging = createLogging({ level: "info", format: "json", redact: ["account"], requests: "off" });
  const observers = [createTelemetry(api, { mode: "native", arguments: true })];
  const server = withOptions(tracedServer({ mode: "native" }), { logging, observers });
  const { request } = await converse(server, "2026-07-28");
  await request("tools/call", { name: "add", arguments: { account: "DE02", a: 1 } });
  expect(collected.spans()[0]!.attributes["gen_ai.tool.call.arguments"]).toBe('{"account":"[redacted]","a":1}');
});

test("the id of a request is short, and a stream for browsers has none", async () => {
  const collected = startOpenTelemetry();
  const server = tracedServer({ mode: "native" });
  const { post, ask } = serving(server, { sessions: false });
  await (await post("ada", { id: "x".repeat(1000), method: "ping" })).text();
  await (await ask("ada", { path: "/mcp/tools/add/sse", body: {} })).text();
  expect(collected.spans().map(({ attributes }) => attributes["jsonrpc.request.id"])).toEqual([
    "x".repeat(128),
    undefined,
  ]);
});

test("the message of a span is short, whatever reason a client gives", async () => {
  const collected = startOpenTelemetry();
  const { request, send, next } = await converse(tracedServer({ mode: "native" }), "2025-11-25", { roots: {} });
  void request("tools/call", { name: "ask" });
  await next();
  send({ method: "notifications/cancelled", params: { requestId: "test 2", reason: "x".repeat(1_000_000) } });
  const ended = collected.spans().slice(1);
  expect(ended.map(({ name }) => name).toSorted()).toEqual(["roots/list", "tools/call ask"]);
  const message = `cancelled by the client: ${"x".repeat(1000)}`.slice(0, 200);
  expect(ended.map(({ status }) => status.message)).toEqual([message, message]);
});

test("a request to the client keeps its own `_meta`", async () => {
  startOpenTelemetry();
  const { surface, handlers } = serverWith({
    ask: async (_: unknown, { sample }: any) => (
      await sample({ messages: [], maxTokens: 1, _meta: { own: 1 } }),
      "done"
    ),
  } as never);
  const observers = [createTelemetry(api, { mode: "native" })];
  const { request, next } = await converse(
    defineServer(surface, handlers, () => ({ observers })),
    "2025-11-25",
    { sampling: {} },
  );
  void request("tools/call", { name: "ask" });
  expect((await next()).params._meta).toMatchObject({ own: 1, traceparent: expect.any(String) });
});

/** A server whose tool `look` returns the headers of its trace. */
function looking(): Server {
  const { surface, handlers } = serverWith({
    look: (_: unknown, { traceHeaders }: any) => JSON.stringify(traceHeaders()),
  } as never);
  return defineServer(surface, handlers, () => ({ observers: [createTelemetry(api, { mode: "propagate" })] }));
}

const member = (index: number): string => `k${index}=v`;
const members = Array.from({ length: 100 }, (_, index) => member(index));

test.each([
  ["many members", members.join(","), members.slice(0, 64).join(",")],
  ["more than W3C Baggage allows", `a=1,b=${"x".repeat(8192)}`, undefined],
  ["an encoded value with properties", "a=%C3%B6;p=1", "a=%C3%B6;p=1"],
])("of baggage with %s, the handler gets what the standard allows", async (_, baggage, expected) => {
  startOpenTelemetry();
  const { request } = await converse(looking(), "2026-07-28");
  const { result } = await request("tools/call", { name: "look" }, { traceparent, baggage });
  expect(JSON.parse(result.content[0].text)["baggage"]).toBe(expected);
});

test("all flags of a trace are read", async () => {
  startOpenTelemetry();
  const { request } = await converse(looking(), "2026-07-28");
  const { result } = await request("tools/call", { name: "look" }, { traceparent: traceparent.replace(/01$/, "1f") });
  expect(JSON.parse(result.content[0].text)["traceparent"]).toBe(traceparent.replace(/01$/, "1f"));
});
