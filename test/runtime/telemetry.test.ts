import * as api from "@opentelemetry/api";
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import { expect, test } from "vitest";
import { createAudit } from "../../runtime/logging/audit.js";
import type { Connection } from "../../runtime/protocol/connection.js";
import { defineServer, withOptions } from "../../runtime/protocol/define-server.js";
import { drain } from "../../runtime/protocol/drain.js";
import type { Server } from "../../runtime/protocol/exchange.js";
import { createTelemetry } from "../../runtime/telemetry/telemetry.js";
import { setup } from "./cached-server.js";
import { converse } from "./conversation.js";
import { startOpenTelemetry } from "./open-telemetry.js";
import { serverWith } from "./surface.js";
import { handlers, tracedServer as serverOf } from "./traced-server.js";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const traceparent = `00-${traceId}-b7ad6b7169203331-01`;

const shown = ({ name, kind, attributes, status }: ReadableSpan) => ({ name, kind, attributes, status });
const unset = { code: SpanStatusCode.UNSET };
const failed = (message?: string) => ({ code: SpanStatusCode.ERROR, ...(message !== undefined && { message }) });
const execute = { "gen_ai.operation.name": "execute_tool" };
const error = (code: number) => ({ "error.type": String(code), "rpc.response.status_code": String(code) });
const toolError = { "error.type": "tool_error" };

type Row = readonly [
  what: string,
  method: string,
  params: object,
  span: { name: string; attributes?: object; status?: object },
];

/** Requests that both eras know. The attributes are those beside the method, the id and the connection. */
const rows: readonly Row[] = [
  [
    "a call",
    "tools/call",
    { name: "add", arguments: { a: 1 } },
    { name: "tools/call add", attributes: { ...execute, "gen_ai.tool.name": "add" } },
  ],
  [
    "a call that takes time",
    "tools/call",
    { name: "later" },
    { name: "tools/call later", attributes: { ...execute, "gen_ai.tool.name": "later" } },
  ],
  [
    "a declared error",
    "tools/call",
    { name: "refuse" },
    {
      name: "tools/call refuse",
      attributes: { ...execute, "gen_ai.tool.name": "refuse", ...toolError },
      status: failed(),
    },
  ],
  [
    "an unexpected error",
    "tools/call",
    { name: "crash" },
    {
      name: "tools/call crash",
      attributes: { ...execute, "gen_ai.tool.name": "crash", ...toolError },
      status: failed(),
    },
  ],
  [
    "the end of the time limit",
    "tools/call",
    { name: "slow" },
    { name: "tools/call slow", attributes: { ...execute, "gen_ai.tool.name": "slow", ...toolError }, status: failed() },
  ],
  [
    "a JSON-RPC error of a handler",
    "tools/call",
    { name: "decline" },
    {
      name: "tools/call decline",
      attributes: { ...execute, "gen_ai.tool.name": "decline", ...error(-32099) },
      status: failed("not today"),
    },
  ],
  [
    "a tool that does not exist",
    "tools/call",
    { name: "nothing" },
    {
      name: "tools/call",
      attributes: { ...execute, "gen_ai.tool.name": "nothing", ...error(-32602) },
      status: failed('unknown tool "nothing"'),
    },
  ],
  [
    "a prompt",
    "prompts/get",
    { name: "greet" },
    { name: "prompts/get greet", attributes: { "gen_ai.prompt.name": "greet" } },
  ],
  [
    "a resource",
    "resources/read",
    { uri: "memo://one" },
    { name: "resources/read", attributes: { "mcp.resource.uri": "memo://one" } },
  ],
  ["a list", "tools/list", {}, { name: "tools/list" }],
  [
    "a method that no revision has",
    "tools/none",
    {},
    {
      name: "_OTHER",
      attributes: { "mcp.method.name": "_OTHER", ...error(-32601) },
      status: failed('unknown method "tools/none"'),
    },
  ],
];

for (const version of ["2025-11-25", "2026-07-28"])
  test.each(rows)(
    `${version}: %s is one span and one measurement of the conventions`,
    async (_, method, params, span) => {
      const collected = startOpenTelemetry();
      const { request } = await converse(serverOf({ mode: "native" }), version);
      await request(method, params);
      const isLegacy = version < "2026";
      const [opening, last = opening, ...more] = collected.spans();
      expect(more).toEqual([]);
      expect(opening!.name).toBe(isLegacy ? "initialize" : last!.name);
      const session = { "mcp.session.id": expect.stringMatching(/^[0-9a-f-]{36}$/) };
      const measured = { "mcp.method.name": method, "mcp.protocol.version": version, "network.transport": "pipe" };
      expect(shown(last!)).toEqual({
        name: span.name,
        kind: SpanKind.SERVER,
        attributes: {
          ...measured,
          "jsonrpc.request.id": isLegacy ? "test 2" : "test 1",
          ...(isLegacy && session),
          ...span.attributes,
        },
        status: span.status ?? unset,
      });
      expect(last!.parentSpanContext).toBeUndefined();
      const series = await collected.series();
      const {
        "mcp.resource.uri": _uri,
        "gen_ai.tool.name": tool,
        ...rest
      } = { ...measured, ...span.attributes } as any;
      expect(series.filter(({ attributes }) => attributes["mcp.method.name"] !== "initialize")).toEqual([
        {
          name: "mcp.server.operation.duration",
          unit: "s",
          // Names that a client has made up are no series.
          attributes: { ...rest, ...(tool !== undefined && tool !== "nothing" && { "gen_ai.tool.name": tool }) },
          count: 1,
          sum: expect.any(Number),
          boundaries: [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300],
        },
      ]);
    },
  );

test.each<[string, (connection: Connection, server: Server) => void]>([
  ["closes", (connection) => connection.close(new Error("gone"))],
  ["is open while the server stops", (_, server) => void drain(server, 0)],
])("a session that %s has a duration, and its opening is a request like others", async (_, end) => {
  const collected = startOpenTelemetry();
  const server = serverOf({ mode: "native" });
  const { connection } = await converse(server, "2025-06-18");
  end(connection, server);
  connection.close(new Error("gone again"));
  const common = { "mcp.protocol.version": "2025-06-18", "network.transport": "pipe" };
  expect(collected.spans().map(shown)).toEqual([
    {
      name: "initialize",
      kind: SpanKind.SERVER,
      attributes: {
        ...common,
        "mcp.method.name": "initialize",
        "jsonrpc.request.id": "test 1",
        "mcp.session.id": expect.any(String),
      },
      status: unset,
    },
  ]);
  const series = (await collected.series()).map(({ name, attributes, count }) => [name, attributes, count]);
  expect(series).toEqual([
    ["mcp.server.operation.duration", { ...common, "mcp.method.name": "initialize" }, 1],
    ["mcp.server.session.duration", common, 1],
  ]);
});

test("a request to the client is a span of the kind CLIENT, whose context the client gets", async () => {
  const collected = startOpenTelemetry();
  const { request, send, next } = await converse(serverOf({ mode: "native" }), "2025-11-25", { roots: {} });
  for (const answer of [{ result: { roots: [] } }, { error: { code: -32601, message: "no roots here" } }]) {
    const called = request("tools/call", { name: "ask" });
    const { id, params } = await next();
    send({ id, ...answer });
    await called;
    const [asked, calling] = collected.spans().slice(-2);
    expect(asked!.parentSpanContext).toMatchObject({ spanId: calling!.spanContext().spanId });
    expect(params._meta.traceparent).toBe(`00-${calling!.spanContext().traceId}-${asked!.spanContext().spanId}-01`);
    const failure = "error" in answer ? error(-32601) : {};
    expect(shown(asked!)).toEqual({
      name: "roots/list",
      kind: SpanKind.CLIENT,
      attributes: {
        "mcp.method.name": "roots/list",
        "mcp.protocol.version": "2025-11-25",
        "network.transport": "pipe",
        "jsonrpc.request.id": String(id),
        "mcp.session.id": calling!.attributes["mcp.session.id"],
        ...failure,
      },
      status: "error" in answer ? failed("no roots here") : unset,
    });
  }
  const series = (await collected.series()).filter(({ name }) => name === "mcp.client.operation.duration");
  expect(series.map(({ attributes, count }) => [attributes["error.type"], count])).toEqual([
    [undefined, 1],
    ["-32601", 1],
  ]);
});

test("a cancelled call ends its span at once, even if its handler never ends", async () => {
  const collected = startOpenTelemetry();
  const { surface, handlers: made } = serverWith({ hang: () => new Promise(() => {}) } as never);
  const server = defineServer(surface, made, () => ({ observers: [createTelemetry(api, { mode: "native" })] }));
  const { request, send } = await converse(server, "2025-11-25");
  void request("tools/call", { name: "hang" });
  // The first call loads the tool's validators.
  await new Promise(setImmediate);
  send({ method: "notifications/cancelled", params: { requestId: "test 2", reason: "enough" } });
  const [, span] = collected.spans();
  expect(shown(span!)).toMatchObject({
    name: "tools/call hang",
    attributes: { "error.type": "cancelled" },
    status: failed("cancelled by the client: enough"),
  });
});

test("a call that becomes a task ends its span with the answer, and works in its context", async () => {
  const collected = startOpenTelemetry();
  const capabilities = { extensions: { "io.modelcontextprotocol/tasks": {} } };
  const { request } = await converse(serverOf({ mode: "native" }), "2026-07-28", capabilities);
  const { result } = await request("tools/call", { name: "job" });
  expect(result.resultType).toBe("task");
  expect(collected.spans().map(shown)).toMatchObject([{ name: "tools/call job", status: unset }]);
  await request("tasks/get", { taskId: result.taskId });
  expect(collected.spans().at(-1)!.name).toBe("tasks/get");
});

const parents: readonly (readonly [what: string, meta: object, parent: object | undefined])[] = [
  ["none", {}, undefined],
  ["the client's", { traceparent }, { traceId, spanId: "b7ad6b7169203331", isRemote: true, traceFlags: 1 }],
  ["with a state", { traceparent: traceparent.replace(/1$/, "0"), tracestate: "a=1,b=2" }, { traceId, traceFlags: 0 }],
  ["a malformed one", { traceparent: `${traceparent}-more`, tracestate: "a=1" }, undefined],
  ["one of zeros", { traceparent: `00-${"0".repeat(32)}-b7ad6b7169203331-01` }, undefined],
  ["no text", { traceparent: 5 }, undefined],
];

test.each(parents)("the parent of a span: %s", async (_, meta, parent) => {
  const collected = startOpenTelemetry();
  const { request } = await converse(serverOf({ mode: "native" }), "2026-07-28");
  const { result } = await request("tools/call", { name: "span" }, meta);
  const sent = JSON.parse(result.content[0].text) as Record<string, string>;
  const spans = collected.spans();
  const own = spans.find(({ name }) => name === "tools/call span");
  // A client that records nothing wants none of its servers to record.
  if (parent !== undefined && (parent as { traceFlags: number }).traceFlags === 0) {
    expect(spans).toEqual([]);
    expect(sent).toMatchObject({ traceparent: expect.stringMatching(`^00-${traceId}-.*-00$`), tracestate: "a=1,b=2" });
    return;
  }
  if (parent === undefined) expect(own!.parentSpanContext).toBeUndefined();
  else expect(own!.parentSpanContext).toMatchObject(parent);
  const work = spans.find(({ name }) => name === "work");
  const { traceId: id, spanId } = own!.spanContext();
  expect(work!.parentSpanContext).toMatchObject({ traceId: id, spanId });
  expect(sent).toEqual({ traceparent: `00-${id}-${spanId}-01` });
});

test("without spans of its own, the client's context is that of the handler, with its baggage", async () => {
  const collected = startOpenTelemetry();
  const seen: unknown[] = [];
  const { surface, handlers: made } = serverWith({
    look: async (_: unknown, { traceHeaders }: any) => {
      await null;
      seen.push(api.propagation.getActiveBaggage()?.getEntry("user")?.value);
      return JSON.stringify(traceHeaders());
    },
  } as never);
  const server = defineServer(surface, made, () => ({ observers: [createTelemetry(api, { mode: "propagate" })] }));
  const { request } = await converse(server, "2026-07-28");
  const baggage = "user=J%C3%B6rg;secret,=,broken=%";
  const { result } = await request("tools/call", { name: "look" }, { traceparent, tracestate: "a=1", baggage });
  expect(seen).toEqual(["Jörg"]);
  expect(JSON.parse(result.content[0].text)).toEqual({
    ...{ traceparent, tracestate: "a=1", baggage: "user=J%C3%B6rg;secret" },
  });
  expect(collected.spans()).toEqual([]);
  expect(await collected.series()).toEqual([]);
});

test("the user's propagator decides the headers of outgoing requests", async () => {
  startOpenTelemetry();
  api.propagation.setGlobalPropagator({
    inject: (context, carrier, setter) => setter.set(carrier, "b3", api.trace.getSpanContext(context)!.traceId),
    extract: (context) => context,
    fields: () => ["b3"],
  });
  const { surface, definition } = serverOf({ mode: "native" });
  const records: any[] = [];
  const audit = createAudit({ file: () => (line) => records.push(JSON.parse(line)) > 0 });
  const { observers = [] } = definition.surround();
  const server = defineServer(surface, definition.handlers, () => ({ observers: [...observers, audit] }));
  const { request } = await converse(server, "2026-07-28");
  const { result } = await request("tools/call", { name: "span" }, { traceparent });
  expect(JSON.parse(result.content[0].text)).toEqual({ b3: traceId });
  expect(records.map((record) => record.traceId)).toEqual([traceId]);
});

for (const cached of [false, true])
  test(`without a context manager, a handler has the trace of its call (cache: ${cached})`, async () => {
    const collected = startOpenTelemetry();
    api.context.disable();
    for (const mode of ["propagate", "native"] as const) {
      const tool = async (_: unknown, { roots, traceHeaders }: any) => (await roots(), JSON.stringify(traceHeaders()));
      const server = withOptions(setup({ tool, cached }).server, { observers: [createTelemetry(api, { mode })] });
      const { request, send, next } = await converse(server, "2025-11-25", { roots: {} });
      const called = request("tools/call", { name: "t" }, { traceparent });
      send({ id: (await next()).id, result: { roots: [] } });
      const headers = JSON.parse((await called).result.content[0].text);
      expect(headers.traceparent).toMatch(mode === "native" ? `00-${traceId}` : traceparent);
    }
    const spans = collected.spans().filter(({ name }) => name !== "initialize");
    const ids = new Map(spans.map((span) => [span.name, span.spanContext().spanId]));
    expect(spans.map(({ name, parentSpanContext }) => [name, parentSpanContext?.spanId])).toEqual([
      ["roots/list", ids.get("tools/call t")],
      ["tools/call t", traceparent.split("-")[2]],
    ]);
  });

test("without telemetry the trace of the client goes on", async () => {
  const { request } = await converse(serverWith(handlers as never), "2026-07-28");
  const headers = async (meta: object) =>
    JSON.parse((await request("tools/call", { name: "span" }, meta)).result.content[0].text);
  expect(await headers({ traceparent, tracestate: "a=1" })).toEqual({ traceparent, tracestate: "a=1" });
  expect(await headers({ traceparent, tracestate: "a\r\nx: y" })).toEqual({ traceparent });
  expect(await headers({ traceparent: "mine" })).toEqual({});
});

test("arguments, results and URIs are recorded where the manifest asks for them, and redacted", async () => {
  const collected = startOpenTelemetry();
  const server = serverOf({ mode: "native", arguments: true, results: true, resourceUris: true });
  server.secrets.add("hunter2");
  const { request } = await converse(server, "2026-07-28");
  await request("tools/call", { name: "add", arguments: { a: "hunter2" } });
  await request("tools/call", { name: "add", arguments: { a: "x".repeat(100_000) } });
  await request("resources/read", { uri: "memo://one" });
  const [call, long, read] = collected.spans();
  expect(call!.attributes["gen_ai.tool.call.arguments"]).toBe('{"a":"[redacted]"}');
  expect(call!.attributes["gen_ai.tool.call.result"]).toContain("[redacted]");
  expect(String(long!.attributes["gen_ai.tool.call.arguments"])).toHaveLength(16_384);
  expect(read!.name).toBe("resources/read memo://one");
  expect((await collected.series()).map(({ attributes }) => attributes["mcp.resource.uri"])).toContain("memo://one");
});

test("a request that is refused before it becomes a call is a span, too", async () => {
  const collected = startOpenTelemetry();
  const { request } = await converse(serverOf({ mode: "native" }), "2026-07-28");
  await request("tools/call", { _meta: 5, name: "add" }, { "io.modelcontextprotocol/protocolVersion": "1999-01-01" });
  expect(collected.spans().map(shown)).toMatchObject([
    { name: "tools/call add", attributes: { "error.type": "-32022" }, status: { code: SpanStatusCode.ERROR } },
  ]);
  expect(collected.spans()[0]!.attributes).not.toHaveProperty("mcp.protocol.version");
});

test("a subscription that its client ends is no error", async () => {
  const collected = startOpenTelemetry();
  const { request, send, next } = await converse(serverOf({ mode: "native" }), "2026-07-28");
  void request("subscriptions/listen", { notifications: { toolsListChanged: true } });
  await next();
  send({ method: "notifications/cancelled", params: { requestId: "test 1" } });
  expect(collected.spans().map(shown)).toMatchObject([{ name: "subscriptions/listen", status: unset }]);
  expect((await collected.series()).map(({ attributes }) => attributes["error.type"])).toEqual([undefined]);
});
