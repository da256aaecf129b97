import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { result } from "../../runtime/index.js";
import { start, stop } from "../../runtime/protocol/application.js";
import { publish } from "../../runtime/protocol/changes.js";
import { createRedisStore, type RedisOptions } from "../../runtime/store/redis/store.js";
import { hasRedis, startRedis, type Redis } from "../e2e/redis.js";
import { held, setup, type Setup } from "./cached-server.js";
import { callerOf } from "./caller.js";
import { until } from "./replicas.js";

/** Starts servers that share a cache, each with the tools and resources of `setup`. */
async function replicasOf(url: string, count: number, options: Setup, redis: Partial<RedisOptions> = {}) {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const store = createRedisStore({ url, prefix: "test:", commandTimeoutMs: 5000, ...redis });
      const made = setup({ ...options, reuse: { ttlMs: 60_000, ...options.reuse }, store });
      await start(made.server, { env: {} });
      onTestFinished(() => stop(made.server));
      return { ...made, store, client: callerOf(made.server) };
    }),
  );
}

const textOf = (answer: any): string => answer.result.content[0].text;

describe.skipIf(!hasRedis)("a cache", () => {
  let redis: Redis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());
  beforeEach(() => redis.ask("FLUSHALL"));

  const keys = async (part: string): Promise<string[]> =>
    ((await redis.ask("KEYS", `test:cache:*:${part}*`)) as string[]).toSorted();

  test("gives a result of one replica on every other one", async () => {
    const tool = vi.fn(({ n }: { n: number }) => `result ${n}`);
    const replicas = await replicasOf(redis.url, 3, { tool });
    for (const { client } of replicas) expect(textOf(await client.call("t", { n: 1 }))).toBe("result 1");
    for (const { client } of replicas) expect(textOf(await client.call("t", { n: 2 }))).toBe("result 2");
    expect(tool).toHaveBeenCalledTimes(2);
  });

  test.each<[what: string, options: Setup]>([
    ["structured", { tool: () => ({ deep: [1, { a: "b" }] }), output: true }],
    ["content blocks", { tool: () => [{ type: "text", text: "x" }] }],
    ["composed", { tool: () => result("x", { content: "y", _meta: { a: 1 } }) }],
    ["composed and structured", { tool: () => result({ a: 1 }, { content: "y" }), output: true }],
  ])("gives the same %s result on every replica", async (_, options) => {
    const tool = vi.fn(options.tool!);
    const replicas = await replicasOf(redis.url, 2, { ...options, tool });
    const [first, second] = [await replicas[0]!.client.call("t"), await replicas[1]!.client.call("t")];
    expect(second.result).toEqual(first.result);
    expect(first.result.isError).toBeUndefined();
    expect(tool).toHaveBeenCalledTimes(1);
  });

  test("gives resources with the lifetime that is left", async () => {
    const resource = vi.fn(() => "text");
    const replicas = await replicasOf(redis.url, 2, { resource });
    const clients = replicas.map(({ server }) => callerOf(server, "2026-07-28"));
    for (const uri of ["r://one", "r://of/7"])
      for (const client of clients) {
        const { result: read } = await client.request("resources/read", { uri });
        expect(read.contents).toEqual([{ uri, text: "text" }]);
        expect(read.ttlMs > 0 && read.ttlMs <= 60_000).toBe(true);
      }
    expect(resource).toHaveBeenCalledTimes(2);
  });

  test("gives private results to their principal only", async () => {
    const tool = vi.fn((_input: unknown, { auth }: any) => String(auth.principal));
    const replicas = await replicasOf(redis.url, 2, { tool });
    for (const { server } of replicas)
      for (const who of ["ada", "bob", undefined])
        expect(textOf(await callerOf(server, "2025-11-25", {}, who).call("t"))).toBe(String(who));
    expect(tool).toHaveBeenCalledTimes(3);
    expect((await redis.ask("KEYS", "*ada*")) as string[]).toEqual([]);
  });

  test("lets equal calls on all replicas share one run", async () => {
    const { tool, runs } = held();
    const replicas = await replicasOf(redis.url, 3, { tool });
    const answers = replicas.flatMap(({ client }) => [client.call("t"), client.call("t")]);
    await until(() => runs.length > 0);
    await until(async () => {
      const [lock] = await keys("lock");
      return lock !== undefined && ((await redis.ask("PUBSUB", "NUMSUB", lock)) as unknown[])[1] === 2;
    }, "two waiting replicas");
    runs[0]!.resolve("shared");
    expect((await Promise.all(answers)).map(textOf)).toEqual(Array(6).fill("shared"));
    expect(runs).toHaveLength(1);
  });

  test("runs the handler elsewhere where the first run fails, or its replica dies", async () => {
    const { tool, runs } = held();
    const replicas = await replicasOf(redis.url, 2, { tool });
    const failing = replicas[0]!.client.call("t", { n: 1 });
    await until(() => runs.length === 1);
    const other = replicas[1]!.client.call("t", { n: 1 });
    runs[0]!.reject(new Error("no"));
    expect((await failing).result.isError).toBe(true);
    await until(() => runs.length === 2);
    runs[1]!.resolve("second");
    expect(textOf(await other)).toBe("second");
    // A lock without a replica expires.
    void replicas[0]!.client.call("t", { n: 2 });
    await until(() => runs.length === 3);
    const [lock] = await keys("lock");
    await redis.ask("PEXPIRE", lock!, "1");
    const alone = replicas[1]!.client.call("t", { n: 2 });
    await until(() => runs.length === 4);
    runs[3]!.resolve("third");
    expect(textOf(await alone)).toBe("third");
  });

  test.each<[what: string, invalidate: (replica: any) => Promise<unknown>, fresh: readonly string[]]>([
    ["all of a tool", ({ client }) => client.call("other", { given: ["t"] }), ["n1", "n2"]],
    ["some arguments of a tool", ({ client }) => client.call("other", { given: ["t", { n: 1 }] }), ["n1"]],
    ["a resource", ({ client }) => client.call("other", { given: ["r://one"] }), ["one"]],
    ["one of a template", ({ client }) => client.call("other", { given: ["r://of/7"] }), ["of7"]],
    ["a template", ({ client }) => client.call("other", { given: ["r://of/{id}"] }), ["of7", "of8"]],
    ["an updated resource", async ({ server }) => publish(server, { kind: "resource", uri: "r://one" }), ["one"]],
  ])("forgets %s everywhere", async (_, invalidate, fresh) => {
    const run = vi.fn(() => "x");
    const replicas = await replicasOf(redis.url, 3, { tool: run, resource: run });
    const readers: Readonly<Record<string, (replica: (typeof replicas)[number]) => Promise<unknown>>> = {
      n1: ({ client }) => client.call("t", { n: 1 }),
      n2: ({ client }) => client.call("t", { n: 2 }),
      one: ({ client }) => client.request("resources/read", { uri: "r://one" }),
      of7: ({ client }) => client.request("resources/read", { uri: "r://of/7" }),
      of8: ({ client }) => client.request("resources/read", { uri: "r://of/8" }),
    };
    for (const read of Object.values(readers)) for (const replica of replicas) await read(replica);
    expect(run).toHaveBeenCalledTimes(5);
    await invalidate(replicas[0]);
    const end = (await redis.ask("XREVRANGE", "test:changes", "+", "-", "COUNT", "1")) as [[string]];
    await until(() => replicas.every(({ store }) => store.changes.position === end[0][0]));
    for (const [name, read] of Object.entries(readers)) {
      run.mockClear();
      for (const replica of replicas) await read(replica);
      expect([name, run.mock.calls.length]).toEqual([name, fresh.includes(name) ? 1 : 0]);
    }
  });

  test("keeps results of versions apart, and forgets those of all", async () => {
    const runs: string[] = [];
    const replicas = await Promise.all(
      ["1", "2"].map(async (version) => {
        const tool = (): string => `version ${version}, run ${runs.push(version)}`;
        const [replica] = await replicasOf(redis.url, 1, { tool });
        Object.assign(replica!.server.surface, { server: { ...replica!.server.surface.server, version } });
        return replica!;
      }),
    );
    for (const { client } of replicas) await client.call("t");
    expect(runs).toEqual(["1", "2"]);
    await until(async () => (await keys("result")).length === 2);
    await replicas[0]!.client.call("other", { given: ["t"] });
    const [third] = await replicasOf(redis.url, 1, { tool: () => "new" });
    Object.assign(third!.server.surface, { server: replicas[1]!.server.surface.server });
    expect(textOf(await third!.client.call("t"))).toBe("new");
  });

  test("forgets for as long as a result lives that was kept before", async () => {
    const [long] = await replicasOf(redis.url, 1, { reuse: { ttlMs: 86_400_000 } });
    await long!.client.call("t");
    await until(async () => (await keys("result")).length === 1);
    const [short] = await replicasOf(redis.url, 1, { reuse: { ttlMs: 1000 } });
    await short!.client.call("t", { n: 1 });
    await until(async () => (await keys("result")).length === 2);
    await short!.client.call("other", { given: ["t"] });
    const [generations] = await keys("generations");
    expect(Number(await redis.ask("PTTL", generations!))).toBeGreaterThan(86_400_000);
  });

  test("keeps no result of a run that was stale before its end", async () => {
    const { tool, runs } = held();
    const replicas = await replicasOf(redis.url, 2, { tool });
    const answer = replicas[0]!.client.call("t");
    await until(() => runs.length === 1);
    await replicas[1]!.client.call("other", { given: ["t"] });
    runs[0]!.resolve("old");
    expect(textOf(await answer)).toBe("old");
    const next = replicas[1]!.client.call("t");
    await until(() => runs.length === 2);
    runs[1]!.resolve("new");
    expect(textOf(await next)).toBe("new");
  });

  test("is bounded: by number, by the length of a result, and by time", async () => {
    const tool = ({ n, length = 1 }: { n: number; length?: number }): string => `${n}`.repeat(length);
    const [replica] = await replicasOf(redis.url, 1, { tool, reuse: { maxEntries: 3 } });
    const kept = async (): Promise<number> => (await keys("result")).length;
    for (let n = 0; n < 6; n++) await replica!.client.call("t", { n });
    await until(async () => (await kept()) === 3);
    await replica!.client.call("t", { n: 7, length: 300_000 });
    await replica!.client.call("t", { n: 8 });
    await until(async () => (await keys("lock")).length === 0);
    expect(await kept()).toBe(3);
    for (const key of (await redis.ask("KEYS", "test:cache:*")) as string[])
      expect(Number(await redis.ask("PTTL", key))).toBeGreaterThan(0);
    const [sizes] = await keys("sizes");
    expect(await redis.ask("HGET", sizes!, "total")).toBe("9");
  });

  test("is bounded in the arguments that are invalidated: many make all results stale", async () => {
    const { tool, runs } = held();
    const [replica, other] = await replicasOf(redis.url, 2, { tool });
    const forget = async (from: number, to: number): Promise<void> => {
      const stale = { kind: "tool", name: "t" } as const;
      const all = Array.from({ length: to - from }, (_, index) => ({ ...stale, input: { n: from + index } }));
      while (all.length > 0) await replica!.store.invalidate(all.splice(0, 100));
    };
    const call = async (client: (typeof replica & {})["client"], text: string): Promise<string> => {
      const begun = runs.length;
      const answer = client.call("t", { n: -1 });
      void answer.then(() => {});
      await Promise.race([answer, until(() => runs.length > begun)]);
      runs[begun]?.resolve(text);
      return textOf(await answer);
    };
    await forget(0, 500);
    expect(await call(replica!.client, "old")).toBe("old");
    await until(async () => (await keys("result")).length === 1);
    await forget(500, 900);
    expect(await call(other!.client, "new")).toBe("old");
    const [generations] = await keys("generations");
    expect(await redis.ask("HLEN", generations!)).toBe(900);
    await forget(0, 500);
    expect(await redis.ask("HLEN", generations!)).toBe(900);
    // A run that has begun before is stale as well.
    const running = other!.client.call("t", { n: -2 });
    await until(() => runs.length === 2);
    await forget(900, 2500);
    expect(await redis.ask("HLEN", generations!)).toBeLessThan(1003);
    runs.at(-1)!.resolve("stale");
    expect(textOf(await running)).toBe("stale");
    const [third] = await replicasOf(redis.url, 1, { tool });
    for (const n of [-1, -2]) {
      const count = runs.length;
      const answer = third!.client.call("t", { n });
      await until(() => runs.length > count);
      runs[count]!.resolve("new");
      expect(textOf(await answer)).toBe("new");
    }
  });

  test.each<[what: string, write: (key: string) => readonly string[]]>([
    ["no JSON", (key) => ["HSET", key, "text", "{"]],
    ["a form without content", (key) => ["HSET", key, "text", '{"a":1}']],
    ["a composed form of nothing", (key) => ["HSET", key, "text", "+null"]],
    ["a wrong composed form", (key) => ["HSET", key, "text", '+{"value":1,"options":{"content":5}}']],
    ["no text", (key) => ["HDEL", key, "text"]],
    ["other generations", (key) => ["HSET", key, "generations", "x"]],
    ["another type", (key) => ["SET", key, "x"]],
  ])("takes a kept result with %s for an absent one", async (_, write) => {
    const tool = vi.fn(() => "good");
    const [first, second] = await replicasOf(redis.url, 2, { tool });
    await first!.client.call("t");
    await until(async () => (await keys("result")).length === 1);
    await redis.ask(...write((await keys("result"))[0]!));
    expect(textOf(await second!.client.call("t"))).toBe("good");
    expect(tool).toHaveBeenCalledTimes(2);
  });

  test("refuses a kept result that the schema of this replica refuses", async () => {
    const tool = vi.fn(() => ({ a: 1 }));
    const [first, second] = await replicasOf(redis.url, 2, { tool, valid: ({ a }) => a === 1 });
    await first!.client.call("t");
    await until(async () => (await keys("result")).length === 1);
    await redis.ask("HSET", (await keys("result"))[0]!, "text", '{"a":2}');
    expect((await second!.client.call("t")).result.structuredContent).toEqual({ a: 1 });
  });

  test("goes on without Redis, and invalidates when it is back", async () => {
    const own = await startRedis({ durable: true });
    onTestFinished(() => own.stop());
    let text = "old";
    const tool = vi.fn(() => text);
    const [first, second] = await replicasOf(own.url, 2, { tool });
    await first!.client.call("t");
    await until(async () => ((await own.ask("KEYS", "test:cache:*:result:*")) as string[]).length === 1);
    await own.kill();
    await until(() => !first!.store.available && !second!.store.available);
    expect(textOf(await first!.client.call("t"))).toBe("old");
    expect(textOf(await second!.client.call("t"))).toBe("old");
    expect(tool).toHaveBeenCalledTimes(2);
    text = "new";
    const invalidated = first!.client.call("other", { given: ["t"] });
    await until(async () => textOf(await first!.client.call("t")) === "new");
    await own.restart();
    expect((await invalidated).error).toBeUndefined();
    const [third] = await replicasOf(own.url, 1, { tool });
    expect(textOf(await third!.client.call("t"))).toBe("new");
    await until(async () => textOf(await second!.client.call("t")) === "new");
  });

  test.each(["tool", "resource"])(
    "forgets a result of a %s again that a Redis with an older state has",
    async (kind) => {
      const own = await startRedis();
      onTestFinished(() => own.stop());
      let text = "old";
      const options = { tool: () => text, resource: () => text };
      const [first, second] = await replicasOf(own.url, 2, options);
      const read = async ({ client }: typeof first & {}): Promise<string> =>
        kind === "tool" ? textOf(await client.call("t")) : (await client.read("r://one")).result.contents[0].text;
      expect(await read(first!)).toBe("old");
      await until(async () => ((await own.ask("KEYS", "test:cache:*:result:*")) as string[]).length === 1);
      await own.ask("SAVE");
      text = "new";
      await first!.client.call("other", { given: [kind === "tool" ? "t" : "r://one"] });
      for (const replica of [first!, second!]) await until(async () => (await read(replica)) === "new");
      await own.kill();
      await until(() => !first!.store.available && !second!.store.available);
      await own.restart();
      for (const replica of [first!, second!]) await until(async () => (await read(replica)) === "new");
      const [third] = await replicasOf(own.url, 1, options);
      await until(async () => (await read(third!)) === "new");
    },
  );

  test("is shared in a cluster", async () => {
    const cluster = await startRedis({ cluster: true });
    onTestFinished(() => cluster.stop());
    const tool = vi.fn(() => "x");
    const replicas = await replicasOf(cluster.url, 2, { tool }, { cluster: true });
    for (const { client } of replicas) expect(textOf(await client.call("t"))).toBe("x");
    await replicas[0]!.client.call("other", { given: ["t"] });
    await until(async () => (await replicas[1]!.client.call("t")) !== undefined && tool.mock.calls.length === 2);
  });
});
