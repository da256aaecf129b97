import { expect, onTestFinished, test, vi } from "vitest";
import { fixedCaller, type Authentication } from "../../runtime/protocol/auth.js";
import { tooManyRequests } from "../../runtime/protocol/errors.js";
import type { Store } from "../../runtime/protocol/exchange.js";
import { converse } from "./conversation.js";
import { doors, options } from "./doors.js";
import { clock, ends, expectValid, exposed, measured, valueOf } from "./measured-server.js";

const delay = vi.hoisted(() => ({
  ...{ count: 0, mean: NaN, p99: 0, max: 0, resets: 0 },
  enable: () => true,
  reset: () => void (delay.resets += 1),
  percentile: (): number => delay.p99,
}));
vi.mock("node:perf_hooks", async (original) => ({
  ...(await original<object>()),
  monitorEventLoopDelay: () => delay,
}));

test("requests are counted by tool, outcome and fault; names of clients are one name", async () => {
  const server = measured();
  const { request } = await converse(server, "2026-07-28");
  for (const name of ["add", "add", "refuse", "crash", "odd.name-1"]) await request("tools/call", { name });
  for (let made = 0; made < 50; made++) await request("tools/call", { name: `made up ${made}\n"` });
  for (let made = 0; made < 50; made++) await request(`made/up/${made}`);
  await request("tools/list");
  const text = exposed(server);
  expectValid(text);
  const counted = text.split("\n").filter((line) => line.startsWith("mcp_requests_total"));
  expect(counted).toEqual([
    'mcp_requests_total{method="tools/call",name="add",outcome="ok"} 2',
    'mcp_requests_total{method="tools/call",name="refuse",outcome="tool_error",fault="declared",error="tooMuch"} 1',
    'mcp_requests_total{method="tools/call",name="crash",outcome="tool_error",fault="server",error="internal"} 1',
    'mcp_requests_total{method="tools/call",name="odd.name-1",outcome="ok"} 1',
    'mcp_requests_total{method="tools/call",name="_OTHER",outcome="error",fault="caller",error="unknown_tool"} 50',
    'mcp_requests_total{method="_OTHER",outcome="error",fault="caller",error="unknown_method"} 50',
    'mcp_requests_total{method="tools/list",outcome="ok"} 1',
  ]);
  const add = 'method="tools/call",name="add"';
  expect(valueOf(text, `mcp_request_duration_seconds_count{${add}}`)).toBe(2);
  expect(valueOf(text, `mcp_request_duration_seconds_bucket{${add},le="+Inf"}`)).toBe(2);
  expect(valueOf(text, `mcp_request_duration_seconds_sum{${add}}`)).toBeGreaterThan(0);
  const buckets = text.split("\n").filter((line) => line.startsWith(`mcp_request_duration_seconds_bucket{${add}`));
  const counts = buckets.map((line) => Number(line.split(" ")[1]));
  expect(counts).toEqual(counts.toSorted((a, b) => a - b));
  expect(valueOf(text, 'mcp_server_info{name="made",version="1.0.0"}')).toBe(1);
});

test("durations are in seconds; a bucket includes its bound", async () => {
  const now = vi.spyOn(performance, "now").mockImplementation(() => clock.now);
  onTestFinished(() => now.mockRestore());
  const server = measured();
  const { request } = await converse(server, "2026-07-28");
  for (const ms of [0, 250, 251, 400_000]) await request("tools/call", { name: "takes", arguments: { ms } });
  const text = exposed(server);
  const named = 'method="tools/call",name="takes"';
  const buckets = ["0.001", "0.1", "0.25", "0.5", "300", "+Inf"].map((bound) =>
    valueOf(text, `mcp_request_duration_seconds_bucket{${named},le="${bound}"}`),
  );
  expect(buckets).toEqual([1, 1, 2, 3, 3, 4]);
  expect(valueOf(text, `mcp_request_duration_seconds_count{${named}}`)).toBe(4);
  expect(valueOf(text, `mcp_request_duration_seconds_sum{${named}}`)).toBeCloseTo(400.501, 6);
});

test("a task is counted at its end, its call once, at its answer", async () => {
  const server = measured();
  const { request } = await converse(server, "2026-07-28", { extensions: { "io.modelcontextprotocol/tasks": {} } });
  await request("tools/call", { name: "job" });
  const job = 'method="tools/call",name="job"';
  await expect.poll(() => valueOf(exposed(server), `mcp_tasks_total{${job},outcome="ok"}`)).toBe(1);
  const requests = exposed(server).match(/^mcp_requests_total.*$/gm);
  expect(requests).toEqual([`mcp_requests_total{${job},outcome="task"} 1`]);
  expect(valueOf(exposed(server), `mcp_request_duration_seconds_count{${job}}`)).toBe(1);
});

test("what is kept is counted by kind and by bytes", () => {
  const server = measured();
  const booking = server.ledger.book({ kind: "run", most: 1, caller: "ada" }, () => {}, 100);
  const kept = () => ['mcp_kept_items{kind="run"}', "mcp_kept_bytes"].map((sample) => valueOf(exposed(server), sample));
  expect(kept()).toEqual([1, 100]);
  booking!.release();
  expect(kept()).toEqual([0, 0]);
});

test.each(doors)("%s: refused credentials are counted, and no session without sessions", async (_, ask) => {
  const auth: Authentication = {
    ...fixedCaller({ scopes: [], claims: {} }),
    authenticate: ({ header }) =>
      header("authorization") ? { scopes: [], claims: {} } : { status: 401, message: "who are you?" },
  };
  const server = measured({ auth });
  server.application.ready = true;
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "x", version: "1" } };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params });
  const open = async (headers: object): Promise<number> =>
    (
      await ask(
        server,
        { ...options, sessions: false },
        { headers: { "content-type": "application/json", ...headers }, body },
      )
    ).status;
  expect([await open({}), await open({ authorization: "Bearer x" })]).toEqual([401, 200]);
  const samples = ['mcp_unauthorized_total{error="missing_credentials"}', "mcp_sessions", "mcp_sessions_opened_total"];
  expect(samples.map((sample) => valueOf(exposed(server), sample))).toEqual([1, 0, 0]);
});

test("events whose labels are known are counted from 0", () => {
  const auth = fixedCaller({ scopes: [], claims: {} });
  const server = measured({ admit: () => undefined, auth });
  const tools = server.surface.tools.map((tool) => ({
    ...tool,
    ...(tool.name === "add" && { task: "optional" as const }),
  }));
  const text = exposed({ ...server, surface: { ...server.surface, tools } });
  expectValid(text);
  expect(
    [
      'mcp_rate_limited_total{method="tools/call"}',
      'mcp_rate_limited_total{method="open"}',
      'mcp_unauthorized_total{error="missing_credentials"}',
      'mcp_unauthorized_total{error="invalid_token"}',
      'mcp_tasks_total{method="tools/call",name="add",outcome="ok"}',
    ].map((sample) => valueOf(text, sample)),
  ).toEqual([0, 0, 0, 0, 0]);
});

test("queues, running calls, sessions, cache and refusals have their present values", async () => {
  let isLimited = false;
  const server = measured({
    admit: ({ method }) => (isLimited && method === "tools/call" ? tooManyRequests(1, 1) : undefined),
  });
  const { request, connection } = await converse(server, "2025-11-25");
  const calls = [1, 2, 3].map(() => request("tools/call", { name: "held" }));
  await expect.poll(() => ends.length).toBe(1);
  const busy = exposed(server);
  expectValid(busy);
  const read = (text: string, ...samples: string[]) => samples.map((sample) => valueOf(text, sample));
  expect(
    read(
      busy,
      "mcp_sessions",
      "mcp_sessions_opened_total",
      "mcp_requests_running",
      "mcp_concurrency_running",
      'mcp_concurrency_running{limit="held"}',
      'mcp_concurrency_waiting{limit="held"}',
    ),
  ).toEqual([1, 1, 3, 1, 1, 2]);
  for (let call = 0; call < 3; call++) {
    await expect.poll(() => ends.length).toBe(1);
    ends.shift()!();
    await calls[call];
  }
  await Promise.all([request("tools/call", { name: "cached" }), request("tools/call", { name: "cached" })]);
  await request("tools/call", { name: "cached" });
  isLimited = true;
  await request("tools/call", { name: "add" });
  connection.close(new Error("gone"));
  const idle = exposed(server);
  expectValid(idle);
  const cache = (result: string): string => `mcp_cache_requests_total{result="${result}"}`;
  expect(
    read(
      idle,
      "mcp_sessions",
      "mcp_requests_running",
      'mcp_concurrency_waiting{limit="held"}',
      cache("miss"),
      cache("joined"),
      cache("hit"),
      "mcp_cache_entries",
      'mcp_rate_limited_total{method="tools/call"}',
    ),
  ).toEqual([0, 0, 0, 1, 1, 1, 1, 1]);
  expect(valueOf(idle, 'mcp_rate_limited_total{method="resources/read"}')).toBe(0);
  expect(idle).toContain('name="add",outcome="error",fault="limit",error="rate"} 1');
  expect(valueOf(idle, "mcp_cache_characters")).toBeGreaterThan(0);
  expect(valueOf(idle, "process_resident_memory_bytes")).toBeGreaterThan(1e6);
  const seconds = Date.now() / 1000;
  expect(valueOf(idle, "process_start_time_seconds")).toSatisfy((at) => at > seconds - 1e6 && at < seconds);
  const { user, system } = process.cpuUsage();
  expect(valueOf(idle, "process_cpu_seconds_total")).toSatisfy((used) => used > 0 && used <= (user + system) / 1e6);
});

test.each([
  ["without a store", undefined, undefined],
  ["with a store", true, 1],
  ["with a store that is away", false, 0],
])("%s, whether it is available", (_, available, value) => {
  const text = exposed({ ...measured(), ...(available !== undefined && { store: { available } as Store }) });
  expectValid(text);
  expect(valueOf(text, "mcp_store_available")).toBe(value);
});

test("the delay of the event loop is that since the last scrape, without the interval of the measurement", () => {
  const server = measured();
  const lags = (): unknown[] => {
    const text = exposed(server);
    return ["mean", "p99", "max"].map((part) => valueOf(text, `nodejs_eventloop_lag_${part}_seconds`));
  };
  Object.assign(delay, { count: 0, resets: 0 });
  expect([lags(), lags()]).toEqual([Array(3).fill(undefined), Array(3).fill(undefined)]);
  // Node measures the intervals of a timer of 10 ms, in nanoseconds.
  Object.assign(delay, { count: 5, mean: 9.9e6, p99: 12e6, max: 110e6 });
  expect(lags()).toEqual([0, expect.closeTo(0.002, 6), expect.closeTo(0.1, 6)]);
  expect(delay.resets).toBe(2);
});
