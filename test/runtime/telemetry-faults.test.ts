import * as api from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import { expect, onTestFinished, test, vi } from "vitest";
import { createAudit } from "../../runtime/logging/audit.js";
import { defineServer } from "../../runtime/protocol/define-server.js";
import { guarded } from "../../runtime/protocol/guarded-observer.js";
import { createTelemetry } from "../../runtime/telemetry/telemetry.js";
import { converse } from "./conversation.js";
import { startOpenTelemetry } from "./open-telemetry.js";
import { serverWith } from "./surface.js";
import { handlers, tracedServer } from "./traced-server.js";

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/** What the user's OpenTelemetry may throw at. */
const faults: readonly (readonly [string, (fail: () => never) => object])[] = [
  ["a tracer", (fail) => ({ trace: { ...api.trace, getSpanContext: () => undefined, getTracer: fail } })],
  [
    "the start of a span",
    (fail) => ({ trace: Object.assign(Object.create(api.trace), { getTracer: () => ({ startSpan: fail }) }) }),
  ],
  ["the context of a span", (fail) => ({ trace: Object.assign(Object.create(api.trace), { getSpanContext: fail }) })],
  ["the active context", (fail) => ({ context: Object.assign(Object.create(api.context), { active: fail }) })],
  ["running in a context", (fail) => ({ context: Object.assign(Object.create(api.context), { with: fail }) })],
  ["a propagator", (fail) => ({ propagation: Object.assign(Object.create(api.propagation), { inject: fail }) })],
  ["measurements", (fail) => ({ metrics: { getMeter: () => ({ createHistogram: () => ({ record: fail }) }) } })],
];

for (const mode of ["native", "propagate"] as const)
  test.each(faults)(`${mode}: %s that fails changes no answer and no record`, async (_, fault) => {
    startOpenTelemetry();
    const records: any[] = [];
    const log: any[] = [];
    const fail = (): never => {
      throw new Error("broken");
    };
    const { surface, handlers: made } = serverWith(handlers as never);
    const server = defineServer(surface, made, () => ({
      logger: (_level, message, details) => void log.push([message, details?.["step"]]),
      observers: [
        createTelemetry({ ...api, ...fault(fail) } as never, { mode }),
        createAudit({ file: () => (line) => records.push(JSON.parse(line)) > 0 }),
      ],
    }));
    const { request, send, next, connection } = await converse(server, "2025-11-25", { roots: {} });
    expect((await request("tools/call", { name: "add" })).result.content[0].text).toBe("the sum is 0");
    expect((await request("tools/call", { name: "add" })).result.content[0].text).toBe("the sum is 0");
    const headers = (await request("tools/call", { name: "span" }, { traceparent })).result;
    expect(headers.isError).toBeUndefined();
    const asked = request("tools/call", { name: "ask" });
    send({ id: (await next()).id, result: { roots: [] } });
    expect((await asked).result.content[0].text).toBe("[]");
    connection.close(new Error("gone"));
    expect(records.map(({ outcome, method }) => [method, outcome])).toEqual([
      ["initialize", "ok"],
      ...Array(4).fill(["tools/call", "ok"]),
    ]);
    // One entry for each kind of failure, however many requests fail.
    expect(new Set(log.map(String)).size).toBe(log.length);
    expect(log.every(([message]) => message === "a request could not be recorded")).toBe(true);
  });

test("a context that throws what its work throws runs it once", () => {
  let runs = 0;
  const { run } = guarded({ run: (_call, work) => (work(), work()) }, () => {});
  const work = (): void => {
    runs += 1;
    throw new Error("the work's");
  };
  expect(() => run!(undefined as never, work)).toThrow("the work's");
  expect(runs).toBe(1);
});

test("the log has one entry a minute for each failure, with the number of those in between", () => {
  let clock = 0;
  const now = vi.spyOn(performance, "now").mockImplementation(() => clock);
  onTestFinished(() => now.mockRestore());
  const log: unknown[] = [];
  const onCall = (): never => {
    throw new Error("broken");
  };
  const observer = guarded({ onCall }, (_level, _message, details) => void log.push(details?.["more"]));
  for (const at of [0, 1, 59_999, 60_000, 120_000]) {
    clock = at;
    observer.onCall!(undefined as never);
  }
  expect(log).toEqual([undefined, 2, undefined]);
});

type Types = Pick<ReadableSpan, "attributes">;
const typesOf = ({ attributes }: Types) => [attributes["error.type"], attributes["rpc.response.status_code"]];
const other = ["_OTHER", undefined];

type Refusal = readonly [what: string, error: unknown, span: unknown[], series: unknown[], message?: string];
/** A client's error to a question of the server, and what its span and its series say. */
const refusals: readonly Refusal[] = [
  ["of the protocol", { code: -32602, message: "no" }, ["-32602", "-32602"], ["-32602", "-32602"], "no"],
  ["of a user", { code: -1, message: "no" }, ["-1", "-1"], ["-1", "-1"], "no"],
  ["of its own", { code: 4711, message: "no" }, ["4711", "4711"], other, "no"],
  ["with a long text", { code: "x".repeat(50_000), message: "no" }, other, other, "no"],
  ["with objects", { code: { toString: 1, valueOf: 1 }, message: { toString: 1 } }, other, other],
  ["without a code", {}, other, other],
  ["that is no object", "no", other, other],
];

test.each(refusals)(
  "a client's error %s ends a span, and makes no series of its own",
  async (_, error, ...expected) => {
    const [ended, measured, message] = expected;
    const collected = startOpenTelemetry();
    const { request, send, next } = await converse(tracedServer({ mode: "native" }), "2025-11-25", { roots: {} });
    const called = request("tools/call", { name: "ask" });
    send({ id: (await next()).id, error });
    await called;
    const span = collected.spans().find(({ name }) => name === "roots/list")!;
    expect([typesOf(span), span.status.message]).toEqual([ended, message]);
    const series = (await collected.series()).filter(({ name }) => name === "mcp.client.operation.duration");
    expect(series.map(typesOf)).toEqual([measured]);
  },
);

test("a span ends, whatever fails at its end", async () => {
  const collected = startOpenTelemetry();
  const fail = (): never => {
    throw new Error("broken");
  };
  const metrics = { getMeter: () => ({ createHistogram: () => ({ record: fail }) }) };
  const { surface, handlers: made } = serverWith(handlers as never);
  const observers = [createTelemetry({ ...api, metrics } as never, { mode: "native" })];
  const { request } = await converse(
    defineServer(surface, made, () => ({ logger: () => {}, observers })),
    "2026-07-28",
  );
  await request("tools/call", { name: "add" });
  expect(collected.spans().map(({ name }) => name)).toEqual(["tools/call add"]);
});
