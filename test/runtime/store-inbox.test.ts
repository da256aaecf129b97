import { describe, expect, test } from "vitest";
import { hasRedis } from "../e2e/redis.js";
import { startReplica, until } from "./replicas.js";
import { opened, rest, sharedRedis, startServing, type Serving } from "./stored-replicas.js";

describe.skipIf(!hasRedis)("messages between replicas", () => {
  const shared = sharedRedis();
  const size = async (key: string): Promise<number> =>
    Number(await shared.redis.ask("MEMORY", "USAGE", key, "SAMPLES", "0"));
  const [text, long] = ["x".repeat(250_000), "x".repeat(1_000_000)];
  const answer = (id: unknown, said: string) => {
    return { id, result: { role: "assistant", model: "m", content: { type: "text", text: said } } };
  };

  /** A session of two replicas, of which the first one asks. */
  async function asking(on: Serving) {
    const response = await on.initialize("ada", "2025-11-25", { capabilities: { sampling: {} } });
    const headers = { "mcp-session-id": response.headers.get("mcp-session-id")! };
    const message = { id: "call", method: "tools/call", params: { name: "ask", arguments: {} } };
    const stream = await opened((signal) => on.post("ada", message, headers, signal));
    await stream.next();
    return { headers, stream, id: (await stream.next())!.data.id as string };
  }

  test("are removed once their replica has read them, whatever a caller sends", async () => {
    const [a, b] = await Promise.all([
      startServing(shared.redis, shared.prefix, "a"),
      startServing(shared.redis, shared.prefix, "b"),
    ]);
    const { headers, stream, id } = await asking(a!);
    for (let round = 0; round < 8; round += 1) {
      const made = Array.from({ length: 4 }, (_, index) => id.replace(/\d+$/, String(100 + 10 * round + index)));
      const sent = await Promise.all(made.map((one) => b!.post("ada", answer(one, text), headers)));
      expect(sent.map(({ status }) => status)).toEqual(sent.map(() => 202));
    }
    const [inbox] = (await shared.redis.ask("KEYS", `${shared.prefix}inbox:{${a!.store.replica}}`)) as string[];
    await until(async () => Number(await shared.redis.ask("XLEN", inbox!)) === 1, "the removal");
    expect(await size(inbox!)).toBeLessThan(400_000);
    expect(await shared.redis.ask("HVALS", `${inbox!}:sizes`)).toEqual([expect.any(String), expect.any(String)]);
    expect((await b!.post("ada", answer(id, "yes"), headers)).status).toBe(202);
    expect((await rest(stream)).at(-1)!.data.result.content[0].text).toBe("yes");
  });

  test("that nobody reads have 16 MB at most, 4 MB of one caller", async () => {
    const { context } = (await startReplica(shared.redis.url, { prefix: shared.prefix })).store;
    const sent = new Map<string, number>();
    for (const caller of ["ada", "bob", "ada", "eve", "joe", "sue", "ada"]) {
      for (;;) {
        const outcome = await context.replicas.send("away", { kind: "test", long }, caller).then(
          () => undefined,
          (error: unknown) => error,
        );
        if (outcome === undefined) sent.set(caller, (sent.get(caller) ?? 0) + 1);
        else expect(outcome).toMatchObject({ httpStatus: 503, message: expect.stringContaining("too many messages") });
        if (outcome !== undefined) break;
      }
    }
    expect(Object.fromEntries(sent)).toEqual({ ada: 4, bob: 4, eve: 4, joe: 4 });
    expect(await size(`${shared.prefix}inbox:{away}`)).toBeLessThan(18 * 1024 * 1024);
  });

  test.each([
    ["of all callers", "all"],
    ["of a caller", "caller ada"],
  ])("have room though the sizes %s are damaged, unless many are unread", async (_of, field) => {
    const [a, b] = await Promise.all([1, 2].map(() => startReplica(shared.redis.url, { prefix: shared.prefix })));
    const { replica, replicas } = b!.store.context;
    const seen: unknown[] = [];
    replicas.on("test", ({ number }) => seen.push(number));
    const send = (number: number, to = replica) => a!.store.context.replicas.send(to, { kind: "test", number }, "ada");
    const damage = (to = replica) =>
      shared.redis.ask("HSET", `${shared.prefix}inbox:{${to}}:sizes`, field, String(1e9));
    await send(0);
    const inbox = `${shared.prefix}inbox:{${replica}}`;
    await until(async () => seen.length === 1 && Number(await shared.redis.ask("XLEN", inbox)) === 1, "the removal");
    await damage();
    await send(1);
    await until(() => seen.length === 2, "the second message");
    await send(0, "away");
    await send(1, "away");
    await damage("away");
    await expect(send(2, "away")).rejects.toMatchObject({ httpStatus: 503 });
  });

  test("to all replicas that wait leave room for those of other callers", async () => {
    const { connection, replicas } = (await startReplica(shared.redis.url, { prefix: shared.prefix })).store.context;
    connection.run = () => new Promise(() => {});
    const refused: string[] = [];
    const send = (caller = ""): void =>
      void replicas.broadcast({ kind: "test" }, caller || undefined).catch(() => refused.push(caller));
    for (const [caller, count] of [
      ["ada", 1025],
      ["bob", 1025],
      ["", 2048],
      ["eve", 1],
      ["", 1],
    ] as const)
      for (let sent = 0; sent < count; sent += 1) send(caller);
    await until(() => refused.length >= 4);
    expect(refused).toEqual(["ada", "bob", "eve", ""]);
  });

  test("to all replicas have 16 MB at most, of which the oldest go first", async () => {
    const { context } = (await startReplica(shared.redis.url, { prefix: shared.prefix })).store;
    for (let count = 0; count < 24; count += 1) await context.replicas.broadcast({ kind: "test", long, count });
    const control = `${shared.prefix}control`;
    expect(await size(control)).toBeLessThan(18 * 1024 * 1024);
    expect(Number(await shared.redis.ask("XLEN", control))).toBeGreaterThan(14);
    const [[, fields]] = (await shared.redis.ask("XREVRANGE", control, "+", "-", "COUNT", "1")) as [[string, string[]]];
    expect(JSON.parse(fields[5]!)).toMatchObject({ count: 23 });
  });

  test.each([
    ["one replica", "inbox:{REPLICA}"],
    ["all replicas", "control"],
  ])("to %s arrive though their log has just expired", async (_to, log) => {
    const [a, b] = await Promise.all([1, 2].map(() => startReplica(shared.redis.url, { prefix: shared.prefix })));
    const { connection, replica, replicas } = b!.store.context;
    const seen: unknown[] = [];
    replicas.on("test", ({ number }) => seen.push(number));
    const key = shared.prefix + log.replace("REPLICA", replica);
    let sent = -1;
    const send = async (): Promise<void> => {
      if (sent === 3) return;
      const message = { kind: "test", number: (sent += 1) };
      await (log === "control" ? replicas.broadcast(message) : a!.store.context.replicas.send(replica, message));
    };
    await send();
    await until(() => seen.length === 1, "the first message");
    // Whatever the reader asks, a message comes just after the reply.
    const { send: ask, run } = connection;
    connection.send = async (at, ...command) => {
      const reply = await ask(at, ...command);
      if (at === key) await send();
      return reply;
    };
    connection.run = async (script, keys, values) => {
      const reply = await run(script, keys, values);
      // A writer waits for its own reply.
      if (keys[0] === key && !values.some((value) => value.includes("test"))) await send();
      return reply;
    };
    await shared.redis.ask("DEL", key);
    await until(() => seen.length >= 4, "the messages");
    expect(seen).toEqual([0, 1, 2, 3]);
  });

  test("to all replicas that a replica has missed are a loss for it alone", async () => {
    const [a, b] = await Promise.all([1, 2].map(() => startReplica(shared.redis.url, { prefix: shared.prefix })));
    const lost: string[] = [];
    for (const { store } of [a!, b!]) {
      const { replica, replicas } = store.context;
      replicas.on("loss", (_message, from) => lost.push(`${replica} of ${from}`));
    }
    await a!.store.context.replicas.broadcast({ kind: "test" });
    await shared.redis.ask("DEL", `${shared.prefix}control`);
    await a!.store.context.replicas.broadcast({ kind: "test" });
    await until(() => lost.length >= 2, "the losses");
    expect(lost.toSorted()).toEqual([a!, b!].map(({ store: { replica } }) => `${replica} of ${replica}`).toSorted());
  });

  test.each([
    ["an answer", (id: string) => answer(id, "x".repeat(262_144)), "262144 characters"],
    [
      "a cancellation",
      () => ({ method: "notifications/cancelled", params: { requestId: "x".repeat(1025) } }),
      "1024 characters",
    ],
  ])("refuse %s that is too long, and say how long one may be", async (_what, message, complaint) => {
    const [a, b] = await Promise.all([
      startServing(shared.redis, shared.prefix, "a"),
      startServing(shared.redis, shared.prefix, "b"),
    ]);
    const { headers, stream, id } = await asking(a!);
    const refused = await b!.post("ada", message(id), headers);
    expect(refused.status).toBe(400);
    expect(((await refused.json()) as any).error.message).toContain(complaint);
    stream.hangUp();
  });

  test("are refused with 503 while Redis is full, as their replica is not dead", { timeout: 60_000 }, async () => {
    const [a, b] = await Promise.all([
      startServing(shared.redis, shared.prefix, "a"),
      startServing(shared.redis, shared.prefix, "b"),
    ]);
    const { headers, stream, id } = await asking(a!);
    expect((await b!.post("ada", { id: 2, method: "ping" }, headers)).status).toBe(200);
    await shared.redis.ask("CONFIG", "SET", "maxmemory", "1");
    try {
      const refused = await b!.post("ada", answer(id, "yes"), headers);
      expect(refused.status).toBe(503);
      expect(((await refused.json()) as any).error.message).toContain("the store is away");
    } finally {
      await shared.redis.ask("CONFIG", "SET", "maxmemory", "0");
    }
    await until(async () => (await b!.post("ada", answer(id, "yes"), headers)).status === 202, "the room");
    expect((await rest(stream)).at(-1)!.data.result.content[0].text).toBe("yes");
  });
});
