import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { StateClaim, StoredSession } from "../../runtime/protocol/store.js";
import { createLedgerScript } from "../../runtime/store/redis/ledger.js";
import type { RedisStore } from "../../runtime/store/redis/store.js";
import { hasRedis } from "../e2e/redis.js";
import { startReplica } from "./replicas.js";
import { sharedRedis } from "./stored-replicas.js";

const record = (caller: string, text: string): StoredSession => ({
  ...{ caller, owner: "o", protocolVersion: "2025-11-25", capabilities: { text }, info: undefined },
  ...{ logLevel: undefined, subscriptions: [], position: "0-0", changes: 0 },
});

describe.skipIf(!hasRedis)("records of many callers in Redis", () => {
  const shared = sharedRedis();
  const storeWith = async (maxKeptBytes: number): Promise<RedisStore> => {
    const { server, store } = await startReplica(shared.redis.url, { prefix: shared.prefix });
    Object.assign(server.surface, { maxKeptBytes });
    return store;
  };
  const write = (store: RedisStore, caller: string, name: string, text = ""): Promise<void> =>
    store.sessions.write({ name: `${caller}-${name}`, caller }, record(caller, text));

  interface Books {
    readonly sizes: ReadonlyMap<string, number>;
    readonly weights: ReadonlyMap<string, number>;
  }

  /** Reads a ledger, and checks that its parts agree with each other and with the records. */
  async function books(tag: string, maxBytes: number): Promise<Books> {
    const key = (name: string): string => `${shared.prefix}{${tag}}:${name}`;
    const reply = (await shared.redis.ask("HGETALL", key("index"))) as Record<string, string> | string[];
    const pairs = Array.isArray(reply) ? reply : Object.entries(reply).flat();
    const fields = new Map(pairs.flatMap((name, at) => (at % 2 === 0 ? [[name, pairs[at + 1]!] as const] : [])));
    const total = Number(fields.get("bytes") ?? 0);
    fields.delete("bytes");
    const sizes = new Map<string, number>();
    const weights = new Map<string, number>();
    const names = new Map<string, string[]>();
    for (const [name, text] of fields) {
      const [, size, , caller] = JSON.parse(text) as [number, number, number, string];
      sizes.set(name, size);
      weights.set(caller, (weights.get(caller) ?? 0) + size);
      names.set(caller, [...(names.get(caller) ?? []), name]);
    }
    expect(total).toBe([...sizes.values()].reduce((sum, size) => sum + size, 0));
    expect(total).toBeLessThanOrEqual(maxBytes);
    for (const [caller, weight] of weights) {
      expect(Number(await shared.redis.ask("ZSCORE", key("callers"), caller))).toBe(weight);
      expect(Number(await shared.redis.ask("ZSCORE", key("counts"), caller))).toBe(names.get(caller)!.length);
      const listed = (await shared.redis.ask("ZRANGE", key(`of:${caller}`), "0", "-1")) as string[];
      expect(listed.toSorted()).toEqual(names.get(caller)!.toSorted());
    }
    for (const name of ["callers", "counts"]) expect(await shared.redis.ask("ZCARD", key(name))).toBe(weights.size);
    const expiring = (await shared.redis.ask("ZRANGE", key("expiry"), "0", "-1")) as string[];
    expect(expiring.toSorted()).toEqual([...sizes.keys()].toSorted());
    const keys = ((await shared.redis.ask("KEYS", key("*"))) as string[]).map((name) => name.slice(key("").length));
    expect(keys.filter((name) => sizes.has(name)).length).toBe(sizes.size);
    const others = keys.filter((name) => !sizes.has(name) && !name.startsWith("of:"));
    expect(others.filter((name) => !["index", "callers", "counts", "expiry"].includes(name))).toEqual([]);
    return { sizes, weights };
  }

  test("are accounted for whatever happens, and only the caller with more makes room for another one", async () => {
    const caller = fc.constantFrom("ada", "bob", "eve", "joe");
    const name = fc.integer({ min: 0, max: 5 }).map(String);
    const length = fc.integer({ min: 0, max: 9000 });
    const doing = fc.constantFrom("write", "write", "subscribe", "unsubscribe", "level", "extend", "end" as const);
    const step = fc.record({ caller, name, length, doing });
    const maxBytes = 40_000;
    const property = fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
      await shared.redis.ask("FLUSHALL");
      const { sessions } = await storeWith(maxBytes);
      let before: Books = { sizes: new Map(), weights: new Map() };
      for (const { caller, name, length, doing } of steps) {
        const key = { name: `${caller}-${name}`, caller };
        const uri = `made://${"u".repeat(length)}`;
        const work = (): Promise<unknown> =>
          doing === "write"
            ? sessions.write(key, record(caller, "x".repeat(length)))
            : doing === "extend"
              ? sessions.extend(key, `${length}-0`)
              : doing === "level"
                ? sessions.change(key, { type: "logLevel", level: "debug" })
                : sessions.change(key, doing === "end" ? { type: doing } : { type: doing, uri });
        const refusal = await work().then(
          () => undefined,
          (error: unknown) => error,
        );
        const after = await books("sessions", maxBytes);
        if (doing === "write") expect(refusal).toBeUndefined();
        else if (refusal !== undefined) {
          expect(refusal).toMatchObject({ httpStatus: 503, message: expect.stringContaining("there is no room") });
          const own = [...after.sizes.keys()].filter((other) => other.startsWith(caller));
          expect(own).toEqual([key.name]);
        }
        for (const gone of before.sizes.keys()) {
          const owner = gone.split("-")[0]!;
          if (!after.sizes.has(gone) && owner !== caller)
            expect(before.weights.get(owner)).toBeGreaterThanOrEqual(after.weights.get(caller) ?? 0);
        }
        before = after;
      }
    });
    await fc.assert(property, { numRuns: Number(process.env["MCPC_RUNS"] ?? 15), seed: 1, endOnFailure: true });
  });

  test.each([
    ["small", 0],
    ["large", 60_000],
  ])("of %s sessions take the memory of Redis that the limit allows", async (_size, length) => {
    const maxBytes = 8 * 1024 * 1024;
    await shared.redis.ask("FLUSHALL");
    const used = async (): Promise<number> =>
      Number(/used_memory_dataset:(\d+)/.exec(String(await shared.redis.ask("INFO", "memory")))![1]);
    const store = await storeWith(maxBytes);
    const begun = await used();
    // Three callers want more than twice of what there is.
    for (let round = 0; round < (length === 0 ? 60 : 2); round += 1)
      for (const caller of ["ada", "bob", "eve"])
        await Promise.all(
          Array.from({ length: 100 }, (_, index) => write(store, caller, `${round}-${index}`, "x".repeat(length))),
        );
    const { weights } = await books("sessions", maxBytes);
    for (const weight of weights.values()) expect(weight).toBeGreaterThan(0.3 * maxBytes);
    const taken = (await used()) - begun;
    expect(taken / maxBytes).toBeGreaterThan(0.5);
    expect(taken / maxBytes).toBeLessThan(1.25);
    // A newcomer finds room, and keeps it while the others go on.
    await write(store, "new", "a");
    await Promise.all(
      Array.from({ length: 200 }, (_, index) => write(store, "ada", `more-${index}`, "x".repeat(length))),
    );
    expect(await store.sessions.read("new-a")).toBeDefined();
  });

  test("lose the least recently used ones of the caller with the most", async () => {
    const store = await storeWith(10_000);
    /** Lets the clock of Redis go on, which counts milliseconds. */
    const later = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
    await write(store, "bob", "0");
    for (const name of ["0", "1", "2", "3", "4"]) {
      await write(store, "ada", name, "x".repeat(400));
      await later();
    }
    await store.sessions.extend({ name: "ada-0", caller: "ada" }, undefined);
    await write(store, "eve", "0", "x".repeat(400));
    const left = async (): Promise<string[]> =>
      [...(await books("sessions", 10_000)).sizes.keys()].filter((name) => name.startsWith("ada")).toSorted();
    expect(await left()).toEqual(["ada-0", "ada-2", "ada-3", "ada-4"]);
    await write(store, "ada", "5", "x".repeat(400));
    expect(await left()).toEqual(["ada-0", "ada-3", "ada-4", "ada-5"]);
  });

  /** Books a record of some bytes, of which there may be some. */
  const book = createLedgerScript(`
if not book(ARGV[1], tonumber(ARGV[2]), 1, "", 60000, tonumber(ARGV[3]), 1e9) then return {"full"} end
redis.call("SET", record, "x", "PX", 60000)
return evicted`);

  test("that are too many are those of the caller with most records, however small they are", async () => {
    const { connection, key } = (await storeWith(1e9)).context;
    const add = async (caller: string, name: string, bytes: number, most = 10): Promise<unknown> =>
      connection.run(book, [key("{made}", name), key("{made}", "index")], [caller, String(bytes), String(most)]);
    const own = [expect.stringMatching(/^(small|more)/), ""];
    await add("ada", "large", 1_000_000);
    for (let count = 1; count < 10; count += 1) expect(await add("eve", `small-${count}`, 100)).toEqual([]);
    expect(await add("eve", "more", 100)).toEqual(own);
    expect(await add("bob", "new", 100)).toEqual(own);
    await books("made", 1e9);
    // A record may go over to another caller.
    expect(await add("bob", "large", 50)).toEqual([]);
    expect([...(await books("made", 1e9)).weights.keys()].toSorted()).toEqual(["bob", "eve"]);
    // One step of Redis evicts a thousand at most.
    await Promise.all(Array.from({ length: 2500 }, (_, count) => add("joe", `many-${count}`, 10, 1e6)));
    expect(await add("new", "one", 10, 1)).toEqual(["full"]);
    expect((await books("made", 1e9)).sizes.size).toBe(1510);
    for (let turn = 0; turn < 2; turn += 1) await add("new", "one", 10, 1);
    expect([...(await books("made", 1e9)).sizes.keys()]).toEqual(["one"]);
  });

  type Damage = (key: (name: string) => string) => readonly (readonly string[])[];
  test.each<[what: string, damage: Damage]>([
    ...["index", "expiry", "callers", "counts", "of:ada"].map((name): [string, Damage] => [
      `a text at ${name}`,
      (key) => [["SET", key(name), "x"]],
    ]),
    ...["index", "expiry", "callers", "counts", "of:ada", "of:bob"].map((name): [string, Damage] => [
      `no ${name}`,
      (key) => [["DEL", key(name)]],
    ]),
    ...["garbage", "nan", "inf", "-1", "-1e18", "1e308", "9007199254740993"].map((bytes): [string, Damage] => [
      `${bytes} bytes`,
      (key) => [["HSET", key("index"), "bytes", bytes]],
    ]),
    ...["garbage", "[1]", "{}", "null", "[null,null,null,null,null]", "[".repeat(2000)].map(
      (text): [string, Damage] => [
        `entries such as ${text.slice(0, 30)}`,
        (key) => ["ada-0", "ada-1", "bob-0"].map((name) => ["HSET", key("index"), name, text]),
      ],
    ),
    ["a caller who holds 1e15", (key) => [["ZADD", key("callers"), "1e15", "eve"]]],
    ["a caller who holds infinitely much", (key) => [["ZADD", key("callers"), "inf", "eve"]]],
    ["a record that is none", (key) => [["SET", key("ada-1"), "x"]]],
  ])("with %s go on", async (_what, damage) => {
    await shared.redis.ask("FLUSHALL");
    const maxBytes = 12_000;
    const store = await storeWith(maxBytes);
    const text = "x".repeat(500);
    for (const name of ["0", "1", "2"]) for (const caller of ["ada", "bob"]) await write(store, caller, name, text);
    for (const command of damage((name) => `${shared.prefix}{sessions}:${name}`)) await shared.redis.ask(...command);
    for (let round = 0; round < 20; round += 1)
      for (const caller of ["ada", "bob", "joe"]) {
        await write(store, caller, String(round), text);
        expect(await store.sessions.read(`${caller}-${round}`)).toBeDefined();
      }
    for (const caller of ["ada", "bob"]) await store.sessions.change({ name: `${caller}-0`, caller }, { type: "end" });
    // What is not booked expires.
    for (const name of (await shared.redis.ask("KEYS", `${shared.prefix}*`)) as string[]) {
      expect(Number(await shared.redis.ask("PTTL", name))).toBeGreaterThan(0);
      const isUnbooked = async (): Promise<boolean> =>
        Number(await shared.redis.ask("HEXISTS", `${shared.prefix}{sessions}:index`, name.split(":").at(-1)!)) === 0;
      if (/}:\w+-\d+$/.test(name) && (await isUnbooked())) await shared.redis.ask("DEL", name);
    }
    await books("sessions", maxBytes);
  });

  test("of states are bounded, too: a running one is never taken from its caller, an answered one is", async () => {
    const { states } = await storeWith(7200);
    const claims = new Map<string, StateClaim>();
    const claim = async (caller: string, id: string): Promise<string> => {
      const outcome = await states.claim({ id: `${caller} ${id}`, caller, lifetimeMs: 60_000 });
      if (typeof outcome === "string") return outcome;
      claims.set(id, outcome);
      return "claimed";
    };
    for (let id = 0; id < 10; id += 1) expect(await claim("ada", String(id))).toBe("claimed");
    await expect(claim("ada", "more")).rejects.toMatchObject({
      httpStatus: 503,
      message: "too many calls go on in rounds; try again later",
    });
    for (const id of ["0", "1"]) await claims.get(id)!.end(true);
    await claims.get("2")!.end(false);
    expect(await claim("ada", "2")).toBe("claimed");
    expect(await claim("ada", "10")).toBe("claimed");
    await books("states", 7200);
    // The oldest answered one made room.
    expect(await claim("ada", "1")).toBe("answered");
    expect(await claim("ada", "3")).toBe("running");
    // Another caller takes the rest of what has been answered, then running ones of the caller with most.
    for (let id = 0; id < 4; id += 1) expect(await claim("bob", String(id))).toBe("claimed");
    expect((await books("states", 7200)).sizes.size).toBe(10);
  });
});
