import { describe, expect, test } from "vitest";
import { hasRedis } from "../e2e/redis.js";
import { until } from "./replicas.js";
import { opened, rest, sharedRedis, startServing, type Serving } from "./stored-replicas.js";

const held = (name: string) => ({
  ...{ id: name, method: "tools/call" },
  params: { name: "held", arguments: { call: name }, _meta: { progressToken: 1 } },
});

describe.skipIf(!hasRedis)("streams of requests in Redis", () => {
  const shared = sharedRedis();

  /** Calls a tool that reports its progress, and then answers with a text. */
  async function complete(on: Serving, headers: Record<string, string>, name: string, text: string): Promise<void> {
    const stream = await opened((signal) => on.post("ada", held(name), headers, signal));
    await until(() => on.calls.has(name));
    on.calls.get(name)!.end(text);
    on.calls.delete(name);
    await rest(stream);
  }

  test.each([
    ["short", "x", 600],
    ["long", "x".repeat(30_000), 100],
    ["foreign", "\u6f22".repeat(30_000), 100],
  ])("take no more memory of Redis than they are booked with: %s answers", async (_which, text, calls) => {
    const a = await startServing(shared.redis, shared.prefix, "a");
    const sessions = [await a.session("ada"), await a.session("ada")];
    const before = a.server.ledger.bytes;
    for (let count = 0; count < calls; count += 1) await complete(a, sessions[count % 2]!, `call ${count}`, text);
    const booked = a.server.ledger.bytes - before;
    expect(booked).toBeLessThan(4.1 * 1024 * 1024);
    // Each log is written in a few round trips, which all begin before the same number of these.
    for (let count = 0; count < 10; count += 1) await a.store.context.connection.send("", "PING");
    const logs = (await shared.redis.ask("KEYS", `${shared.prefix}events:*`)) as string[];
    const sizes = await Promise.all(logs.map(async (log) => Number(await shared.redis.ask("MEMORY", "USAGE", log))));
    const taken = sizes.reduce((sum, size) => sum + size, 0);
    expect(taken).toBeLessThan(1.1 * booked);
    expect(taken).toBeGreaterThan(0.25 * booked);
  });

  test("have one connection on another replica: the newest", async () => {
    const [a, b] = await shared.replicas("a", "b");
    const headers = await a!.session("ada");
    const stream = await opened((signal) => a!.post("ada", held("call"), headers, signal));
    await stream.next();
    const { id } = (await stream.next())!;
    stream.hangUp();
    const resumed = [];
    for (let count = 0; count < 5; count += 1)
      resumed.push(await opened((signal) => b!.get("ada", headers, id, signal)));
    for (const older of resumed.slice(0, -1)) expect((await rest(older)).map(({ data }) => data)).toEqual([undefined]);
    a!.calls.get("call")!.end("done");
    const [, answer] = await rest(resumed.at(-1)!);
    expect(answer!.data.result.content[0].text).toBe("done");
  });

  test("of a hundred calls at most are read at a time", async () => {
    const [a, b] = await shared.replicas("a", "b");
    const headers = await a!.session("ada");
    const stream = await opened((signal) => a!.post("ada", held("call"), headers, signal));
    await stream.next();
    const { id } = (await stream.next())!;
    const oldest = await opened((signal) => b!.get("ada", headers, id, signal));
    await oldest.next();
    for (let count = 0; count < 100; count += 1)
      (await opened((signal) => b!.get("ada", headers, id!.replace(/\.\d+-/, `.${count + 100}-`), signal))).hangUp;
    expect(await rest(oldest)).toEqual([]);
    a!.calls.get("call")!.end("done");
    stream.hangUp();
  });

  test.each([
    ["stream", (id: string) => id.replace(/\.\d+-/, ".99999999999999999999-")],
    ["event", (id: string) => id.replace(/-\d+/, "-99999999999999999999")],
  ])("take an id with the %s number 99999999999999999999 for none", async (_which, change) => {
    const [a, b] = await shared.replicas("a", "b");
    const headers = await a!.session("ada");
    const stream = await opened((signal) => a!.post("ada", held("call"), headers, signal));
    await stream.next();
    const id = change((await stream.next())!.id!);
    const other = await opened((signal) => b!.get("ada", headers, id, signal));
    expect((await other.next())!.id).toMatch(/^changes:/);
    other.hangUp();
    stream.hangUp();
  });
});
