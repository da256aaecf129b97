import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { createHealth } from "../../runtime/health/health.js";
import { start } from "../../runtime/protocol/application.js";
import type { StateClaim } from "../../runtime/protocol/store.js";
import { parseAddress } from "../../runtime/store/redis/address.js";
import { createScript } from "../../runtime/store/redis/connection.js";
import { createRedisStore } from "../../runtime/store/redis/store.js";
import { hasRedis, startRedis, startSentinel, type Redis, type RedisSetup } from "../e2e/redis.js";
import { converse } from "./conversation.js";
import { changesIn, startReplica, until } from "./replicas.js";
import { serverWith } from "./surface.js";

const [a, b] = [
  { host: "a", port: 6379 },
  { host: "b", port: 7000 },
];
test.each<[text: string, address: object | RegExp]>([
  ["redis://a", { nodes: [a], tls: false }],
  ["rediss://a", { nodes: [a], tls: true }],
  ["redis://a,b:7000", { nodes: [a, b], tls: false }],
  ["redis://a,redis://b:7000", { nodes: [a, b], tls: false }],
  ["redis://[::1]:7000", { nodes: [{ host: "::1", port: 7000 }], tls: false }],
  ["redis://user:p%40ss%2C@a/2", { nodes: [a], tls: false, username: "user", password: "p@ss,", database: 2 }],
  ["redis://:pw@a,b:7000/1", { nodes: [a, b], tls: false, password: "pw", database: 1 }],
  ["redis://", /must begin with/],
  ["redis://a,", /host or a port/],
  ["redis://a:port", /host or a port/],
  ["redis://a:70000", /host or a port/],
  ["redis://a/x", /the database must be/],
  ["redis://a/1,b/2", /the database must be/],
  ["redis://a,rediss://b", /same scheme/],
  ["redis://a?db=1", /end after the database/],
  ["redis://a#b", /end after the database/],
  ["redis://%ff:x@a", /percent sign/],
  ["redis://:50%@a", /percent sign/],
  ["http://a", /must begin with/],
  ["a:6379", /must begin with/],
  ["", /must begin with/],
])("the address %s", (text, address) => {
  if (address instanceof RegExp) expect(parseAddress(text)).toMatch(address);
  else expect(parseAddress(text)).toEqual(address);
});

const refusals: readonly (readonly [what: string, options: object, env: object, problem: string])[] = [
  ["no variable", { url: { env: "REDIS_URL" } }, {}, "REDIS_URL is not set"],
  ["no URL", { url: { env: "REDIS_URL" } }, { REDIS_URL: "hunter2@redis" }, "REDIS_URL is no URL of Redis"],
  [
    "no password",
    { url: "redis://a", sentinel: { name: "m", password: { env: "PASSWORD" } } },
    {},
    "PASSWORD is not set",
  ],
  [
    "a database in a cluster",
    { url: { env: "REDIS_URL" }, cluster: true },
    { REDIS_URL: "redis://:hunter2@a/1" },
    "database 0",
  ],
  [
    "several hosts that belong to nothing",
    { url: { env: "REDIS_URL" } },
    { REDIS_URL: "redis://:hunter2@a,b" },
    "REDIS_URL has several hosts",
  ],
];
test.each(refusals)("the start reports %s, without a value", async (_, options, env, problem) => {
  const store = createRedisStore({ url: "redis://a", prefix: "t:", commandTimeoutMs: 100, ...options });
  const failure = await start(serverWith({}, { store }), { env: env as Record<string, string> }).catch(
    (error) => error,
  );
  expect(failure.message).toContain(problem);
  expect(failure.message).not.toContain("hunter2");
});

/** Starts a Redis that ends with the test. */
async function redisOf(setup?: RedisSetup): Promise<Redis> {
  const redis = await startRedis(setup);
  onTestFinished(() => redis.stop());
  return redis;
}

const touch = { name: "touch", arguments: { uri: "made://a" } };

/** Expects that a change on the first replica reaches a subscriber of the second one. */
async function expectChange(url: string, options: object = {}): Promise<void> {
  const [first, second] = await Promise.all([startReplica(url, options), startReplica(url, options)]);
  const client = await converse(second.server, "2026-07-28");
  void client.request("subscriptions/listen", { notifications: { resourceSubscriptions: ["made://a"] } });
  await client.next();
  const caller = await converse(first.server, "2026-07-28");
  expect((await caller.request("tools/call", touch)).error).toBeUndefined();
  expect(await client.next()).toMatchObject({ method: "notifications/resources/updated" });
}

describe.skipIf(!hasRedis)("a connection", () => {
  test("reaches a cluster", async () => {
    const redis = await redisOf({ cluster: true });
    await expectChange(redis.url, { cluster: true });
  });

  test("reaches a node with TLS, whose certificate it checks", async () => {
    const folder = mkdtempSync(join(tmpdir(), "mcpc-tls-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
    const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
    const made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out", cert];
    execFileSync("openssl", [...made, ...subject], { stdio: "pipe" });
    const redis = await redisOf({ tls: { cert, key } });
    await expectChange(redis.url, { ca: readFileSync(cert, "utf8") });
    const { store, log } = await startReplica(redis.url);
    expect(store.available).toBe(false);
    expect(log).toEqual([expect.stringContaining("self-signed certificate")]);
  });

  test("follows the master that Sentinel names, and its failover", async () => {
    const master = await redisOf();
    const copy = await redisOf({ copies: master.port });
    const sentinel = await startSentinel("main", master.port);
    onTestFinished(() => sentinel.stop());
    const url = `redis://127.0.0.1:${sentinel.port}`;
    await until(
      async () => String(await copy.ask("INFO", "replication")).includes("master_link_status:up"),
      "the copy",
    );
    await until(async () => ((await sentinel.ask("SENTINEL", "REPLICAS", "main")) as unknown[]).length > 0, "sentinel");
    const { store, server } = await startReplica(url, { sentinel: { name: "main" } });
    expect(store.available).toBe(true);
    await master.kill();
    await until(() => !store.available, "the failure");
    await until(() => store.available, "the failover");
    const caller = await converse(server, "2026-07-28");
    expect((await caller.request("tools/call", touch)).error).toBeUndefined();
    expect(await changesIn(copy)).toBe(1);
  });

  test("needs no more than the documented permissions", async () => {
    const redis = await redisOf();
    const guide = readFileSync(join(import.meta.dirname, "..", "..", "docs", "replicas.md"), "utf8");
    const commands = /the commands `([^`]+)`/.exec(guide)![1]!.split(" ");
    await redis.ask("ACL", "SETUSER", "app", "on", ">pw", "~test:*", "&test:*", ...commands);
    // A bucket that is full again is gone.
    const rate = { perMinute: 1, burst: 10 };
    const { store, server, log } = await startReplica(redis.url.replace("//", "//app:pw@"), { rate });
    const caller = await converse(server, "2026-07-28");
    for (const name of ["touch", "plain"])
      expect((await caller.request("tools/call", { ...touch, name })).error).toBeUndefined();
    const claim = await store.states.claim({ id: "id", caller: "ada", lifetimeMs: 1000 });
    await (claim as StateClaim).end(false);
    const found = await store.results!.find({ kind: "tool", name: "t", input: "{}", ttlMs: 1000 });
    expect(found).toHaveProperty("end");
    expect(await changesIn(redis)).toBe(1);
    expect((await redis.ask("KEYS", "test:rate:*")) as string[]).toHaveLength(1);
    expect((await redis.ask("ACL", "LOG")) as unknown[]).toEqual([]);
    expect(log).toEqual([]);
  });

  test("logs no password, neither a right nor a wrong one", async () => {
    const redis = await redisOf({ password: "hunter2" });
    await expectChange(redis.url);
    const wrong = await startReplica(redis.url.replace("hunter2", "hunter3"));
    expect(wrong.store.available).toBe(false);
    expect(wrong.log).toEqual([expect.stringMatching(/WRONGPASS.*; check the user and the password/)]);
    expect(wrong.log.join()).not.toContain("hunter3");
    expect(wrong.server.secrets.has("hunter3")).toBe(true);
    const plain = await startReplica(redis.url.replace("redis:", "rediss:"), { commandTimeoutMs: 200 });
    expect(plain.log).toEqual([expect.stringContaining("; check whether it speaks TLS")]);
    expect(plain.log.join()).not.toContain("hunter2");
  });

  test("waits for no Redis at the start, and finds one later", async () => {
    const redis = await redisOf();
    await redis.kill();
    const lines: string[] = [];
    const log = (message: string, _details: unknown, level: string) => lines.push(`${level}: ${message}`);
    const { store, server } = await startReplica(redis.url, {}, { log });
    expect(store.available).toBe(false);
    const caller = await converse(server, "2026-07-28");
    expect((await caller.request("tools/call", { name: "plain" })).result).toMatchObject({
      content: [{ text: "plain" }],
    });
    const options = { liveness: "/live", readiness: "/ready", timeoutMs: 1000, cacheMs: 0, version: "1" };
    const probe = createHealth(options).at("/ready")!;
    expect(await probe(server)).toEqual({ status: 200, body: '{"status":"ok","checks":{},"store":"away"}' });
    await redis.restart();
    await until(() => store.available);
    expect(await probe(server)).toEqual({ status: 200, body: '{"status":"ok","checks":{},"store":"ok"}' });
    expect((await caller.request("tools/call", touch)).error).toBeUndefined();
    expect(lines.map((line) => line.replace(/;.*/, ""))).toEqual([
      "warning: the store is away",
      "warning: the store is back",
    ]);
  });

  test("gives up a Redis that does not answer, until it does", async () => {
    const redis = await redisOf();
    const { store } = await startReplica(redis.url, { commandTimeoutMs: 200 });
    redis.pause();
    const began = performance.now();
    const command = store.context.connection.send("test:x", "GET", "test:x");
    await expect(command).rejects.toThrow(/the store (does not answer|is away); try again in a moment/);
    expect(performance.now() - began).toBeLessThan(5000);
    await until(() => !store.available);
    redis.resume();
    await until(() => store.available);
    expect(await store.context.connection.send("test:x", "GET", "test:x")).toBeNull();
  });
});

const end = { type: "end" } as const;

/** How a Redis stops taking writes though it answers, how it takes them again, and the reason that the log has. */
const refusing: readonly (readonly [what: string, refuse: string[], accept: string[], reason: string])[] = [
  ["its memory is full", ["CONFIG", "SET", "maxmemory", "1"], ["CONFIG", "SET", "maxmemory", "0"], "OOM"],
  ["it is the copy of another one", ["REPLICAOF", "127.0.0.1", "1"], ["REPLICAOF", "NO", "ONE"], "READONLY"],
  [
    "it has too few copies",
    ["CONFIG", "SET", "min-replicas-to-write", "1"],
    ["CONFIG", "SET", "min-replicas-to-write", "0"],
    "NOREPLICAS",
  ],
  ["the user may not write", ["ACL", "SETUSER", "app", "-@write"], ["ACL", "SETUSER", "app", "+@write"], "NOPERM"],
];

describe.skipIf(!hasRedis)("a Redis that answers", () => {
  test.each(refusing)("counts as away while %s, and no replica as dead", async (_, refuse, accept, reason) => {
    const redis = await redisOf();
    await redis.ask("ACL", "SETUSER", "app", "on", ">pw", "~*", "&*", "+@all");
    const url = redis.url.replace("//", "//app:pw@");
    const [first, second] = await Promise.all([startReplica(url), startReplica(url)]);
    await redis.ask(...refuse);
    await until(() => !first.store.available && !second.store.available);
    const caller = await converse(first.server, "2026-07-28");
    expect((await caller.request("tools/call", { name: "plain" })).error).toBeUndefined();
    await expect(first.store.context.connection.send("x", "GET", "x")).rejects.toThrow(/^the store is away; try again/);
    // An outage longer than the lifetime of heartbeats.
    const keys = [first, second].map(({ store }) => `test:{replicas}:${store.replica}`);
    await until(async () => Number(await redis.ask("EXISTS", ...keys)) === 0, "the end of the heartbeats");
    await redis.ask(...accept);
    await until(() => first.store.available);
    expect(await first.store.context.replicas.isAlive(second.store.replica)).toBe(true);
    await until(() => second.store.available);
    expect(await redis.ask("EXISTS", ...keys)).toBe(2);
    expect((await caller.request("tools/call", touch)).error).toBeUndefined();
    await redis.ask("PERSIST", keys[0]!);
    await until(async () => Number(await redis.ask("PTTL", keys[0]!)) > 0, "the next heartbeat");
    expect(first.log).toEqual([expect.stringContaining(reason), "the store is back {}"]);
  });

  test.each<[what: string, prepare: readonly string[], reason: RegExp]>([
    ["scripts are not permitted", ["-@scripting"], /NOPERM/],
    ["the time is not permitted", ["-time"], /can't run this command|no permissions to run the 'time' command/],
    [
      "a command of a script is not permitted",
      ["-zadd"],
      /can't run this command|no permissions to run the 'zadd' command/,
    ],
    ["other keys are permitted alone", ["resetkeys", "~test:{replicas}:*", "~test:inbox:*"], /NOPERM.*"key":"test:/],
  ])("but not to some commands, answers those with 503, and the log says so: %s", async (_what, rights, reason) => {
    const redis = await redisOf();
    await redis.ask("ACL", "SETUSER", "app", "on", ">pw", "~*", "&*", "+@all", ...rights);
    const { store, log } = await startReplica(redis.url.replace("//", "//app:pw@"));
    const claims = await Promise.allSettled(
      ["a", "b"].map((id) => store.states.claim({ id, caller: "ada", lifetimeMs: 1000 })),
    );
    for (const claim of claims) expect(claim).toMatchObject({ status: "rejected", reason: { httpStatus: 503 } });
    await until(() => log.length > 0);
    expect(store.available).toBe(true);
    expect(log).toEqual([expect.stringMatching(/^the store refuses commands; /)]);
    expect(log[0]).toMatch(reason);
  });

  test.each([
    "ERR The user executing the script can't run this command or subcommand script",
    "ERR ERR ACL failure in script: User app has no permissions to run the 'zadd' command script",
  ])("but forbids a script, in the words of its version, refuses with 503: %s", async (words) => {
    const { store } = await startReplica((await redisOf()).url);
    const script = createScript("return redis.error_reply(ARGV[1])");
    const { connection } = store.context;
    await expect(connection.run(script, ["test:x"], [words])).rejects.toMatchObject({ httpStatus: 503 });
    const other = connection.run(script, ["test:x"], ["ERR unknown command"]);
    await expect(other).rejects.toThrow("unknown command");
  });

  test.each(["changes", "control"])("but not to %s, which has a value of another program, says so", async (name) => {
    const redis = await redisOf();
    const { store, log } = await startReplica(redis.url);
    await redis.ask("SET", `test:${name}`, "x");
    const { sessions, publish } = store;
    const change = name === "changes" ? publish({ kind: "tools" }) : sessions.change({ name: "n", caller: "c" }, end);
    change.catch(() => {});
    await until(() => log.length > 0);
    expect(log).toEqual([expect.stringContaining(`"key":"test:${name}"`)]);
    expect(log[0]).toContain("WRONGTYPE");
    await redis.ask("DEL", `test:${name}`);
    await change;
  });

  test("counts as away while a heartbeat is a value of another program, and the log names its key", async () => {
    const redis = await redisOf();
    const { store, log } = await startReplica(redis.url);
    const key = `test:{replicas}:${store.replica}`;
    await redis.ask("EVAL", 'redis.call("DEL", KEYS[1]) redis.call("RPUSH", KEYS[1], "x")', "1", key);
    await until(() => !store.available);
    await redis.ask("DEL", key);
    await until(() => store.available);
    expect(log).toEqual([expect.stringMatching(/WRONGTYPE.*"key":"test:\{replicas\}:/), "the store is back {}"]);
  });

  test("at the address of a failed one is found, though the failed one still answers", async () => {
    const [former, next] = [await redisOf(), await redisOf()];
    let port = former.port;
    const address = createServer((socket) => {
      const target = connect(port, "127.0.0.1");
      for (const one of [socket, target])
        one.on("error", () => {}).on("close", () => (socket.destroy(), target.destroy()));
      socket.pipe(target).pipe(socket);
    }).listen(0, "127.0.0.1");
    onTestFinished(() => void address.close());
    await once(address, "listening");
    const { server, store } = await startReplica(`redis://127.0.0.1:${(address.address() as AddressInfo).port}`);
    expect(store.available).toBe(true);
    port = next.port;
    await former.ask("REPLICAOF", "127.0.0.1", String(next.port));
    const caller = await converse(server, "2026-07-28");
    await until(async () => (await caller.request("tools/call", touch)).error === undefined, "the failover");
    await until(async () => (await changesIn(next)) > 0);
  });
});

describe.skipIf(!hasRedis)("a channel", () => {
  test.each([false, true])(
    "is heard again as soon as its last listener was replaced (cluster: %s)",
    async (cluster) => {
      const redis = await redisOf({ cluster });
      const { connection } = (await startReplica(redis.url, { cluster })).store.context;
      const heard: string[] = [];
      const listen = (name: string) => connection.subscribe("test:channel", () => heard.push(name));
      const stop = listen("first");
      await until(async () => Number(await redis.ask("PUBLISH", "test:channel", "")) === 1, "the subscription");
      await until(() => heard.length > 0, "the message");
      stop();
      listen("second");
      await until(async () => {
        await redis.ask("PUBLISH", "test:channel", "");
        return heard.at(-1) === "second";
      }, "the next message");
    },
  );
});

describe.skipIf(!hasRedis)("replicas", () => {
  test("know which of them live, and send each other messages", async () => {
    const redis = await redisOf();
    const [first, second, third] = await Promise.all([1, 2, 3].map(() => startReplica(redis.url)));
    const taken: string[] = [];
    for (const [name, { store }] of Object.entries({ first: first!, second: second!, third: third! }))
      store.context.replicas.on("greet", ({ text }, from) => {
        taken.push(`${name}: ${String(text)} ${from === first!.store.replica}`);
      });
    const { replicas } = first!.store.context;
    await replicas.send(second!.store.replica, { kind: "greet", text: "hello" });
    await until(() => taken.length === 1);
    await replicas.send(second!.store.replica, { kind: "unknown" });
    await replicas.broadcast({ kind: "greet", text: "all" });
    await until(() => taken.length === 4);
    expect(taken.toSorted()).toEqual(["first: all true", "second: all true", "second: hello true", "third: all true"]);
    expect(await replicas.isAlive(second!.store.replica)).toBe(true);
    await second!.stop();
    await until(async () => !(await replicas.isAlive(second!.store.replica)));
    expect(await Promise.all(["none", "*", "a:b"].map((name) => replicas.isAlive(name)))).toEqual([
      false,
      false,
      false,
    ]);
    expect(await replicas.isAlive(first!.store.replica)).toBe(true);
  });
});
