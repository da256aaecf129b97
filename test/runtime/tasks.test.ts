import { afterEach, describe, expect, test, vi } from "vitest";
import { McpError } from "../../runtime/index.js";
import { createFetch } from "../../runtime/transports/http/fetch.js";
import { converse } from "./conversation.js";
import { serverWith } from "./surface.js";

const capabilities = { elicitation: {}, extensions: { "io.modelcontextprotocol/tasks": {} } };
const elicitations = new Map([["name", { message: "?", requestedSchema: { type: "object", properties: {} } }]]);

/** A tool whose end the test decides. */
function held() {
  const ends: ((value: unknown) => void)[] = [];
  const signals: AbortSignal[] = [];
  const handler = async ({ ask }: any, { elicit, signal }: any) => {
    signals.push(signal);
    if (ask) await elicit.name();
    const value = await new Promise((resolve) => ends.push(resolve));
    if (value instanceof Error) throw value;
    return value;
  };
  return {
    server: serverWith({ t: handler as never }, { surface: { task: "optional", elicitations } }),
    ends,
    signals,
  };
}

const claim = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": capabilities,
};
const listen = (taskIds: unknown) => ({
  id: "l",
  method: "subscriptions/listen",
  params: { notifications: { taskIds, toolsListChanged: true }, _meta: claim },
});
const tag = { "io.modelcontextprotocol/subscriptionId": "l" };

afterEach(() => {
  vi.useRealTimers();
});

describe("a subscription to tasks", () => {
  test("is told of each change, tagged, as tasks/get tells it, to the end; other tasks are not its affair", async () => {
    const { server, ends } = held();
    const { request, send, next, waiting } = await converse(server, "2026-07-28", capabilities);
    const { taskId } = (await request("tools/call", { name: "t", arguments: { ask: true } })).result;
    const other = (await request("tools/call", { name: "t" })).result.taskId;
    send(listen([taskId, "unknown", taskId]));
    expect(await next()).toEqual({
      jsonrpc: "2.0",
      method: "notifications/subscriptions/acknowledged",
      params: { _meta: tag, notifications: { toolsListChanged: true, taskIds: [taskId] } },
    });
    const told = async () => {
      const { method, params } = await next();
      const { _meta, ...detailed } = params;
      expect([method, _meta]).toEqual(["notifications/tasks", tag]);
      const { resultType, _meta: _, ...got } = (await request("tasks/get", { taskId })).result;
      expect([resultType, detailed]).toEqual(["complete", got]);
      return detailed;
    };
    expect((await request("tasks/get", { taskId })).result.status).toBe("input_required");
    ends.shift()!("the other's");
    await request("tasks/update", { taskId, inputResponses: { unknown: {}, name: { action: "decline" } } });
    expect((await told()).status).toBe("working");
    ends.shift()!("done");
    expect(await told()).toMatchObject({ status: "completed", result: { content: [{ text: "done" }] } });
    expect((await request("tasks/get", { taskId: other })).result.status).toBe("completed");
    expect(waiting).toEqual([]);
  });

  test("hears of a question, a failure and a cancellation", async () => {
    const { server, ends } = held();
    const { request, send, next } = await converse(server, "2026-07-28", capabilities);
    const start = async (input: object) =>
      (await request("tools/call", { name: "t", arguments: input })).result.taskId as string;
    const [failing, cancelled] = [await start({}), await start({})];
    send(listen([failing, cancelled]));
    await next();
    ends.shift()!(new McpError(7, "broken", { why: 1 }));
    expect((await next()).params).toMatchObject({
      taskId: failing,
      status: "failed",
      error: { code: 7, message: "broken", data: { why: 1 } },
    });
    expect((await request("tasks/cancel", { taskId: cancelled })).result).toMatchObject({ resultType: "complete" });
    expect((await next()).params).toMatchObject({ taskId: cancelled, status: "cancelled" });
  });

  test.each([
    ["a client that does not know tasks", { elicitation: {} }, ["x"], -32021],
    ["what is no list of ids", capabilities, "x", -32602],
    ["ids that are no texts", capabilities, [7], -32602],
  ])("%s is refused", async (_, declared, taskIds, code) => {
    const { request } = await converse(held().server, "2026-07-28", declared);
    const { error } = await request("subscriptions/listen", { notifications: { taskIds } });
    expect(error.code).toBe(code);
    const requiredCapabilities = { extensions: { "io.modelcontextprotocol/tasks": {} } };
    if (code === -32021) expect(error.data).toEqual({ requiredCapabilities });
  });

  test("where no tool can become a task, the ids are left out as anything that is not offered", async () => {
    const { send, next } = await converse(serverWith({ t: () => "x" }), "2026-07-28");
    send(listen(["x"]));
    expect((await next()).params.notifications).toEqual({ toolsListChanged: true });
  });
});

test("a task is kept for its time, counted from its creation; then its handler is told, and its id is unknown", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  const { server, signals } = held();
  const { request } = await converse(server, "2026-07-28", capabilities);
  const { taskId, ttlMs } = (await request("tools/call", { name: "t" })).result;
  vi.advanceTimersByTime(ttlMs);
  expect((await request("tasks/get", { taskId })).result.status).toBe("working");
  vi.advanceTimersByTime(1);
  for (const method of ["tasks/get", "tasks/cancel"])
    expect((await request(method, { taskId })).error.code).toBe(-32602);
  await request("tools/call", { name: "t" });
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
});

test("a client that goes after it has its task, as some platforms tell of every client, does not cancel it", async () => {
  const { server, signals } = held();
  const fetch = createFetch(server, { path: "/mcp", host: "localhost", port: 0, allowedOrigins: [], allowedHosts: [] });
  const gone = new AbortController();
  const request = new Request("http://localhost/mcp", {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": "t",
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "t", _meta: claim } }),
    signal: gone.signal,
  });
  const response = await fetch(request);
  expect(((await response.json()) as any).result.resultType).toBe("task");
  gone.abort();
  expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
});
