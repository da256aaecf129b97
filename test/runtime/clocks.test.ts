import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createCache } from "../../runtime/cache/index.js";
import { createChecks } from "../../runtime/health/checks.js";
import { createRate } from "../../runtime/limits/rate.js";
import { onExpiry } from "../../runtime/protocol/auth.js";
import { defineServer } from "../../runtime/protocol/define-server.js";
import { callerOf } from "./caller.js";
import { serverWith } from "./surface.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const hour = 60 * 60_000;

/** Each begins something that lasts a minute; what it returns says whether that is over. */
const lives: Readonly<Record<string, () => () => unknown>> = {
  "a result that is kept": () => {
    let runs = 0;
    const made = serverWith({ t: () => String((runs += 1)) });
    const tools = [{ name: "t", cache: { ttlMs: 60_000, scope: "public" } as const }];
    const cache = createCache({ maxSize: 1000 });
    const server = defineServer({ ...made.surface, tools }, made.handlers, () => ({ cache, logger: () => {} }));
    const call = () => callerOf(server).call("t");
    void call();
    return async () => (await call()).result.content[0].text === "2";
  },
  "the report of a server's health": () => {
    let runs = 0;
    const checks = createChecks({ db: () => void (runs += 1) }, { timeoutMs: 1000, cacheMs: 60_000 });
    const report = () => checks.report({} as never, () => {});
    void report();
    return async () => (await report(), runs === 2);
  },
  "the turn of a caller who has come too often": () => {
    const refuse = createRate({ perMinute: 1, burst: 1 });
    const asked = { method: "tools/call", caller: "ada" };
    refuse(asked as never);
    return () => refuse(asked as never) === undefined;
  },
  "what was opened with credentials that expire": () => {
    let ended = false;
    onExpiry({ scopes: [], claims: {}, expiresAt: Date.now() + 60_000 }, () => (ended = true));
    return () => ended;
  },
};

test.each(Object.keys(lives))("%s lasts no longer when the clock is set back, and no shorter", async (name) => {
  const isOver = lives[name]!();
  await vi.advanceTimersByTimeAsync(1);
  vi.setSystemTime(Date.now() - hour);
  await vi.advanceTimersByTimeAsync(58_000);
  if (name !== "the turn of a caller who has come too often") expect(await isOver()).toBe(false);
  await vi.advanceTimersByTimeAsync(2000);
  expect(await isOver()).toBe(true);
});
