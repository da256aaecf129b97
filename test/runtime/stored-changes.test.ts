import { describe, expect, test } from "vitest";
import { hasRedis } from "../e2e/redis.js";
import { until } from "./replicas.js";
import { callOf, opened, rest, sharedRedis, textOf, type Opened, type Serving } from "./stored-replicas.js";

describe.skipIf(!hasRedis)("with a store", () => {
  const shared = sharedRedis({ durable: true });
  const { replicas } = shared;
  const session = async (on: Serving) => on.session("ada");

  describe("the stream of what belongs to no request", () => {
    const subscribe = (uri: string) => ({ id: 3, method: "resources/subscribe", params: { uri } });
    const touch = async (on: Serving, headers: Record<string, string>, uri: string) =>
      expect(await textOf(await on.post("ada", callOf("touch", { uri }), headers))).toBe(on.name);

    test("has the changes since initialize, and resumes on any replica after each of them", async () => {
      const [a, b, c] = await replicas("a", "b", "c");
      const headers = await session(a!);
      await b!.post("ada", subscribe("made://a"), headers);
      await b!.post("ada", subscribe("made://b"), headers);
      const changes = ["made://a", "made://b", "made://a", "made://b"];
      for (const [index, uri] of changes.entries()) await touch([a, b, c][index % 3]!, headers, uri);
      const stream = await opened((signal) => c!.get("ada", headers, undefined, signal));
      const seen = [(await stream.next())!];
      for (let count = 0; count < changes.length; count += 1) seen.push((await stream.next())!);
      expect(seen.slice(1).map(({ data }) => data.params.uri)).toEqual(changes);
      stream.hangUp();
      for (const [index, { id }] of seen.entries()) {
        const resumed = await opened((signal) => [a, b][index % 2]!.get("ada", headers, id, signal));
        expect(await resumed.next()).toEqual({ id, text: "", data: undefined });
        for (const event of seen.slice(index + 1)) expect(await resumed.next()).toEqual(event);
        resumed.hangUp();
      }
      await a!.post("ada", { id: 4, method: "resources/unsubscribe", params: { uri: "made://a" } }, headers);
      const last = await opened((signal) => c!.get("ada", headers, seen.at(-1)!.id, signal));
      await last.next();
      await until(() => true);
      await touch(a!, headers, "made://b");
      expect((await last.next())!.data.params.uri).toBe("made://b");
      last.hangUp();
    });

    test("is told no change twice when the client opens it anew", async () => {
      const [a, b] = await replicas("a", "b");
      const headers = await session(a!);
      await a!.post("ada", subscribe("made://a"), headers);
      const first = await opened((signal) => a!.get("ada", headers, undefined, signal));
      await first.next();
      await touch(b!, headers, "made://a");
      const seen = (await first.next())!;
      first.hangUp();
      const position = seen.id!.replace("changes:", "");
      const [key] = await shared.sessionKeys();
      await until(async () => (await shared.redis.ask("HGET", key!, "position")) === position, "the position");
      const second = await opened((signal) => b!.get("ada", headers, undefined, signal));
      expect((await second.next())!.id).toBe(seen.id);
      second.hangUp();
    });

    test("is told no change twice that the log has twice, as after a lost reply of Redis", async () => {
      const [a, b] = await replicas("a", "b");
      const headers = await session(a!);
      for (const uri of ["made://a", "made://b"]) await a!.post("ada", subscribe(uri), headers);
      await touch(a!, headers, "made://a");
      const changes = `${shared.prefix}changes`;
      const [[, fields]] = (await shared.redis.ask("XREVRANGE", changes, "+", "-", "COUNT", "1")) as [
        [string, string[]],
      ];
      await shared.redis.ask("XADD", changes, "*", ...fields);
      await touch(a!, headers, "made://b");
      const first = await opened((signal) => b!.get("ada", headers, undefined, signal));
      await first.next();
      const seen = [(await first.next())!, (await first.next())!];
      expect(seen.map(({ data }) => data.params.uri)).toEqual(["made://a", "made://b"]);
      first.hangUp();
      const resumed = await opened((signal) => a!.get("ada", headers, seen[0]!.id, signal));
      await resumed.next();
      expect(await resumed.next()).toEqual(seen[1]);
      resumed.hangUp();
    });

    test("has lost changes once, also if the client resumes", async () => {
      const [a, b] = await replicas("a", "b");
      const headers = await session(a!);
      for (const uri of ["made://a", "made://b"]) await a!.post("ada", subscribe(uri), headers);
      const stream = await opened((signal) => a!.get("ada", headers, undefined, signal));
      await stream.next();
      await touch(b!, headers, "made://a");
      await stream.next();
      await shared.redis.ask("XTRIM", `${shared.prefix}changes`, "MAXLEN", "0");
      const all = [await stream.next(), await stream.next(), await stream.next(), await stream.next()];
      expect(all.map((event) => event!.data.params.uri ?? "list")).toEqual(["list", "list", "made://a", "made://b"]);
      stream.hangUp();
      const resumed = await opened((signal) => b!.get("ada", headers, all.at(-1)!.id, signal));
      await resumed.next();
      await until(() => `changes:${b!.store.changes.position}` === all.at(-1)!.id, "the loss on the other replica");
      await touch(b!, headers, "made://b");
      expect((await resumed.next())!.data.params.uri).toBe("made://b");
      resumed.hangUp();
    });

    test("is that of the newest connection on any replica, and of the one before once that has ended", async () => {
      const [a, b] = await replicas("a", "b");
      const headers = await session(a!);
      await a!.post("ada", subscribe("made://a"), headers);
      const first = await opened((signal) => a!.get("ada", headers, undefined, signal));
      await first.next();
      const control = `${shared.prefix}control`;
      const announced = async (type: string): Promise<number> =>
        JSON.stringify(await shared.redis.ask("XRANGE", control, "-", "+")).split(`\\"type\\":\\"${type}\\"`).length -
        1;
      // Of two that open at once, either may count as the newest.
      await until(async () => (await announced("listen")) >= 1, "the first announcement");
      const second = await opened((signal) => b!.get("ada", headers, undefined, signal));
      await second.next();
      await until(async () => (await announced("listen")) >= 2, "the announcement");
      await touch(a!, headers, "made://a");
      expect((await second.next())!.data.params.uri).toBe("made://a");
      second.hangUp();
      await until(async () => (await announced("silence")) >= 1, "the farewell");
      await touch(b!, headers, "made://a");
      expect((await first.next())!.data.params.uri).toBe("made://a");
      first.hangUp();
    });

    test.each([
      ["the newest", 2, 1],
      ["the second newest, then the newest", 1, 0],
    ])("is that of the newest of three that are left after %s has closed", async (_which, closed, newest) => {
      const all = await replicas("a", "b", "c");
      const headers = await session(all[0]!);
      for (const uri of ["made://a", "made://b"]) await all[0]!.post("ada", subscribe(uri), headers);
      const events = async (): Promise<string[]> =>
        JSON.stringify(await shared.redis.ask("XRANGE", `${shared.prefix}control`, "-", "+")).match(
          /listen|silence/g,
        ) ?? [];
      const streams: Opened[] = [];
      for (const [index, on] of all.entries()) {
        streams.push(await opened((signal) => on.get("ada", headers, undefined, signal)));
        await until(async () => (await events()).length === index + 1, "the announcement");
      }
      const last = [closed, ...(closed === 1 ? [2] : [])];
      for (const [index, one] of last.entries()) {
        streams[one]!.hangUp();
        await until(async () => (await events()).length === 4 + index, "the farewell");
      }
      // Each replica has read the farewells once it has read a later message.
      for (const { store } of all) {
        let isRead = false;
        store.context.replicas.on("test", () => (isRead = true));
        await store.context.replicas.broadcast({ kind: "test" });
        await until(() => isRead, "the messages");
      }
      const told: string[] = [];
      const readings = streams.map(async ({ next }, index) => {
        if (last.includes(index)) return;
        for (let event = await next(); event !== undefined; event = await next())
          if (event.data !== undefined) told.push(`${index} ${event.data.params.uri}`);
      });
      const uris = ["made://a", "made://b", "made://a", "made://b"];
      for (const [index, uri] of uris.entries()) await touch(all[index % 3]!, headers, uri);
      await until(() => told.length >= uris.length, "the notifications");
      // What an older stream gets as well arrives before its end.
      await all[0]!.ask("ada", { method: "DELETE", headers });
      await Promise.all(readings);
      expect(told).toEqual(uris.map((uri) => `${newest} ${uri}`));
    });

    test("notifies of everything subscribed to if changes after the client's position are gone", async () => {
      const [a, b] = await replicas("a", "b");
      const headers = await session(a!);
      await a!.post("ada", subscribe("made://a"), headers);
      await touch(a!, headers, "made://a");
      const stream = await opened((signal) => a!.get("ada", headers, undefined, signal));
      await stream.next();
      const { id } = (await stream.next())!;
      stream.hangUp();
      await touch(a!, headers, "made://b");
      await touch(a!, headers, "made://b");
      await shared.redis.ask("XTRIM", `${shared.prefix}changes`, "MAXLEN", "=", "1");
      const resumed = await opened((signal) => b!.get("ada", headers, id, signal));
      await resumed.next();
      const told = [await resumed.next(), await resumed.next(), await resumed.next()].map((event) => event!.data);
      expect(told.map(({ method, params }) => params.uri ?? method)).toEqual([
        "notifications/tools/list_changed",
        "notifications/resources/list_changed",
        "made://a",
      ]);
      await touch(b!, headers, "made://a");
      expect((await resumed.next())!.data.params.uri).toBe("made://a");
      resumed.hangUp();
    });

    /** Opens the stream on both replicas, the second one last. */
    async function openedTwice() {
      const [a, b] = await replicas("a", "b");
      const headers = await session(a!);
      await a!.post("ada", subscribe("made://a"), headers);
      const streams: Opened[] = [];
      const control = `${shared.prefix}control`;
      for (const [index, on] of [a!, b!].entries()) {
        streams.push(await opened((signal) => on.get("ada", headers, undefined, signal)));
        await streams[index]!.next();
        await until(
          async () =>
            JSON.stringify(await shared.redis.ask("XRANGE", control, "-", "+")).split("listen").length > index + 1,
          "the announcement",
        );
      }
      const open = b!.server.subscribers.size;
      const closeSecond = async (): Promise<void> => {
        streams[1]!.hangUp();
        await until(() => b!.server.subscribers.size < open, "the end of the stream");
      };
      return { a: a!, b: b!, headers, first: streams[0]!, second: streams[1]!, closeSecond };
    }

    test("goes on after a later one has closed while Redis was away", async () => {
      const { a, b, headers, first, closeSecond } = await openedTwice();
      await shared.redis.kill();
      await until(() => !a.store.available && !b.store.available, "the outage");
      try {
        await closeSecond();
      } finally {
        await shared.redis.restart();
      }
      await until(() => a.store.available && b.store.available, "the return");
      await touch(a, headers, "made://a");
      expect((await first.next())!.data.params.uri).toBe("made://a");
      first.hangUp();
    });

    test("goes on after the replica of a later one has died", { timeout: 60_000 }, async () => {
      const { a, b, headers, first } = await openedTwice();
      b.die();
      await touch(a, headers, "made://a");
      expect((await first.next())!.data.params.uri).toBe("made://a");
      first.hangUp();
    });

    test("goes on after announcements were lost", async () => {
      const { a, b, headers, first, closeSecond } = await openedTwice();
      const { replicas } = b.store.context;
      const { broadcast } = replicas;
      // The farewell of the later one is lost.
      const farewell = new Promise<void>((resolve) => {
        replicas.broadcast = async () => resolve();
      });
      await closeSecond();
      await farewell;
      Object.assign(replicas, { broadcast });
      await shared.redis.ask("DEL", `${shared.prefix}control`);
      await touch(a, headers, "made://a");
      expect((await first.next())!.data.params.uri).toBe("made://a");
      first.hangUp();
    });

    test("stays with the newest connection if the replica of an older one may have missed messages", async () => {
      const { a, headers, first, second } = await openedTwice();
      await shared.redis.ask("DEL", `${shared.prefix}{replicas}:${a.store.replica}`);
      const control = async (): Promise<string> =>
        JSON.stringify(await shared.redis.ask("XRANGE", `${shared.prefix}control`, "-", "+"));
      await until(async () => (await control()).includes("loss"), "the loss");
      for (let count = 0; count < 3; count += 1) {
        await touch(a, headers, "made://a");
        expect((await second.next())!.data.params.uri).toBe("made://a");
      }
      first.hangUp();
      second.hangUp();
    });

    test("goes on when a client leaves another connection before that is open", async () => {
      const [a] = await replicas("a");
      const headers = await session(a!);
      await a!.post("ada", subscribe("made://a"), headers);
      const stream = await opened((signal) => a!.get("ada", headers, undefined, signal));
      await stream.next();
      await touch(a!, headers, "made://a");
      expect((await stream.next())!.data.params.uri).toBe("made://a");
      const { sessions } = a!.store;
      const { read } = sessions;
      let answer = (): void => {};
      Object.assign(sessions, {
        read: async (name: string) => {
          await new Promise<void>((resolve) => (answer = resolve));
          return read(name);
        },
      });
      const other = await opened((signal) => a!.get("ada", headers, undefined, signal));
      other.hangUp();
      answer();
      await touch(a!, headers, "made://a");
      expect((await stream.next())!.data.params.uri).toBe("made://a");
      stream.hangUp();
    });

    test("has four connections at most, and none after the session", async () => {
      const [a] = await replicas("a");
      const headers = await session(a!);
      const all = await Promise.all(
        Array.from({ length: 12 }, () => opened((signal) => a!.get("ada", headers, undefined, signal))),
      );
      let ended = 0;
      const ends = all.map(async (stream) => {
        await rest(stream);
        ended += 1;
      });
      await until(() => ended === 8, "the ends");
      const read = a!.store.sessions.read;
      let answer = (): void => {};
      Object.assign(a!.store.sessions, {
        read: async (name: string) => {
          await new Promise<void>((resolve) => (answer = resolve));
          return read(name);
        },
      });
      const late = await opened((signal) => a!.get("ada", headers, undefined, signal));
      expect((await a!.ask("ada", { method: "DELETE", headers })).status).toBe(200);
      await Promise.all(ends);
      answer();
      expect(await rest(late)).toEqual([]);
    });

    test.each(["99999999999999999999-0", "0-99999999999999999999", "1e3-0"])(
      "takes an event id with the position %s for none",
      async (position) => {
        const [a] = await replicas("a");
        const headers = await session(a!);
        const stream = await opened((signal) => a!.get("ada", headers, `changes:${position}`, signal));
        expect((await stream.next())!.id).toBe(`changes:${a!.store.changes.position}`);
        stream.hangUp();
      },
    );

    test("has a change after many invalidations, which concern no client", async () => {
      const [a, b] = await replicas("a", "b");
      const headers = await session(a!);
      await a!.post("ada", subscribe("made://a"), headers);
      const stale = (input: number) => [{ kind: "tool", name: "t", input, ttlMs: 1000 } as const];
      await Promise.all(Array.from({ length: 300 }, (_, index) => a!.store.invalidate(stale(index))));
      await touch(a!, headers, "made://a");
      const stream = await opened((signal) => b!.get("ada", headers, undefined, signal));
      await stream.next();
      expect((await stream.next())!.data.params.uri).toBe("made://a");
      stream.hangUp();
    });

    test("takes no room for changes that it has not sent", async () => {
      const [a] = await replicas("a");
      const headers = await session(a!);
      await a!.post("ada", { method: "notifications/initialized" }, headers);
      await a!.post("ada", subscribe("made://a"), headers);
      for (const name of ["touch", "reload"])
        await a!.post(
          "ada",
          { ...callOf(name, { uri: "made://a" }), params: { name, arguments: { uri: "made://a" } } },
          headers,
        );
      expect(a!.server.ledger.count("log")).toBe(0);
    });

    test.each(["resources/subscribe", "resources/unsubscribe"])(
      "%s takes 16,000 characters at most",
      async (method) => {
        const [a] = await replicas("a");
        const headers = await session(a!);
        const ask = async (uri: string): Promise<any> =>
          (await a!.post("ada", { id: 2, method, params: { uri } }, headers)).json();
        const { error } = await ask("x".repeat(16_001));
        expect(error).toMatchObject({ code: -32602, message: '"uri" has more than 16000 characters' });
        const { error: other, result } = await ask("x".repeat(16_000));
        if (method === "resources/unsubscribe") expect(result).toEqual({});
        else expect(other.message).not.toContain("characters");
      },
    );
  });
});
