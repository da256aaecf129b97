import { Client as Client2, StreamableHTTPClientTransport as Http2 } from "@modelcontextprotocol/client";
import { Client as Client1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as Http1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ResourceUpdatedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterEach, describe, expect, test, vi } from "vitest";
import { hasRedis } from "../e2e/redis.js";
import { until } from "./replicas.js";
import { callOf, opened, rest, sharedRedis, textOf, type Serving } from "./stored-replicas.js";

const lost = "the answer is no longer kept; send the request again if safe";
const plain = { id: 1, method: "tools/call", params: { name: "plain" } };
describe.skipIf(!hasRedis)("with a store", () => {
  const shared = sharedRedis({ durable: true });
  afterEach(() => {
    vi.useRealTimers();
  });
  const { replicas } = shared;

  /** A session that another replica has initialized. */
  async function session(on: Serving, more: object = {}, version = "2025-11-25") {
    const response = await on.initialize("ada", version, more);
    expect(response.status).toBe(200);
    return { "mcp-session-id": response.headers.get("mcp-session-id")! };
  }

  describe.each(["1.x", "2.x"] as const)("client %s", (generation) => {
    test("calls three replicas in turn, and is notified once of what each has changed", async () => {
      const all = await replicas("a", "b", "c");
      let turn = 0;
      const fetch = (address: string | URL, init?: RequestInit): Promise<Response> => {
        const { method, body, signal, headers } = new Request(address, init) as Request & { body: never };
        const on = all[turn++ % all.length]!;
        const more = init?.body === undefined ? {} : { body: init.body as string };
        void body;
        return on.ask("ada", { method, headers: Object.fromEntries(headers), signal, ...more });
      };
      const info = { name: "n", version: "1" };
      const url = new URL("http://localhost/mcp");
      const client =
        generation === "1.x" ? new Client1(info) : new Client2(info, { versionNegotiation: { mode: "legacy" } });
      const transport = generation === "1.x" ? new Http1(url, { fetch }) : new Http2(url, { fetch });
      const updates: string[] = [];
      const take = ({ params }: { params: { uri: string } }): void => void updates.push(params.uri);
      if (client instanceof Client1) client.setNotificationHandler(ResourceUpdatedNotificationSchema, take);
      else client.setNotificationHandler("notifications/resources/updated", take);
      await client.connect(transport as never);
      await client.subscribeResource({ uri: "made://a" });
      const answers = new Set<string>();
      for (let calls = 0; calls < 6; calls += 1) {
        const { content } = (await client.callTool({ name: "touch", arguments: { uri: "made://a" } })) as any;
        answers.add(content[0].text);
        await until(() => updates.length >= calls + 1, `update ${calls + 1}`);
      }
      expect([...answers].toSorted()).toEqual(["a", "b", "c"]);
      expect(updates.length).toBe(6);
      await transport.terminateSession();
      for (const { server } of all) await until(() => server.ledger.count("session") === 0, "the end of the session");
      await client.close();
    });
  });

  test("another replica knows what the client said, and what it asked for later", async () => {
    const [a, b] = await replicas("a", "b");
    const said = {
      capabilities: { sampling: {}, experimental: { x: "y".repeat(20_000) } },
      clientInfo: { name: "n", version: "2" },
    };
    const headers = await session(a!, said, "2025-06-18");
    const answer = JSON.parse(await textOf(await b!.post("ada", callOf("client"), headers)));
    expect(answer).toEqual({ protocolVersion: "2025-06-18", capabilities: said.capabilities, info: said.clientInfo });
    // It is the log level that decides whether this is a stream.
    expect((await b!.post("ada", callOf("log"), headers)).headers.get("content-type")).toBe("application/json");
    await a!.post("ada", { id: 2, method: "logging/setLevel", params: { level: "debug" } }, headers);
    await until(
      async () => (await b!.post("ada", callOf("log"), headers)).headers.get("content-type") === "text/event-stream",
      "the log level",
    );
    const [c] = await replicas("c");
    expect((await c!.post("ada", callOf("log"), headers)).headers.get("content-type")).toBe("text/event-stream");
  });

  test.each([
    ["another caller", "bob", (id: string) => id],
    ["an id that no replica gave", "ada", () => crypto.randomUUID()],
    ["no id", "ada", () => ""],
  ])("a session cannot be found by %s", async (_how, caller, change) => {
    const [a, b] = await replicas("a", "b");
    const headers = await session(a!);
    const used = { "mcp-session-id": change(headers["mcp-session-id"]) };
    for (const response of [
      await b!.post(caller, plain, used),
      await b!.get(caller, used),
      await b!.ask(caller, { method: "DELETE", headers: used }),
    ])
      expect(response.status).toBe(404);
    expect((await b!.post("ada", plain, headers)).status).toBe(200);
  });

  test("neither an id nor a caller is in Redis", async () => {
    const [a] = await replicas("a");
    const headers = await session(a!);
    await a!.post("ada", { id: 2, method: "resources/subscribe", params: { uri: "made://a" } }, headers);
    const keys = (await shared.redis.ask("KEYS", `${shared.prefix}*`)) as string[];
    const contents: unknown[] = [keys];
    for (const key of keys) {
      const type = await shared.redis.ask("TYPE", key);
      const [command, ...rest] = { hash: ["HGETALL"], stream: ["XRANGE", "-", "+"], zset: ["ZRANGE", "0", "-1"] }[
        String(type)
      ] ?? ["GET"];
      contents.push(await shared.redis.ask(command!, key, ...rest));
      expect(Number(await shared.redis.ask("PTTL", key))).toBeGreaterThan(0);
    }
    const all = JSON.stringify(contents);
    expect(all).toContain("made://a");
    expect(all).not.toContain(headers["mcp-session-id"]);
    expect(all).not.toContain("ada");
  });

  test("DELETE ends a session on all replicas, and answers what still runs", async () => {
    const [a, b, c] = await replicas("a", "b", "c");
    const headers = await session(a!);
    const running = await opened((signal) => b!.post("ada", callOf("held"), headers, signal));
    expect((await a!.ask("ada", { method: "DELETE", headers })).status).toBe(200);
    expect((await rest(running)).at(-1)!.data.error.message).toBe("the client ended the session");
    for (const on of [a, b, c]) expect((await on!.post("ada", plain, headers)).status).toBe(404);
  });

  describe("a stream resumes on another replica", () => {
    test("after each of its events, with the same ids, and once ended not again", async () => {
      const [a, b] = await replicas("a", "b");
      const headers = await session(a!);
      const stream = await opened((signal) => a!.post("ada", callOf("held"), headers, signal));
      await stream.next();
      for (let step = 2; step <= 5; step += 1) a!.calls.get("")!.progress(step);
      a!.calls.get("")!.end("x".repeat(100_000));
      const all = await rest(stream);
      expect(all.map(({ data }) => data.method ?? data.result.content[0].text.length)).toEqual([
        ...Array.from({ length: 5 }, () => "notifications/progress"),
        100_000,
      ]);
      for (const [index, { id }] of all.entries()) {
        const response = await b!.get("ada", headers, id);
        const isLast = index === all.length - 1;
        expect(response.status).toBe(isLast ? 204 : 200);
        if (isLast) continue;
        const [primed, ...missed] = await rest({ next: (await opened(async () => response)).next, hangUp() {} });
        expect(primed).toEqual({ id, text: "", data: undefined });
        expect(missed).toEqual(all.slice(index + 1));
      }
    });

    test("while its call runs, and again on a third one", async () => {
      const [a, b, c] = await replicas("a", "b", "c");
      const headers = await session(a!);
      const first = await opened((signal) => a!.post("ada", callOf("held"), headers, signal));
      await first.next();
      const { id } = (await first.next())!;
      first.hangUp();
      const second = await opened((signal) => b!.get("ada", headers, id, signal));
      await second.next();
      a!.calls.get("")!.progress(2);
      const progressed = (await second.next())!;
      expect(progressed.data.params.progress).toBe(2);
      second.hangUp();
      const third = await opened((signal) => c!.get("ada", headers, progressed.id, signal));
      a!.calls.get("")!.progress(3);
      a!.calls.get("")!.end("done");
      const [, step, answer, ...more] = await rest(third);
      expect([step!.data.params.progress, answer!.data.result.content[0].text, more]).toEqual([3, "done", []]);
    });

    test("but not for credentials of the same caller that open less", async () => {
      const [a, b] = await replicas("a", "b");
      const headers = await session(a!);
      const strong = { ...headers, "x-scopes": "admin other" };
      const stream = await opened((signal) => a!.post("ada", callOf("held"), strong, signal));
      await stream.next();
      const { id } = (await stream.next())!;
      stream.hangUp();
      a!.calls.get("")!.end("secret");
      const weak = await rest(await opened((signal) => b!.get("ada", { ...headers, "x-scopes": "other" }, id, signal)));
      expect(weak.at(-1)!.data.error.message).toBe(lost);
      const answer = await rest(await opened((signal) => b!.get("ada", strong, id, signal)));
      expect(answer.at(-1)!.data.result.content[0].text).toBe("secret");
    });

    test("and stays away after a cancellation, which reaches the replica of the call", async () => {
      const [a, b] = await replicas("a", "b");
      const headers = await session(a!);
      const stream = await opened((signal) => a!.post("ada", callOf("held"), headers, signal));
      await stream.next();
      const { id } = (await stream.next())!;
      const cancelled = { method: "notifications/cancelled", params: { requestId: "call", reason: "enough" } };
      expect((await b!.post("ada", cancelled, headers)).status).toBe(202);
      expect(await rest(stream)).toEqual([]);
      expect(a!.calls.get("")!.signal.aborted).toBe(true);
      const resumed = await rest(await opened((signal) => b!.get("ada", headers, id, signal)));
      expect(resumed.map(({ data }) => data)).toEqual([undefined, undefined]);
      expect((await b!.get("ada", headers, resumed.at(-1)!.id)).status).toBe(204);
    });

    test.each([
      ["of another session", (id: string) => id],
      ["that never was", (id: string) => id.replace(/\.\d+-/, ".77-")],
    ])("and one %s is an error for its request", async (which, change) => {
      const [a, b] = await replicas("a", "b");
      const headers = await session(a!);
      const stream = await opened((signal) => a!.post("ada", callOf("held"), headers, signal));
      await stream.next();
      const id = change((await stream.next())!.id!);
      const used = which === "of another session" ? await session(a!) : headers;
      const resumed = await rest(await opened((signal) => b!.get("ada", used, id, signal)));
      expect(resumed.at(-1)!.data).toEqual({ jsonrpc: "2.0", id: "call", error: { code: -32603, message: lost } });
      stream.hangUp();
    });

    test("and is an error for its request once its replica is dead", async () => {
      const [a, b] = await replicas("a", "b");
      const headers = await session(a!);
      const stream = await opened((signal) => a!.post("ada", callOf("held"), headers, signal));
      await stream.next();
      const { id } = (await stream.next())!;
      stream.hangUp();
      const resumed = await opened((signal) => b!.get("ada", headers, id, signal));
      await resumed.next();
      a!.calls.get("")!.progress(2);
      expect((await resumed.next())!.data.params.progress).toBe(2);
      a!.die();
      const after = await rest(resumed);
      expect(after.map(({ data }) => data)).toEqual([
        { jsonrpc: "2.0", id: "call", error: { code: -32603, message: lost } },
      ]);
      expect((await b!.get("ada", headers, after[0]!.id)).status).toBe(204);
      // The session goes on.
      expect(await textOf(await b!.post("ada", plain, headers))).toBe("b");
    });
  });

  test("an answer to a question reaches the replica that asked", async () => {
    const [a, b] = await replicas("a", "b");
    const headers = await session(a!, { capabilities: { sampling: {} } });
    const stream = await opened((signal) => a!.post("ada", callOf("ask"), headers, signal));
    await stream.next();
    const { id } = (await stream.next())!.data;
    const answer = { id, result: { role: "assistant", model: "m", content: { type: "text", text: "yes" } } };
    expect((await b!.post("ada", answer, headers)).status).toBe(202);
    expect((await rest(stream)).at(-1)!.data.result.content[0].text).toBe("yes");
    // One to a replica that does not exist is not accepted.
    const foreign = await b!.post("ada", { ...answer, id: "nobody_1-1" }, headers);
    await until(async () => (await b!.post("ada", { ...answer, id: "nobody_1-1" }, headers)).status === 400);
    expect([202, 400]).toContain(foreign.status);
  });

  test("answers and cancellations, which clients send once, wait for a Redis that is away", async () => {
    const [a, b] = await replicas("a", "b");
    const headers = await session(a!, { capabilities: { sampling: {} } });
    const stream = await opened((signal) => a!.post("ada", callOf("ask"), headers, signal));
    await stream.next();
    const { id } = (await stream.next())!.data;
    await shared.redis.kill();
    await until(() => !a!.store.available && !b!.store.available, "the outage");
    const result = { role: "assistant", model: "m", content: { type: "text", text: "yes" } };
    const cancelled = { method: "notifications/cancelled", params: { requestId: "other" } };
    const sent = [b!.post("ada", { id, result }, headers), a!.post("ada", cancelled, headers)];
    try {
      const refused = b!.post("ada", plain, headers).then(({ status }) => status);
      expect(await Promise.race([...sent, refused])).toBe(503);
    } finally {
      await shared.redis.restart();
    }
    expect((await Promise.all(sent)).map(({ status }) => status)).toEqual([202, 202]);
    expect((await rest(stream)).at(-1)!.data.result.content[0].text).toBe("yes");
  });

  test("while Redis is away a replica serves its own sessions, and all others once it is back", async () => {
    const [a, b] = await replicas("a", "b");
    const headers = await session(a!);
    const stream = await opened((signal) => a!.post("ada", callOf("held"), headers, signal));
    await stream.next();
    const { id } = (await stream.next())!;
    await shared.redis.kill();
    await until(() => !a!.store.available && !b!.store.available, "the outage");
    try {
      expect(await textOf(await a!.post("ada", plain, headers))).toBe("a");
      for (const refused of [
        await b!.post("ada", plain, headers),
        await a!.initialize("ada"),
        await a!.post("ada", { id: 5, method: "logging/setLevel", params: { level: "debug" } }, headers),
        await a!.ask("ada", { method: "DELETE", headers }),
      ])
        expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
      a!.calls.get("")!.progress(2);
      a!.calls.get("")!.end("done");
      expect((await rest(stream)).at(-1)!.data.result.content[0].text).toBe("done");
    } finally {
      await shared.redis.restart();
    }
    await until(() => a!.store.available && b!.store.available, "the return");
    expect(await textOf(await b!.post("ada", plain, headers))).toBe("b");
    const resumed = await rest(await opened((signal) => b!.get("ada", headers, id, signal)));
    expect(resumed.map(({ data }) => data?.params?.progress ?? data?.result.content[0].text)).toEqual([
      undefined,
      2,
      "done",
    ]);
  });

  test("sessions that Redis has lost are written again by a replica that has them, as they were", async () => {
    const [a, b] = await replicas("a", "b");
    const headers = await session(a!);
    const idle = await session(a!);
    await a!.post("ada", { id: 2, method: "logging/setLevel", params: { level: "debug" } }, headers);
    const keys = ((await shared.redis.ask("KEYS", `${shared.prefix}*`)) as string[]).toSorted();
    await shared.redis.ask("FLUSHALL");
    const kept = /session|replica/;
    await until(
      async () =>
        JSON.stringify(
          ((await shared.redis.ask("KEYS", `${shared.prefix}*`)) as string[])
            .filter((key) => kept.test(key))
            .toSorted(),
        ) === JSON.stringify(keys.filter((key) => kept.test(key))),
      "the sessions",
    );
    for (const used of [headers, idle]) expect((await b!.post("ada", plain, used)).status).toBe(200);
    expect((await b!.post("ada", callOf("log"), headers)).headers.get("content-type")).toBe("text/event-stream");
  });
});
