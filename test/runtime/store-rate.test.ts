import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { createFetch } from "../../runtime/transports/http/fetch.js";
import { hasRedis, startRedis, type Redis } from "../e2e/redis.js";
import { converse } from "./conversation.js";
import { options as http } from "./doors.js";
import { startReplica, until, type Replica } from "./replicas.js";

const rate = { perMinute: 1, burst: 10 };

/** The number of calls that replicas admit, of `count` each, for a client at an address. */
async function admitted(replicas: readonly Replica[], count: number, remote = "192.0.2.1"): Promise<number> {
  const answers = await Promise.all(
    replicas.map(async ({ server }) => {
      const { request } = await converse(server, "2026-07-28", {}, { remote });
      return Promise.all(Array.from({ length: count }, () => request("tools/call", { name: "plain" })));
    }),
  );
  const refused = answers.flat().filter(({ error }) => error !== undefined);
  for (const { error } of refused) {
    expect(error.message).toMatch(/^more than 1 requests a minute; try again in \d+ s$/);
    expect(error.data.retryAfterMs).toBeGreaterThan(0);
  }
  return replicas.length * count - refused.length;
}

describe.skipIf(!hasRedis)("a rate limit", () => {
  let redis: Redis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());
  beforeEach(() => redis.ask("FLUSHALL"));

  const bucket = async (): Promise<string> => ((await redis.ask("KEYS", "test:rate:*")) as string[])[0]!;

  test("counts once for all replicas, for each caller", async () => {
    const replicas = await Promise.all([1, 2, 3].map(() => startReplica(redis.url, { rate })));
    expect(await admitted(replicas, 8)).toBe(10);
    expect(await admitted(replicas, 1)).toBe(0);
    expect(await admitted(replicas, 8, "198.51.100.7")).toBe(10);
    expect(await redis.ask("KEYS", "*192.0.2.1*")).toEqual([]);
    const lifetime = Number(await redis.ask("PTTL", await bucket()));
    expect(lifetime > 0 && lifetime <= 20 * 60_000 + 1000).toBe(true);
  });

  test("counts neither pings nor lists", async () => {
    const { server } = await startReplica(redis.url, { rate });
    const { request } = await converse(server, "2025-11-25");
    for (let count = 0; count < 20; count++) {
      expect((await request("ping")).error).toBeUndefined();
      expect((await request("tools/list")).error).toBeUndefined();
    }
  });

  test("counts what is opened on another replica, too", async () => {
    const [first, second] = await Promise.all([1, 2].map(() => startReplica(redis.url, { rate })));
    const open = async ({ server }: Replica): Promise<number> => {
      const method = "initialize";
      const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "t", version: "1" } };
      const response = await createFetch(
        server,
        http,
      )(
        new Request("http://localhost/mcp", {
          method: "POST",
          headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
          body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
        }),
      );
      return response.status;
    };
    const tokens = async (): Promise<number> => {
      const name = await bucket();
      return name === undefined ? NaN : Number(await redis.ask("HGET", name, "tokens"));
    };
    for (let count = 1; count <= 10; count++) {
      expect(await open(count % 2 === 0 ? first! : second!)).toBe(200);
      await until(async () => Math.abs((await tokens()) - (10 - count)) < 0.5, `${count} opened sessions`);
    }
    // The last known state of the first replica has no token left, that of the second one is one behind.
    expect(await open(first!)).toBe(429);
  });

  test("counts in each replica while Redis is away", async () => {
    const own = await startRedis();
    onTestFinished(() => own.stop());
    const replicas = await Promise.all([1, 2].map(() => startReplica(own.url, { rate })));
    expect(await admitted(replicas, 8)).toBe(10);
    await own.kill();
    await until(() => replicas.every(({ store }) => !store.available));
    expect(await admitted(replicas, 12)).toBe(20);
    await own.restart();
    await until(() => replicas.every(({ store }) => store.available));
    expect(await admitted(replicas, 8)).toBe(10);
  });

  test.each<[what: string, write: readonly string[], admits: number]>([
    ["no numbers", ["tokens", "x", "filled", "y"], 10],
    ["no number", ["tokens", "nan", "filled", "1"], 10],
    ["too many tokens", ["tokens", "1e300", "filled", "1"], 10],
    ["a time to come", ["tokens", "0", "filled", "9e300"], 10],
    ["infinitely few tokens", ["tokens", "-inf", "filled", "1"], 10],
    ["other fields", ["a", "b"], 10],
  ])("understands a bucket with %s as far as possible", async (_, write, admits) => {
    const replica = await startReplica(redis.url, { rate });
    expect(await admitted([replica], 1)).toBe(1);
    const name = await bucket();
    await redis.ask("DEL", name);
    await redis.ask("HSET", name, ...write);
    expect(await admitted([replica], 12)).toBe(admits);
  });

  test("counts in the replica where the bucket is something else", async () => {
    const replica = await startReplica(redis.url, { rate });
    expect(await admitted([replica], 1)).toBe(1);
    const name = await bucket();
    await redis.ask("DEL", name);
    await redis.ask("SET", name, "x");
    expect(await admitted([replica], 12)).toBe(10);
  });

  test("counts in a cluster", async () => {
    const cluster = await startRedis({ cluster: true });
    onTestFinished(() => cluster.stop());
    const replicas = await Promise.all([1, 2].map(() => startReplica(cluster.url, { rate, cluster: true })));
    expect(await admitted(replicas, 8)).toBe(10);
  });
});
