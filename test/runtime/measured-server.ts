import { execFileSync, spawnSync } from "node:child_process";
import { expect } from "vitest";
import { createCache } from "../../runtime/cache/index.js";
import { limitConcurrency } from "../../runtime/limits/concurrency.js";
import { createMetrics } from "../../runtime/metrics/metrics.js";
import { createProcessMetrics } from "../../runtime/node/process-metrics.js";
import { defineServer } from "../../runtime/protocol/define-server.js";
import { DeclaredError } from "../../runtime/protocol/errors.js";
import type { Server, ServerOptions } from "../../runtime/protocol/exchange.js";
import { serverWith } from "./surface.js";

/** Ends the calls of `held`, in their order. */
export const ends: (() => void)[] = [];
/** The time that the calls of `takes` take, in milliseconds. */
export const clock = { now: 0 };
export const handlers: Record<string, any> = {
  takes: ({ ms }: { ms: number }) => ((clock.now += ms), "done"),
  job: async () => "done",
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

/** A server of these handlers with metrics, at the port of HTTP; for scrapers with a token, if there is one. */
export function measured(more: ServerOptions = {}, token?: string): Server {
  const { surface, handlers: made } = serverWith(handlers);
  const tools = surface.tools.map((tool) => ({
    ...tool,
    ...(tool.name === "cached" && { cache: { ttlMs: 60_000, scope: "public" as const, maxEntries: 10 } }),
    ...(tool.name === "job" && { task: "optional" as const }),
  }));
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

export const exposed = (server: Server): string => server.options.metrics!.answer(server, undefined).body;

/** The value of a sample; the labels in the order of the text. */
export function valueOf(text: string, sample: string): number | undefined {
  const line = text.split("\n").find((line) => line.startsWith(`${sample} `));
  return line === undefined ? undefined : Number(line.slice(sample.length + 1));
}

const hasPromtool = spawnSync("promtool", ["--version"]).status === 0;
if (!hasPromtool) console.warn("promtool is not installed: the metrics are checked by our own reading alone");

/** Reads the text format by its grammar: every line is a comment of a metric, or a sample of the last one. */
export function expectValid(text: string, checks = hasPromtool): void {
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
