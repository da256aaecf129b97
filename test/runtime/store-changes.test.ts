import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { busy, full } from "../../runtime/protocol/errors.js";
import { hasRedis, startRedis, type Redis } from "../e2e/redis.js";
import { converse, type Conversation } from "./conversation.js";
import { changesIn, notifying, startReplica, until, type Replica } from "./replicas.js";
import { serverWith } from "./surface.js";

const listed = { kind: "notifications/tools/list_changed" };
const updated = (uri: string): object => ({ kind: "notifications/resources/updated", uri });

/** Subscribes a client of either era to the resource `made://a` and to the list of tools. */
async function subscriber({ server }: Replica, version: string): Promise<Conversation> {
  const client = await converse(server, version);
  if (version >= "2026-07-28") {
    const notifications = { toolsListChanged: true, resourceSubscriptions: ["made://a"] };
    void client.request("subscriptions/listen", { notifications });
    await client.next();
  } else {
    client.send({ method: "notifications/initialized" });
    await client.request("resources/subscribe", { uri: "made://a" });
  }
  return client;
}

/** Takes the changes that a client has received so far. */
function changesOf({ waiting }: Conversation): object[] {
  return (waiting as any[])
    .splice(0)
    .map(({ method, params }) => ({ kind: method, ...(params?.uri !== undefined && { uri: params.uri }) }));
}

const call = (client: Conversation, name: string, uri?: string): Promise<any> =>
  client.request("tools/call", { name, arguments: { ...(uri !== undefined && { uri }) } });

describe.skipIf(!hasRedis)("changes", () => {
  let redis: Redis;
  beforeAll(async () => {
    redis = await startRedis({ durable: true });
  });
  afterAll(() => redis.stop());
  beforeEach(() => redis.ask("FLUSHALL"));

  /** Ends Redis. Returns a function that starts it again, as the end of the test does. */
  async function outage(...replicas: readonly Replica[]): Promise<() => Promise<void>> {
    await redis.kill();
    let restarting: Promise<void> | undefined;
    const end = (): Promise<void> => (restarting ??= redis.restart());
    onTestFinished(end);
    await until(() => replicas.every(({ store }) => !store.available), "the outage");
    return end;
  }

  test.each(["2025-11-25", "2026-07-28"])(
    "reach subscribers of %s on every replica, once and in order",
    async (version) => {
      const replicas = await Promise.all([1, 2, 3].map(() => startReplica(redis.url)));
      const clients = await Promise.all(replicas.map((replica) => subscriber(replica, version)));
      const callers = await Promise.all(replicas.map(({ server }) => converse(server, version)));
      for (const [index, name] of ["touch", "reload", "touchLater", "touch"].entries()) {
        const answer = await call(callers[index % 3]!, name, "made://a");
        expect(answer.result.isError).toBeUndefined();
      }
      await call(callers[0]!, "touch", "made://b");
      const expected = [updated("made://a"), listed, updated("made://a"), updated("made://a")];
      for (const client of clients) {
        await until(() => client.waiting.length >= expected.length);
        expect(changesOf(client)).toEqual(expected);
      }
    },
  );

  test("are in the store before the answer of the call that caused them", async () => {
    const { server } = await startReplica(redis.url);
    const client = await converse(server, "2026-07-28");
    for (const [count, name] of ["touch", "touchLater"].entries()) {
      await call(client, name, "made://a");
      expect(await changesIn(redis)).toBe(count + 1);
    }
    await call(client, "plain");
    expect(await changesIn(redis)).toBe(2);
  });

  test("neither get lost nor come twice when Redis is killed and comes back", async () => {
    const [first, second] = await Promise.all([startReplica(redis.url), startReplica(redis.url)]);
    const client = await subscriber(second!, "2026-07-28");
    const caller = await converse(first!.server, "2026-07-28");
    // Both tools have run, since the first call of a tool loads its validators.
    await call(caller, "touch", "made://a");
    await call(caller, "reload");
    const end = await outage(first!, second!);
    const waiting = [call(caller, "reload"), call(caller, "touch", "made://a"), call(caller, "touch", "made://a")];
    await end();
    for (const answer of await Promise.all(waiting)) expect(answer.result.isError).toBeUndefined();
    await call(caller, "reload");
    // Equal changes that wait for the store are one.
    const expected = [updated("made://a"), listed, listed, updated("made://a"), listed];
    await until(() => client.waiting.length >= expected.length);
    expect(changesOf(client)).toEqual(expected);
    for (const { log } of [first!, second!]) {
      expect(log.filter((line) => line.startsWith("the store is"))).toEqual([
        expect.stringContaining("the store is away"),
        expect.stringContaining("the store is back"),
      ]);
    }
  });

  test("that the store does not get in time fail the call, and are sent later", async () => {
    const [first, second] = await Promise.all([startReplica(redis.url), startReplica(redis.url)]);
    const client = await subscriber(second!, "2026-07-28");
    const caller = await converse(first!.server, "2026-07-28");
    const end = await outage();
    expect((await call(caller, "plain")).result).toMatchObject({ content: [{ text: "plain" }] });
    const { error } = await call(caller, "touch", "made://a");
    // The handler has run, so no member asks for a retry.
    expect(error).toEqual({
      code: -32603,
      message: "the store is away: the call has run, and its update is published later; do not send the request again",
    });
    await end();
    await until(() => client.waiting.length > 0);
    expect(changesOf(client)).toEqual([updated("made://a")]);
  });

  test.each([
    ["", []],
    [", and their cached results", [{ kind: "resource", name: "made://a" } as const]],
  ])("that are equal wait for the store as one%s", async (_, stale) => {
    const replica = await startReplica(redis.url);
    const { store } = replica;
    const publishAll = async (): Promise<string[]> => {
      const publish = (): Promise<void> => store.publish({ kind: "resource", uri: "made://a" }, stale);
      const outcomes = await Promise.allSettled(Array.from({ length: 1100 }, publish));
      const failures = outcomes.flatMap((one) => (one.status === "rejected" ? [String(one.reason)] : []));
      return failures.filter((message) => !message.includes("is published later"));
    };
    expect(await publishAll()).toEqual([]);
    await until(async () => (await changesIn(redis)) === 1);
    const end = await outage(replica);
    const publishing = publishAll();
    await end();
    expect(await publishing).toEqual([]);
    await until(async () => (await changesIn(redis)) > 1);
    expect(await changesIn(redis)).toBe(2);
  });

  test("that are equal wait as one, also for their calls", async () => {
    const replica = await startReplica(redis.url);
    const publish = (): Promise<void> => replica.store.publish({ kind: "tools" });
    const end = await outage(replica);
    const first = publish();
    first.catch(() => {});
    expect(publish()).toBe(first);
    await end();
    await first;
    await publish();
  });

  test("that follow an equal one which the store may have are sent, too", async () => {
    const [first, second] = await Promise.all([startReplica(redis.url), startReplica(redis.url)]);
    const client = await subscriber(second!, "2026-07-28");
    const { connection } = first!.store.context;
    const { run } = connection;
    const publish = (): Promise<void> => first!.store.publish({ kind: "resource", uri: "made://a" });
    // The store takes the first one, but its reply is lost.
    const losing = new Promise<() => Promise<void>>((resolve) => {
      connection.run = async (...script) => {
        connection.run = run;
        await run(...script);
        await until(() => client.waiting.length === 1, "the first change");
        resolve(await outage(first!));
        throw new Error("the reply is lost");
      };
    });
    const publishing = [publish()];
    const end = await losing;
    await new Promise(setImmediate);
    publishing.push(publish());
    await end();
    await Promise.all(publishing);
    await first!.store.publish({ kind: "tools" });
    await until(() => JSON.stringify(client.waiting).includes(listed.kind), "the last change");
    expect(changesOf(client)).toEqual([updated("made://a"), updated("made://a"), listed]);
  });

  const cached = { kind: "resource", name: "made://a" } as const;

  test.each([
    ["", []],
    [", and their cached results", [cached]],
  ])("that are too many to wait are replaced by one of everything%s", async (_, stale) => {
    const [first, second] = await Promise.all([startReplica(redis.url), startReplica(redis.url)]);
    const client = await subscriber(second!, "2026-07-28");
    const result = { ...cached, input: "", ttlMs: 3_600_000 };
    const find = async (): Promise<string | undefined> => (await second!.store.results!.find(result))?.text;
    const run = await second!.store.results!.find(result);
    if (run?.text === undefined) run!.end("old");
    await until(async () => (await find()) === "old", "the result");
    const end = await outage(first!);
    const fill = (uri: string): Promise<unknown> =>
      first!.store.publish({ kind: "resource", uri }, stale).catch(() => {});
    const filling = Array.from({ length: 1024 }, (_none, index) => fill(`other://${index}`));
    const publishing = first!.store.publish({ kind: "resource", uri: "made://a" }, stale);
    await expect(publishing).rejects.toThrow("subscribers are notified of everything later; do not send");
    await end();
    await Promise.all(filling);
    await until(() => client.waiting.length >= 2);
    expect(changesOf(client)).toEqual([listed, updated("made://a")]);
    if (stale.length > 0) await until(async () => (await find()) === undefined, "the end of the result");
    else expect(await find()).toBe("old");
  });

  test("are in the store before it stops, whatever becomes stale with them", async () => {
    const { store, stop } = await startReplica(redis.url);
    const publish = (uri: string, stale: readonly (typeof cached)[]) => store.publish({ kind: "resource", uri }, stale);
    const publishing = [publish("made://a", [cached]), publish("made://b", [])];
    await stop();
    await Promise.all(publishing);
    expect(await changesIn(redis)).toBe(2);
  });

  test("that are too many to wait are replaced before the server stops", async () => {
    const [first, second] = await Promise.all([startReplica(redis.url), startReplica(redis.url)]);
    const client = await subscriber(second!, "2026-07-28");
    const end = await outage(first!);
    const publish = (uri: string): Promise<unknown> => first!.store.publish({ kind: "resource", uri }).catch(() => {});
    const publishing = Array.from({ length: 1025 }, (_, index) => publish(`other://${index}`));
    const { connection } = first!.store.context;
    const { run } = connection;
    connection.run = async (script, ...rest) => {
      // A stop that does not wait would be faster.
      if (script.source.includes('"MAXLEN", "0"')) await new Promise((resolve) => setTimeout(resolve, 500));
      return run(script, ...rest);
    };
    await end();
    await until(() => first!.store.available);
    await first!.stop();
    await Promise.all(publishing);
    await until(() => client.waiting.length >= 2);
    expect(changesOf(client)).toEqual([listed, updated("made://a")]);
    expect(first!.log.filter((line) => line.includes("lost"))).toEqual([]);
  });

  test("reach subscribers after a loss though Redis refuses to make results stale", async () => {
    await redis.ask("ACL", "SETUSER", "app", "on", ">pw", "resetkeys", "~test:[^c]*", "~test:c[^a]*", "&*", "+@all");
    const replica = await startReplica(
      redis.url.replace("//", "//app:pw@"),
      {},
      { surface: { cache: { ttlMs: 1000, scope: "public" } } },
    );
    const client = await subscriber(replica, "2026-07-28");
    await redis.ask("DEL", "test:changes");
    await replica.store.publish({ kind: "resource", uri: "made://b" });
    await until(() => client.waiting.length >= 2);
    expect(changesOf(client)).toEqual([listed, updated("made://a")]);
    await replica.store.publish({ kind: "resource", uri: "made://a" });
    await until(() => client.waiting.length >= 1);
    expect(changesOf(client)).toEqual([updated("made://a")]);
  });

  test("that still wait for Redis when the server stops are lost, and the log has their number", async () => {
    const own = await startRedis();
    onTestFinished(() => own.stop());
    const { store, log, stop } = await startReplica(own.url);
    await own.kill();
    await until(() => !store.available);
    const publishing = ["made://a", "made://b"].map((uri) => store.publish({ kind: "resource", uri }));
    await Promise.all([stop(), Promise.allSettled(publishing)]);
    expect(log.at(-1)).toBe('the server stops: updates that the store does not have are lost {"updates":2}');
  });

  test("that other versions wrote in other forms are skipped", async () => {
    const replica = await startReplica(redis.url);
    const client = await subscriber(replica, "2026-07-28");
    const garbage: readonly string[][] = [
      ["o", "x", "n", "1", "d", "{"],
      ["o", "x", "n", "2", "d", '"text"'],
      ["o", "x", "n", "3", "d", '{"kind":"resource"}'],
      ["o", "x", "n", "4", "d", '{"kind":"resource","uri":7}'],
      ["o", "x", "n", "5", "d", '{"kind":"unknown"}'],
      ["o", "x", "n", "none", "d", '{"kind":"tools"}'],
      ["o", "x", "d", '{"kind":"tools"}'],
      ["other", "fields"],
      ["o", "x", "n", "9", "d", '{"kind":"tools"}'],
      ["o", "x", "n", "9", "d", '{"kind":"tools"}'],
      ["o", "x", "n", "8", "d", '{"kind":"tools"}'],
    ];
    for (const fields of garbage) await redis.ask("XADD", "test:changes", "*", ...fields);
    await redis.ask("PUBLISH", "test:changes", "");
    await until(() => client.waiting.length > 0);
    expect(changesOf(client)).toEqual([listed]);
  });

  test("that are lost are replaced by one of everything", async () => {
    const replica = await startReplica(redis.url);
    const client = await subscriber(replica, "2026-07-28");
    const caller = await converse(replica.server, "2026-07-28");
    await call(caller, "touch", "made://a");
    await until(() => client.waiting.length > 0);
    changesOf(client);
    await redis.ask("XTRIM", "test:changes", "MAXLEN", "0");
    await redis.ask("XADD", "test:changes", "*", "o", "x", "n", "1", "d", '{"kind":"prompts"}');
    await redis.ask("PUBLISH", "test:changes", "");
    await until(() => client.waiting.length >= 2);
    expect(changesOf(client)).toEqual([listed, updated("made://a")]);
  });

  test("that are lost before any was seen are replaced by one of everything, too", async () => {
    const [first, second] = await Promise.all([startReplica(redis.url), startReplica(redis.url)]);
    const client = await subscriber(second!, "2026-07-28");
    // The second one is cut off from the first change until it is lost.
    const { connection } = second!.store.context;
    const run = connection.run;
    connection.run = () => Promise.reject(new Error("cut off"));
    await first!.store.publish({ kind: "resource", uri: "made://a" });
    await redis.ask("FLUSHALL");
    connection.run = run;
    await until(() => client.waiting.length >= 2);
    expect(changesOf(client)).toEqual([listed, updated("made://a")]);
  });

  test("after the first position are known to be lost", async () => {
    const { store } = await startReplica(redis.url);
    const { position } = store.changes;
    for (const uri of ["made://a", "made://b"]) await store.publish({ kind: "resource", uri });
    const page = await store.changes.read(position);
    expect(page.changes.map(({ change }) => change)).toEqual([
      { kind: "resource", uri: "made://a" },
      { kind: "resource", uri: "made://b" },
    ]);
    expect(page.isTrimmed).toBe(false);
    await redis.ask("XTRIM", "test:changes", "MAXLEN", "=", "1");
    expect(await store.changes.read(position)).toMatchObject({ isTrimmed: true, position: page.position });
  });

  test("have a log that lives as long as a replica reads it", async () => {
    await startReplica(redis.url);
    await redis.ask("PEXPIRE", "test:changes", "60000");
    await until(async () => Number(await redis.ask("PTTL", "test:changes")) > 3_000_000, "the extension");
  });

  test("have a bounded log that expires", async () => {
    const replica = await startReplica(redis.url);
    await Promise.all(
      Array.from({ length: 1000 }, (_, index) => replica.store.publish({ kind: "resource", uri: `made://${index}` })),
    );
    expect(await changesIn(redis)).toBe(1000);
    const ttl = Number(await redis.ask("PTTL", "test:changes"));
    expect(ttl > 0 && ttl <= 3_600_000).toBe(true);
    await expect(replica.store.publish({ kind: "resource", uri: "x".repeat(16_001) })).rejects.toThrow(
      "has more than 16000 characters, use a shorter one: the call has run, but its update is lost",
    );
    await replica.store.publish({ kind: "resource", uri: '"'.repeat(16_000) });
  });
});

test("changes that a store refuses have one log entry for an outage, and failures one each", async () => {
  const refused = busy("the store is away");
  const outcomes = [
    refused,
    refused,
    full("no room"),
    refused,
    undefined,
    refused,
    new TypeError("x"),
    new TypeError("y"),
  ];
  const log: string[] = [];
  const changes: unknown[] = [];
  const publish = (): Promise<void> => {
    const failure = outcomes.shift();
    return failure === undefined ? Promise.resolve() : Promise.reject(failure);
  };
  const store = { publish } as never;
  const server = serverWith(notifying, {
    store,
    log(message, { error, change }) {
      if (message !== "a change could not be published") return;
      log.push(error);
      changes.push(change);
    },
  });
  const caller = await converse(server, "2026-07-28");
  while (outcomes.length > 0) await call(caller, "reload");
  const failures = ["x", "y"].map((name) => expect.stringMatching(new RegExp(`^TypeError: ${name}\\n +at `)));
  expect(log).toEqual([refused.message, full("no room").message, refused.message, ...failures]);
  outcomes.push(new TypeError("z"), new TypeError("z"));
  for (const uri of ["made://a", "x".repeat(201)]) await call(caller, "touch", uri);
  expect(changes).toEqual([
    ...log.slice(0, 5).map(() => ({ kind: "tools" })),
    { kind: "resource", uri: "made://a" },
    { kind: "resource", uri: "x".repeat(200) },
  ]);
});
