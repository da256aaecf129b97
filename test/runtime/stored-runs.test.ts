import { describe, expect, test } from "vitest";
import { hasRedis } from "../e2e/redis.js";
import { until } from "./replicas.js";
import { opened, rest, sharedRedis, startServing, type Serving } from "./stored-replicas.js";

describe.skipIf(!hasRedis)("event streams of tools, with a store", () => {
  const shared = sharedRedis();
  const { replicas } = shared;

  const path = "/mcp/tools/held/sse";
  const run = (on: Serving, call: string, caller = "ada") =>
    opened((signal) => on.ask(caller, { method: "GET", path: `${path}?call=${call}`, signal }));
  const resume = (on: Serving, id: string, caller = "ada", at = path) =>
    on.ask(caller, { method: "GET", path: at, headers: { "last-event-id": id } });

  test("resume on any replica after each event, with the same ids, and once ended not again", async () => {
    const [a, b] = await replicas("a", "b");
    const stream = await run(a!, "x");
    const first = [await stream.next(), await stream.next()];
    a!.calls.get("x")!.progress(2);
    a!.calls.get("x")!.end("done");
    const all = [...first, ...(await rest(stream))].map((event) => event!);
    expect(all.length).toBe(4);
    expect(all.at(-1)!.data.content[0].text).toBe("done");
    for (const [index, { id }] of all.entries()) {
      const response = await resume(b!, id!);
      if (index === all.length - 1) expect(response.status).toBe(204);
      else expect(await rest(await opened(async () => response))).toEqual(all.slice(index + 1));
    }
  });

  test("are followed while they run", async () => {
    const [a, b] = await replicas("a", "b");
    const stream = await run(a!, "x");
    await stream.next();
    const { id } = (await stream.next())!;
    stream.hangUp();
    const second = await opened(async () => resume(b!, id!));
    a!.calls.get("x")!.progress(2);
    expect((await second.next())!.data.progress).toBe(2);
    a!.calls.get("x")!.end("done");
    expect((await rest(second)).map(({ data }) => data.content[0].text)).toEqual(["done"]);
  });

  test.each<[string, (on: Serving, id: string) => Promise<Response>]>([
    ["another caller", (on, id) => resume(on, id, "bob")],
    ["another tool", (on, id) => resume(on, id, "ada", "/mcp/tools/plain/sse")],
    ["an unknown id", (on, id) => resume(on, id.replace(/_\w/, "_x"))],
    ["an unknown replica", (on, id) => resume(on, `x${id}`)],
  ])("are not for %s", async (_who, ask) => {
    const [a, b] = await replicas("a", "b");
    const stream = await run(a!, "x");
    const { id } = (await stream.next())!;
    expect((await ask(b!, id!)).status).toBe(204);
    a!.calls.get("x")!.end("done");
  });

  test("end with an error once their replica is dead", async () => {
    const [a, b] = await replicas("a", "b");
    const stream = await run(a!, "x");
    const { id } = (await stream.next())!;
    const resumed = await opened(async () => resume(b!, id!));
    expect((await resumed.next())!.data.progress).toBe(1);
    a!.die();
    const [lost, ...more] = await rest(resumed);
    expect([lost!.data.message, more]).toEqual(["the result is no longer kept; run the tool again if safe", []]);
    expect((await resume(b!, lost!.id!)).status).toBe(204);
    stream.hangUp();
  });

  test("that are refused leave nothing behind, also once Redis is back", async () => {
    const entrance = { url: shared.redis.url, rate: { perMinute: 1, burst: 2 } };
    const a = await startServing(entrance, shared.prefix, "a");
    await shared.redis.kill();
    await until(() => !a.store.available, "the outage");
    const ask = (): Promise<Response> => a.ask("ada", { path: "/mcp/tools/plain/sse", body: {} });
    const statuses: number[] = [];
    try {
      for (let count = 0; count < 10; count += 1) statuses.push((await ask()).status);
    } finally {
      await shared.redis.restart();
      await until(() => a.store.available, "the return");
    }
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(6);
    const logs = async (): Promise<number> =>
      ((await shared.redis.ask("KEYS", `${shared.prefix}events:*`)) as string[]).length;
    await until(async () => (await logs()) === 10 - statuses.filter((status) => status === 429).length, "the logs");
  });
});
