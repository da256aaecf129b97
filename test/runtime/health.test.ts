import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { createFetch } from "../../runtime/transports/http/fetch.js";
import { createHealth } from "../../runtime/health/health.js";
import { withOptions } from "../../runtime/protocol/define-server.js";
import type { Hooks } from "../../runtime/protocol/hooks.js";
import type { Server } from "../../runtime/protocol/exchange.js";
import { serverWith } from "./surface.js";

const http = { path: "/mcp", host: "127.0.0.1", port: 0, allowedOrigins: [], allowedHosts: [], sessions: false };
const options = { liveness: "/healthz", readiness: "/readyz", timeoutMs: 40, cacheMs: 0, version: "1.0.0" };

interface Probed {
  readonly server: Server;
  readonly log: string[];
  ask(path?: string, init?: RequestInit): Promise<{ readonly status: number; readonly body: any }>;
}

function probed(hooks: Hooks, more: Partial<typeof options> = {}): Probed {
  const log: string[] = [];
  const health = createHealth({ ...options, ...more }, hooks);
  const server = withOptions(
    serverWith({}, { log: (message, details) => log.push(`${message} ${details?.error ?? ""}`) }),
    { health, hooks },
  );
  const fetch = createFetch(server, http);
  return {
    server,
    log,
    ask: async (path = "/readyz", init = {}) => {
      const response = await fetch(new Request(`http://10.1.2.3:3000${path}`, init));
      const text = await response.text();
      return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
    },
  };
}

const duration = expect.any(Number);

test("alive is alive; ready without checks is ready; any host may ask", async () => {
  const { ask } = probed({});
  expect(await ask("/healthz")).toEqual({ status: 200, body: { status: "ok" } });
  expect(await ask("/readyz?verbose")).toEqual({ status: 200, body: { status: "ok", checks: {} } });
  expect((await ask("/mcp", { method: "POST" })).status).toBe(403);
});

test("checks run at once, see what onStart returned, and fail each in its way; why is for the log", async () => {
  const aborted: unknown[] = [];
  const { ask, log } = probed({
    onStart: () => ({ secret: "postgres://x" }),
    health: {
      good: async ({ state }) => state.secret === "postgres://x",
      quiet: () => undefined,
      thrown: () => {
        throw new Error("hunter2");
      },
      rejected: async () => Promise.reject("hunter3"),
      denied: async () => false,
      late: ({ signal }) => new Promise(() => signal.addEventListener("abort", () => aborted.push(signal.reason))),
      __proto__: () => true,
    },
  });
  expect(await ask()).toEqual({
    status: 503,
    body: {
      status: "failing",
      checks: {
        good: { status: "ok", durationMs: duration },
        quiet: { status: "ok", durationMs: duration },
        thrown: { status: "failed", durationMs: duration },
        rejected: { status: "failed", durationMs: duration },
        denied: { status: "failed", durationMs: duration },
        late: { status: "timeout", durationMs: duration },
      },
    },
  });
  expect(aborted).toEqual([new Error("timed out after 40 ms")]);
  expect(log.join("\n")).toMatch(/"thrown" failed Error: hunter2[^]*"rejected" failed thrown: hunter3/);
  await ask();
  expect(log).toHaveLength(4);
});

test("the log hears when a check begins to fail, and when it succeeds again", async () => {
  let fails = false;
  const { ask, log } = probed({ health: { database: () => !fails } });
  for (const next of [true, true, false, false]) {
    expect((await ask()).status).toBe(fails ? 503 : 200);
    fails = next;
  }
  await ask();
  expect(log.map((line) => line.trim())).toEqual([
    'the health check "database" failed',
    'the health check "database" succeeds again',
  ]);
});

test("what came of the checks stands for a while, and is made once for all who ask", async () => {
  let runs = 0;
  const count = (): void => void (runs += 1);
  const kept = probed({ health: { count } }, { cacheMs: 60_000 });
  await Promise.all([kept.ask(), kept.ask(), kept.ask("/healthz")]);
  await kept.ask();
  expect(runs).toBe(1);
  const fresh = probed({ health: { count: async () => (await setTimeout(5), count()) } });
  await Promise.all([fresh.ask(), fresh.ask(), fresh.ask()]);
  expect(runs).toBe(2);
  await fresh.ask();
  expect(runs).toBe(3);
});

test("not ready: while it starts, when it cannot start, while it stops; alive all the same", async () => {
  let go!: () => void;
  const slow = probed({ onStart: () => new Promise<void>((resolve) => (go = resolve)) });
  expect(await slow.ask()).toEqual({ status: 503, body: { status: "starting" } });
  expect((await slow.ask("/healthz")).status).toBe(200);
  go();
  expect((await slow.ask()).status).toBe(200);
  slow.server.application.draining = true;
  expect(await slow.ask()).toEqual({ status: 503, body: { status: "draining" } });
  const broken = probed({ onStart: () => Promise.reject(new Error("no database")) });
  expect(await broken.ask()).toEqual({ status: 503, body: { status: "starting" } });
  expect((await broken.ask("/healthz")).status).toBe(200);
});

test("HEAD is answered without a body, other methods and pages are refused", async () => {
  const { ask } = probed({ health: { bad: () => false } });
  expect(await ask("/healthz", { method: "HEAD" })).toEqual({ status: 200, body: undefined });
  expect(await ask("/readyz", { method: "HEAD" })).toEqual({ status: 503, body: undefined });
  expect((await ask("/healthz", { method: "POST" })).status).toBe(405);
  expect((await ask("/healthz", { headers: { origin: "http://evil.example" } })).status).toBe(403);
});
