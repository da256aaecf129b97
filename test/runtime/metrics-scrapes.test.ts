import { once } from "node:events";
import { createServer, request, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { createMetrics } from "../../runtime/metrics/metrics.js";
import { createListener } from "../../runtime/node/http-listener.js";
import { listen } from "../../runtime/node/http-server.js";
import { serveMetrics } from "../../runtime/node/metrics-server.js";
import { defineServer } from "../../runtime/protocol/define-server.js";
import { converse } from "./conversation.js";
import { doors, options } from "./doors.js";
import { expectValid, handlers, measured, valueOf } from "./measured-server.js";
import { serverWith } from "./surface.js";

const secret = "s3cret-0123456789";

test.each(doors)("%s: scrapers have a token, and pages get nothing", async (_, ask) => {
  const server = measured({}, secret);
  server.application.ready = true;
  const scrape = async (headers: Record<string, string>, method = "GET"): Promise<number> =>
    (await ask(server, options, { method, path: "/metrics", headers })).status;
  expect(await scrape({})).toBe(401);
  for (const other of [secret.slice(1), secret.slice(0, -1), `${secret}x`])
    expect(await scrape({ authorization: `Bearer ${other}` })).toBe(401);
  expect(await scrape({ authorization: `Bearer ${secret.toUpperCase()}` })).toBe(401);
  expect(await scrape({ authorization: `Basic ${secret}` })).toBe(401);
  expect(await scrape({ authorization: `Bearer ${secret}`, origin: "http://localhost" })).toBe(403);
  expect(await scrape({ authorization: `Bearer ${secret}` }, "POST")).toBe(405);
  // The name of a scheme may be in any case.
  expect(await scrape({ authorization: `bearer ${secret}` })).toBe(200);
  const { status, headers, text } = await ask(server, options, {
    ...{ method: "GET", path: "/metrics", headers: { authorization: `Bearer ${secret}` } },
  });
  expect([status, headers["content-type"], headers["cache-control"]]).toEqual([
    ...[200, "text/plain; version=0.0.4; charset=utf-8", "no-store"],
  ]);
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
  const secrets = new Set<string>();
  expect(metrics.start({ TOKEN: text }, secrets)).toEqual([problem]);
  // The log must not show it, either.
  expect([...secrets]).toEqual(text === "" ? [] : [text]);
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
  const { request: ask } = await converse(server, "2026-07-28");
  let last = 0;
  for (let round = 0; round < 20; round++) {
    const calls = Array.from({ length: 50 }, () => ask("tools/call", { name: "add" }));
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
    // The domain of a page that resolves to this machine (DNS rebinding).
    ["/metrics", { host: `example.com:${port}` }, "GET", 403],
  ] as const) {
    const asked = request({ ...{ host: "127.0.0.1", port, path, method, headers } }).end();
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    response.resume();
    expect([path, response.statusCode]).toEqual([path, status]);
  }
  const taken = await serveMetrics(server, { port, host: "127.0.0.1", hasToken: false });
  expect(log.at(-1)).toEqual(["the metrics cannot be served", expect.objectContaining({ port })]);
  taken();
  expect(log.filter(([message]) => message.startsWith("any client"))).toEqual([]);
  // Each worker has the next port: the second one cannot have this one.
  vi.stubEnv("MCPC_WORKER", "2");
  const send = Object.getOwnPropertyDescriptor(process, "send");
  Object.defineProperty(process, "send", { configurable: true, value: () => true });
  onTestFinished(() => {
    vi.unstubAllEnvs();
    if (send === undefined) delete process.send;
    else Object.defineProperty(process, "send", send);
  });
  (await serveMetrics(server, { port: port - 1, host: "0.0.0.0", hasToken: false }))();
  expect(log.slice(-2)).toEqual([
    ["any client that reaches this address may read the metrics, which name tools", expect.anything()],
    ["the metrics cannot be served", expect.objectContaining({ port })],
  ]);
  vi.unstubAllEnvs();
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
