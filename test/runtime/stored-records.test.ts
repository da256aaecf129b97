import { describe, expect, onTestFinished, test, vi } from "vitest";
import { hasRedis } from "../e2e/redis.js";
import { loseReply, until } from "./replicas.js";
import { callOf, opened, sharedRedis, startServing, textOf, type Serving } from "./stored-replicas.js";

const plain = { id: 1, method: "tools/call", params: { name: "plain" } };
describe.skipIf(!hasRedis)("the record of a session in Redis", () => {
  const shared = sharedRedis({ durable: true });
  const { replicas } = shared;
  const session = (on: Serving, version = "2025-11-25") => on.session("ada", version);

  test("a session that has ended is not written again after a loss", async () => {
    const [a, b] = await replicas("a", "b");
    const headers = await session(a!);
    expect((await b!.post("ada", plain, headers)).status).toBe(200);
    expect((await a!.ask("ada", { method: "DELETE", headers })).status).toBe(200);
    await shared.redis.ask("DEL", `${shared.prefix}{replicas}:${b!.store.replica}`);
    const lost = async () =>
      JSON.stringify(await shared.redis.ask("XRANGE", `${shared.prefix}control`, "-", "+")).includes("loss");
    await until(lost, "the loss");
    await until(() => b!.server.ledger.count("session") === 0, "the end");
    expect((await b!.post("ada", plain, headers)).status).toBe(404);
  });

  test.each([
    ["no JSON", "x"],
    ["another form", "[]"],
    ["a client of another form", '{"client":7}'],
    ["an unknown revision", '{"caller":"x","owner":"x","protocolVersion":"2027-01-01"}'],
  ])("a record with %s counts as absent", async (_what, text) => {
    const [a, b] = await replicas("a", "b");
    const headers = await session(a!);
    const [key] = await shared.sessionKeys();
    await shared.redis.ask("HSET", key!, "client", text);
    expect((await b!.post("ada", plain, headers)).status).toBe(404);
  });

  test("a session whose other fields are garbage goes on without them", async () => {
    const [a, b] = await replicas("a", "b");
    const headers = await session(a!);
    const [key] = await shared.sessionKeys();
    await shared.redis.ask("HSET", key!, "level", "loud", "position", "x", "uri", "1", "other", "2");
    await shared.redis.ask(
      "XADD",
      `${shared.prefix}control`,
      "*",
      "o",
      "x",
      "n",
      "1",
      "d",
      '{"kind":"session","session":7}',
    );
    expect(await textOf(await b!.post("ada", plain, headers))).toBe("b");
    const stream = await opened((signal) => b!.get("ada", headers, undefined, signal));
    expect((await stream.next())!.id).toMatch(/^changes:\d+-\d+$/);
    stream.hangUp();
  });

  /** Lets a minute pass, after which the next use of a session extends its life. */
  const skipMinute = (): void => {
    const now = performance.now.bind(performance);
    const spy = vi.spyOn(performance, "now").mockImplementation(() => now() + 61_000);
    onTestFinished(() => spy.mockRestore());
  };

  describe("a session that has ended stays so", () => {
    test("on a replica that missed the end, once the session is used there", async () => {
      const [a, b] = await replicas("a", "b");
      const headers = await session(a!);
      expect((await b!.post("ada", plain, headers)).status).toBe(200);
      const { connection } = b!.store.context;
      const { send } = connection;
      const control = `${shared.prefix}control`;
      const cutOff = (key: string, ...args: string[]): Promise<unknown> =>
        key === control ? Promise.reject(new Error("cut off")) : send(key, ...args);
      Object.assign(connection, { send: cutOff });
      expect((await a!.ask("ada", { method: "DELETE", headers })).status).toBe(200);
      await shared.redis.ask("DEL", control);
      Object.assign(connection, { send });
      skipMinute();
      await until(async () => (await b!.post("ada", plain, headers)).status === 404, "the end");
      expect((await a!.post("ada", plain, headers)).status).toBe(404);
    });

    test("also if another replica extends its life at the same time", async () => {
      const [a, b] = await replicas("a", "b");
      const sessions = await Promise.all(Array.from({ length: 20 }, () => session(a!)));
      for (const headers of sessions) await b!.post("ada", plain, headers);
      skipMinute();
      const ended = sessions.flatMap((headers) => [
        b!.post("ada", plain, headers),
        a!.ask("ada", { method: "DELETE", headers }),
        b!.post("ada", plain, headers),
      ]);
      const statuses = (await Promise.all(ended)).filter((_, index) => index % 3 === 1).map(({ status }) => status);
      expect(new Set(statuses)).toEqual(new Set([200]));
      for (const headers of sessions) expect((await a!.post("ada", plain, headers)).status).toBe(404);
      for (const headers of sessions)
        await until(async () => (await b!.post("ada", plain, headers)).status === 404, "the end");
    });
  });

  test("what a batch asks for is known to other replicas", async () => {
    const [a, b] = await replicas("a", "b");
    const headers = await session(a!, "2025-03-26");
    const requests = [
      { id: 2, method: "resources/subscribe", params: { uri: "made://a" } },
      { id: 3, method: "logging/setLevel", params: { level: "debug" } },
    ];
    const body = requests.map((request) => ({ jsonrpc: "2.0", ...request }));
    expect((await a!.ask("ada", { body, headers })).status).toBe(200);
    const [key] = await shared.sessionKeys();
    expect(await shared.redis.ask("HKEYS", key!)).toEqual(expect.arrayContaining(["uri made://a", "level"]));
    expect((await b!.post("ada", callOf("log"), headers)).headers.get("content-type")).toBe("text/event-stream");
  });

  test("a change of a session that Redis has lost writes the session again", async () => {
    const [a, b] = await replicas("a", "b");
    const headers = await session(a!);
    const [key] = await shared.sessionKeys();
    await shared.redis.ask("DEL", key!);
    const level = { id: 2, method: "logging/setLevel", params: { level: "debug" } };
    expect((await a!.post("ada", level, headers)).status).toBe(200);
    expect((await b!.post("ada", callOf("log"), headers)).headers.get("content-type")).toBe("text/event-stream");
  });

  test("a replica that may have missed changes reads them", async () => {
    const [a, b] = await replicas("a", "b");
    const headers = await session(a!);
    expect((await b!.post("ada", plain, headers)).status).toBe(200);
    const [key] = await shared.sessionKeys();
    await shared.redis.ask("HSET", key!, "level", "debug", "uri made://a", "1", "changes", "2");
    await shared.redis.ask("DEL", `${shared.prefix}{replicas}:${b!.store.replica}`);
    await until(
      async () => (await b!.post("ada", callOf("log"), headers)).headers.get("content-type") === "text/event-stream",
      "the log level",
    );
    const stream = await opened((signal) => b!.get("ada", headers, undefined, signal));
    await stream.next();
    await b!.post("ada", callOf("touch", { uri: "made://a" }), headers);
    expect((await stream.next())!.data.params).toEqual({ uri: "made://a" });
    stream.hangUp();
  });

  test("a record of Redis that is older than what a replica knows is written again", async () => {
    const [a, b] = await replicas("a", "b");
    const headers = await session(a!);
    const [key] = await shared.sessionKeys();
    await shared.redis.ask("COPY", key!, `${key!}:old`);
    await a!.post("ada", { id: 2, method: "resources/subscribe", params: { uri: "made://a" } }, headers);
    await a!.post("ada", { id: 3, method: "logging/setLevel", params: { level: "debug" } }, headers);
    // As after a restart from an earlier copy of the data.
    await shared.redis.ask("COPY", `${key!}:old`, key!, "REPLACE");
    await shared.redis.ask("DEL", `${key!}:old`);
    await shared.redis.ask("DEL", `${shared.prefix}{replicas}:${a!.store.replica}`);
    const fields = async (): Promise<unknown> => shared.redis.ask("HKEYS", key!);
    await until(async () => ((await fields()) as string[]).includes("uri made://a"), "the subscription");
    expect((await b!.post("ada", callOf("log"), headers)).headers.get("content-type")).toBe("text/event-stream");
    expect((await a!.post("ada", callOf("log"), headers)).headers.get("content-type")).toBe("text/event-stream");
  });

  test("the end of a subscription that a session does not have is neither written nor passed on", async () => {
    const [a, b] = await replicas("a", "b");
    const headers = await session(a!);
    const unsubscribe = (on: Serving) =>
      on.post("ada", { id: 2, method: "resources/unsubscribe", params: { uri: "made://a" } }, headers);
    const [key] = await shared.sessionKeys();
    const control = async (): Promise<string> =>
      JSON.stringify(await shared.redis.ask("XRANGE", `${shared.prefix}control`, "-", "+"));
    const before = await shared.redis.ask("HGETALL", key!);
    for (const on of [a, b]) expect((await unsubscribe(on!)).status).toBe(200);
    expect(await shared.redis.ask("HGETALL", key!)).toEqual(before);
    expect(await control()).not.toContain("unsubscribe");
    // One that another replica has added is known at once.
    await b!.post("ada", { id: 3, method: "resources/subscribe", params: { uri: "made://a" } }, headers);
    expect((await unsubscribe(a!)).status).toBe(200);
    expect(await shared.redis.ask("HKEYS", key!)).not.toContain("uri made://a");
    expect(await control()).toContain("unsubscribe");
  });

  test.each<[what: string, lose: (on: Serving, key: string) => unknown]>([
    ["Redis has lost the session", (_on, key) => shared.redis.ask("DEL", key)],
    ["the reply of Redis to the first one is lost", (on) => loseReply(on, "{sessions}")],
  ])("the end of a subscription reaches other replicas, though %s", async (_what, lose) => {
    const [a, b] = await replicas("a", "b");
    const headers = await session(a!);
    const ask = (method: string) => a!.post("ada", { id: 2, method, params: { uri: "made://a" } }, headers);
    expect((await ask("resources/subscribe")).status).toBe(200);
    expect((await b!.post("ada", plain, headers)).status).toBe(200);
    const [key] = await shared.sessionKeys();
    await lose(a!, key!);
    await until(async () => (await ask("resources/unsubscribe")).status === 200, "the end");
    // The other replica has read that once it has read a later message.
    const read = new Promise<void>((resolve) => b!.store.context.replicas.on("test", () => resolve()));
    await a!.store.context.replicas.broadcast({ kind: "test" });
    await read;
    const stream = await opened((signal) => b!.get("ada", headers, undefined, signal));
    await stream.next();
    for (const name of ["touch", "reload"]) await b!.post("ada", callOf(name, { uri: "made://a" }), headers);
    expect((await stream.next())!.data.method).toBe("notifications/tools/list_changed");
    stream.hangUp();
  });

  test("a session whose stream is open lives on without requests", async () => {
    const sweeps: (() => void)[] = [];
    const { setTimeout } = globalThis;
    const spy = vi.spyOn(globalThis, "setTimeout").mockImplementation(((work: () => void, ms?: number, ...rest: []) => {
      if (ms === 60_000) sweeps.push(work);
      return setTimeout(work, ms, ...rest);
    }) as never);
    onTestFinished(() => spy.mockRestore());
    const [a] = await replicas("a");
    const headers = await session(a!);
    const stream = await opened((signal) => a!.get("ada", headers, undefined, signal));
    await stream.next();
    const [key] = await shared.sessionKeys();
    await shared.redis.ask("PEXPIRE", key!, "60000");
    skipMinute();
    for (const sweep of sweeps.splice(0)) sweep();
    await until(async () => Number(await shared.redis.ask("PTTL", key!)) > 60_000, "the extension");
    stream.hangUp();
  });

  test("sessions write some at a time after a loss, whose streams are open", async () => {
    const [a] = await replicas("a");
    const streams = await Promise.all(
      Array.from({ length: 100 }, async () => {
        const headers = await session(a!);
        return opened((signal) => a!.get("ada", headers, undefined, signal));
      }),
    );
    for (const { next } of streams) await next();
    const { sessions, context } = a!.store;
    const announced = new Set<string>();
    let [most, now] = [0, 0];
    const { change } = sessions;
    Object.assign(sessions, {
      change: async (...[of, event]: Parameters<typeof change>) => {
        most = Math.max(most, (now += 1));
        const state = await change(of, event);
        now -= 1;
        announced.add(of.name);
        return state;
      },
    });
    await context.replicas.broadcast({ kind: "loss" });
    await until(() => announced.size === streams.length, "the announcements");
    expect(most).toBeLessThanOrEqual(64);
    for (const { hangUp } of streams) hangUp();
  });

  test("a session without room on its replica is not written to Redis", async () => {
    const a = await startServing(shared.redis, shared.prefix, "a", { maxSessions: 1 });
    const headers = await session(a);
    const stream = await opened((signal) => a.get("ada", headers, undefined, signal));
    await stream.next();
    for (let count = 0; count < 3; count += 1) expect((await a.initialize("ada", "2025-11-25")).status).toBe(503);
    expect(await shared.sessionKeys()).toHaveLength(1);
    stream.hangUp();
  });

  test("a refused message leaves nothing behind, however large it is", async () => {
    const [a] = await replicas("a");
    await shared.redis.kill();
    await until(() => !a!.store.available, "the outage");
    const large = { ...plain, params: { ...plain.params, arguments: { x: "y".repeat(50_000) } } };
    const capabilities = { experimental: { x: "y".repeat(5000) } };
    try {
      for (let count = 0; count < 5; count += 1) {
        const used = { "mcp-session-id": crypto.randomUUID() };
        expect((await a!.post("ada", large, used)).status).toBe(503);
        expect((await a!.initialize("ada", "2025-11-25", { capabilities })).status).toBe(503);
      }
      await until(() => a!.server.ledger.bytes === 0, "the release of the messages");
      expect(a!.server.ledger.count()).toBe(0);
    } finally {
      await shared.redis.restart();
      await until(() => a!.store.available, "the return");
    }
  });
});
