import { execFileSync, spawnSync } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test, vi } from "vitest";
import { createCache } from "../../runtime/cache/index.js";
import { limitConcurrency } from "../../runtime/limits/concurrency.js";
import { createMetrics } from "../../runtime/metrics/metrics.js";
import { createListener } from "../../runtime/node/http-listener.js";
import { listen } from "../../runtime/node/http-server.js";
import { createProcessMetrics } from "../../runtime/node/process-metrics.js";
import { serveMetrics } from "../../runtime/node/metrics-server.js";
import { fixedCaller } from "../../runtime/protocol/auth.js";
import { defineServer } from "../../runtime/protocol/define-server.js";
import { DeclaredError, tooManyRequests } from "../../runtime/protocol/errors.js";
import type { Server, ServerOptions } from "../../runtime/protocol/exchange.js";
import { converse } from "./conversation.js";
import { doors, options } from "./doors.js";
import { serverWith } from "./surface.js";

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

const ends: (() => void)[] = [];
const handlers: Record<string, any> = {
  add: () => "done",
  "odd.name-1": () => "done",
  refuse: () => {
    throw new DeclaredError("tooMuch", "too much", undefined);
  },
  crash: async () => {
    throw new Error("secret");
  },
  held: () => new Promise((resolve) => ends.push(() => resolve("done"))),
  cached: async () => "done",
};

const secret = "s3cret-0123456789";

function measured(more: ServerOptions = {}, token?: string): Server {
  const { surface, handlers: made } = serverWith(handlers);
  const tools = surface.tools.map((tool) =>
    tool.name === "cached" ? { ...tool, cache: { ttlMs: 60_000, scope: "public" as const, maxEntries: 10 } } : tool,
  );
  const metrics = createMetrics({
    path: "/metrics",
    isOnHttpPort: true,
    process: createProcessMetrics(),
    ...(token !== undefined && { token: { env: "TOKEN" } }),
  });
  metrics.start({ TOKEN: token }, new Set());
  return defineServer({ ...surface, tools }, made, () => ({
    logger: () => {},
    metrics,
    cache: createCache({ maxSize: 1000 }),
    limit: limitConcurrency({ server: 3, tools: new Map([["held", 1]]), maxQueue: 10 }),
    ...more,
  }));
}

const exposed = (server: Server): string => server.options.metrics!.answer(server, undefined).body;

/** The value of a sample; the labels in the order of the text. */
function valueOf(text: string, sample: string): number | undefined {
  const line = text.split("\n").find((line) => line.startsWith(`${sample} `));
  return line === undefined ? undefined : Number(line.slice(sample.length + 1));
}

const hasPromtool = spawnSync("promtool", ["--version"]).status === 0;
if (!hasPromtool) console.warn("promtool is not installed: the metrics are checked by our own reading alone");

/** Reads the text format by its grammar: every line is a comment of a metric, or a sample of the last one. */
function expectValid(text: string, checks = hasPromtool): void {
  const label = '[a-zA-Z_]\\w*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"';
  const sample = new RegExp(`^([a-z]\\w*)(?:\\{${label}(?:,${label})*\\})? (?:[-+]?[0-9.e+-]+|[+-]Inf|NaN)$`);
  const seen = new Set<string>();
  let name = "";
  expect(text.endsWith("\n")).toBe(true);
  for (const line of text.trimEnd().split("\n")) {
    const comment = /^# (HELP|TYPE) ([a-z]\w*) .+$/.exec(line);
    if (comment?.[1] === "HELP") {
      expect(seen.has((name = comment[2]!))).toBe(false);
      seen.add(name);
    } else if (comment !== null) expect(comment[2]).toBe(name);
    else expect(sample.exec(line)?.[1]?.replace(/_(bucket|sum|count)$/, ""), line).toBe(name.replace(/_count$/, ""));
  }
  if (checks) execFileSync("promtool", ["check", "metrics"], { input: text });
}

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
  expect(valueOf(idle, "process_resident_memory_bytes")).toBeGreaterThan(1e6);
  expect(valueOf(idle, "process_start_time_seconds")).toBeGreaterThan(1e9);
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

test.each(doors)("%s: scrapers have a token, and pages get nothing", async (_, ask) => {
  const server = measured({}, secret);
  server.application.ready = true;
  const scrape = async (headers: Record<string, string>, method = "GET"): Promise<number> =>
    (await ask(server, options, { method, path: "/metrics", headers })).status;
  expect(await scrape({})).toBe(401);
  expect(await scrape({ authorization: `Bearer ${secret.slice(1)}` })).toBe(401);
  expect(await scrape({ authorization: `Bearer ${secret.toUpperCase()}` })).toBe(401);
  expect(await scrape({ authorization: `Basic ${secret}` })).toBe(401);
  expect(await scrape({ authorization: `Bearer ${secret}`, origin: "http://localhost" })).toBe(403);
  expect(await scrape({ authorization: `Bearer ${secret}` }, "POST")).toBe(405);
  // The name of a scheme may be in any case.
  expect(await scrape({ authorization: `bearer ${secret}` })).toBe(200);
  const { status, headers, text } = await ask(server, options, {
    ...{ method: "GET", path: "/metrics", headers: { authorization: `Bearer ${secret}` } },
  });
  expect([status, headers["content-type"]]).toEqual([200, "text/plain; version=0.0.4; charset=utf-8"]);
  expectValid(text);
});

test("below a framework's prefix, metrics are found as probes are", async () => {
  const server = measured({}, secret);
  server.application.ready = true;
  const listener = createListener(server, options);
  const scrape = (path: string, mounted: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const http = createServer((incoming, response) => {
        // A framework passes the rest of the path on.
        Object.assign(incoming, { originalUrl: incoming.url, url: incoming.url!.slice(mounted.length) });
        listener(incoming, response);
      });
      http.listen(0, "127.0.0.1", () => {
        const { port } = http.address() as AddressInfo;
        fetch(`http://127.0.0.1:${port}${path}`, { headers: { authorization: `Bearer ${secret}` } })
          .then(({ status }) => resolve(status), reject)
          .finally(() => http.close());
      });
    });
  expect(await scrape("/metrics", "")).toBe(200);
  expect(await scrape("/api/metrics", "/api")).toBe(200);
  expect(await scrape("/api/metrics", "")).toBe(404);
});

test.each(doors)("%s: metrics with a port of their own are not at the port of HTTP", async (_, ask) => {
  const metrics = createMetrics({ path: "/metrics", isOnHttpPort: false });
  const server = measured({ metrics });
  server.application.ready = true;
  for (const path of ["/metrics", "/mcp/metrics"]) {
    const { status } = await ask(server, options, { method: "GET", path });
    expect([path, status]).toEqual([path, expect.toBeOneOf([404, 405])]);
  }
});

test.each<readonly [text: string, problem: string]>([
  ["", "TOKEN is missing: the token that scrapers of the metrics send"],
  ...["x", "fifteen-letters", "sixteen letters and blanks", "a-line-and-another\n", "ein-l\u00e4ngeres-geheimnis"].map(
    (text) =>
      [text, "TOKEN: the token must have at least 16 characters, all of them visible ASCII characters"] as const,
  ),
])("a token that no scraper could send, or anybody could guess, prevents the start: %j", (text, problem) => {
  const metrics = createMetrics({ path: "/metrics", isOnHttpPort: true, token: { env: "TOKEN" } });
  const { surface, handlers: made } = serverWith(handlers);
  expect(metrics.start({ TOKEN: text }, new Set())).toEqual([problem]);
  expect(metrics.answer(defineServer(surface, made), `Bearer ${text}`).status).toBe(401);
});

test("metrics on a port of their own answer there alone, also under load", async () => {
  const log: [string, any][] = [];
  const { surface, handlers: made } = serverWith(handlers);
  const metrics = createMetrics({ path: "/metrics", isOnHttpPort: false });
  const server = defineServer(surface, made, () => ({
    metrics,
    logger: (_level, message, details) => void log.push([message, details]),
  }));
  const stop = await serveMetrics(server, { port: 0, host: "127.0.0.1", hasToken: false });
  const [[, { port }]] = log as [[string, { port: number }]];
  const url = `http://127.0.0.1:${port}/metrics`;
  const { request } = await converse(server, "2026-07-28");
  let last = 0;
  for (let round = 0; round < 20; round++) {
    const calls = Array.from({ length: 50 }, () => request("tools/call", { name: "add" }));
    const text = await (await fetch(url)).text();
    // A process for each scrape would take too long.
    expectValid(text, false);
    const count = valueOf(text, 'mcp_requests_total{method="tools/call",name="add",outcome="ok"}') ?? 0;
    expect(count).toBeGreaterThanOrEqual(last);
    last = count;
    await Promise.all(calls);
  }
  expect(await (await fetch(url)).text()).toContain('name="add",outcome="ok"} 1000');
  for (const [path, headers, method, status] of [
    ["/", {}, "GET", 404],
    ["/metrics", { origin: "http://example.com" }, "GET", 403],
    ["/metrics", {}, "POST", 405],
    ["/metrics", {}, "HEAD", 200],
  ] as const) {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers });
    expect([path, response.status]).toEqual([path, status]);
  }
  const taken = await serveMetrics(server, { port, host: "127.0.0.1", hasToken: false });
  expect(log.at(-1)).toEqual(["the metrics cannot be served", expect.objectContaining({ port })]);
  taken();
  // Port of the second of two workers, with 65535 for the first.
  const absent = await serveMetrics(server, { port: 65_536, host: "127.0.0.1", hasToken: false });
  expect(log.at(-1)).toEqual(["the metrics cannot be served", expect.objectContaining({ port: 65_536 })]);
  absent();
  // The server itself cannot have the port, either, and says why.
  await expect(listen(server, { ...options, port })).rejects.toThrow(
    `cannot listen on 127.0.0.1 port ${port}: the metrics of this server are there`,
  );
  stop();
});
