import { onTestFinished } from "vitest";
import { createRate } from "../../runtime/limits/rate.js";
import { start, stop } from "../../runtime/protocol/application.js";
import type { Server } from "../../runtime/protocol/exchange.js";
import type { AnyToolHandler } from "../../runtime/protocol/surface.js";
import { storeAway } from "../../runtime/store/redis/connection.js";
import { createRedisStore, type RedisOptions, type RedisStore } from "../../runtime/store/redis/store.js";
import type { Redis } from "../e2e/redis.js";
import { serverWith } from "./surface.js";

/** One of several servers that share a Redis, in this process. */
export interface Replica {
  readonly server: Server;
  readonly store: RedisStore;
  /** Messages of the server's own log. */
  readonly log: readonly string[];
  stop(): Promise<void>;
}

export const notifying: Readonly<Record<string, AnyToolHandler>> = {
  touch: (({ uri }: { uri: string }, { notify }: any) => {
    notify.resourceUpdated(uri);
    return "touched";
  }) as never,
  touchLater: (async ({ uri }: { uri: string }, { notify }: any) => {
    await Promise.resolve();
    notify.resourceUpdated(uri);
    return "touched";
  }) as never,
  reload: ((_input: unknown, { notify }: any) => {
    notify.toolsChanged();
    return "reloaded";
  }) as never,
  plain: () => "plain",
};

/** Starts a replica, which the end of the test stops. */
export async function startReplica(
  url: string,
  options: Partial<RedisOptions> = {},
  more: Parameters<typeof serverWith>[1] = {},
  tools = notifying,
): Promise<Replica> {
  const store = createRedisStore({ url: { env: "URL" }, prefix: "test:", commandTimeoutMs: 5000, ...options });
  const admit = options.rate && createRate(options.rate);
  const log: string[] = [];
  const server = serverWith(tools, {
    resources: { "made://a": () => "a", "made://b": () => "b" },
    log: (message, details) => log.push(`${message} ${JSON.stringify(details ?? {})}`),
    ...more,
    store,
    ...(admit && { admit }),
  });
  await start(server, { env: { URL: url } });
  let stopping: Promise<void> | undefined;
  const replica = { server, store, log, stop: () => (stopping ??= stop(server)) };
  onTestFinished(replica.stop);
  return replica;
}

/**
 * Loses the reply of Redis to the next script of a replica whose key has a text, as a connection does that breaks in
 * between.
 */
export function loseReply({ store }: Pick<Replica, "store">, text = ""): void {
  const { connection } = store.context;
  const { run } = connection;
  connection.run = async (script, keys, args) => {
    if (!keys[0].includes(text)) return run(script, keys, args);
    connection.run = run;
    await run(script, keys, args);
    throw storeAway("the reply is lost");
  };
}

/** Returns the number of changes of resources in a Redis. */
export async function changesIn(redis: Redis): Promise<number> {
  return JSON.stringify(await redis.ask("XRANGE", "test:changes", "-", "+")).split("made://").length - 1;
}

/** Waits until a condition holds. */
export async function until(holds: () => boolean | Promise<boolean>, what = "the condition"): Promise<void> {
  const end = performance.now() + 30_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`${what} does not come true`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
