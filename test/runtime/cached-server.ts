import { createCache } from "../../runtime/cache/index.js";
import { defineServer } from "../../runtime/protocol/define-server.js";
import type { Server, Store } from "../../runtime/protocol/exchange.js";
import type { Fill, Reuse } from "../../runtime/protocol/surface.js";
import { serverWith } from "./surface.js";

export interface Setup {
  readonly tool?: (...all: any[]) => unknown;
  readonly resource?: (...all: any[]) => unknown;
  readonly reuse?: Partial<Reuse>;
  readonly output?: boolean;
  readonly valid?: (value: any) => boolean;
  readonly surface?: object;
  /** Fills in the defaults of the tool's arguments. */
  readonly fill?: Fill;
  readonly maxSize?: number;
  /** `false`: the same server without a cache. */
  readonly cached?: boolean;
  /** Shares the results with other servers. */
  readonly store?: Store;
}

/** A server whose tool `t`, resource `r://one` and resources `r://of/{id}` keep their results for a second. */
export function setup({
  tool = () => "x",
  resource = tool,
  reuse,
  output,
  valid,
  surface,
  fill,
  maxSize,
  cached,
  store,
}: Setup) {
  const cache = { ttlMs: 1000, maxEntries: 10, scope: "private", ...reuse } as const;
  let time = 0;
  let log = "";
  const made = serverWith({
    t: tool as never,
    other: ((input: any, c: any) => (c.cache.invalidate(...input.given), "done")) as never,
  });
  const validators = Object.assign(valid ?? (() => true), { errors: null });
  const server: Server = defineServer(
    {
      ...made.surface,
      tools: [{ name: "t", cache, ...surface }, { name: "other" }],
      resources: [{ uri: "r://one", cache, subscribe: true }],
      resourceTemplates: [{ uriTemplate: "r://of/{id}", variables: ["id"], cache }],
      toolValidators: async (name) => ({
        input: Object.assign(() => true, { errors: null }),
        ...(fill && { fill }),
        ...((output || valid) && name === "t" && { output: validators }),
      }),
    },
    {
      ...made.handlers,
      resources: new Map([["r://one", resource as never]]),
      resourceTemplates: new Map([["r://of/{id}", resource as never]]),
    },
    () => ({
      ...(cached !== false && {
        cache: createCache({ maxSize: maxSize ?? 1e6, now: () => time }),
      }),
      ...(store && { store }),
      logger: (_level, message, details) => (log += `${message} ${JSON.stringify(details)}\n`),
    }),
  );
  return { server, pass: (ms: number) => (time += ms), log: () => log };
}

/** A handler that waits to be told what to do, run by run. */
export function held() {
  const runs: { resolve: (value: unknown) => void; reject: (error: unknown) => void; context: any }[] = [];
  const tool = (_input: unknown, context: any) =>
    new Promise((resolve, reject) => void runs.push({ resolve, reject, context }));
  return { tool, runs };
}
