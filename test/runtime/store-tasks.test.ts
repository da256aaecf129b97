import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { McpError } from "../../runtime/index.js";
import { drain } from "../../runtime/protocol/drain.js";
import { hasRedis, startRedis, type Redis } from "../e2e/redis.js";
import { converse } from "./conversation.js";
import { begin, capabilities, get, getsStatus, held, type Held } from "./held-tasks.js";
import { changesIn, loseReply, until } from "./replicas.js";

describe.skipIf(!hasRedis)("tasks", () => {
  let redis: Redis;
  beforeAll(async () => {
    redis = await startRedis({ durable: true });
  });
  afterAll(() => redis.stop());
  beforeEach(() => redis.ask("FLUSHALL"));

  test("are answered by every replica: state, questions, answers and results", async () => {
    const [first, second] = [await held(redis), await held(redis)];
    const { taskId, status, ttlMs } = await begin(first, { ask: true });
    expect([status, ttlMs]).toEqual(["working", 3_600_000]);
    await getsStatus(second, taskId, "input_required");
    const asked = await get(second, taskId);
    expect(asked).toEqual(await get(first, taskId));
    expect(asked.inputRequests.name.method).toBe("elicitation/create");
    const inputResponses = { unknown: {}, name: { action: "decline" } };
    const { result } = await second.client.request("tasks/update", { taskId, inputResponses });
    expect(result.resultType).toBe("complete");
    await until(() => first.ends.length === 1);
    await getsStatus(second, taskId, "working");
    first.ends[0]!("done");
    await getsStatus(second, taskId, "completed");
    const ended = await get(second, taskId);
    expect(ended).toEqual(await get(first, taskId));
    expect(ended.result.content[0].text).toBe('done {"action":"decline"}');
  });

  test("are cancelled, and fail, for every replica", async () => {
    const [first, second] = [await held(redis), await held(redis)];
    const cancelled = await begin(first);
    const failing = await begin(first);
    await second.client.request("tasks/cancel", { taskId: cancelled.taskId });
    await until(() => first.signals[0]!.aborted);
    await getsStatus(second, cancelled.taskId, "cancelled");
    first.ends[1]!(new McpError(7, "broken", { why: 1 }));
    await getsStatus(second, failing.taskId, "failed");
    expect((await get(second, failing.taskId)).error).toEqual({ code: 7, message: "broken", data: { why: 1 } });
    expect(first.signals[1]!.aborted).toBe(false);
  });

  test("are watched at every replica, to their end", async () => {
    const [first, second] = [await held(redis), await held(redis)];
    const { taskId } = await begin(first, { ask: true });
    await getsStatus(second, taskId, "input_required");
    const notifications = { taskIds: [taskId, "00000000-0000-4000-8000-000000000000"] };
    void second.client.request("subscriptions/listen", { notifications });
    expect((await second.client.next()).params.notifications).toEqual({ taskIds: [taskId] });
    await first.client.request("tasks/update", { taskId, inputResponses: { name: { action: "decline" } } });
    expect((await second.client.next()).params).toMatchObject({ taskId, status: "working" });
    await until(() => first.ends.length === 1);
    first.ends[0]!("done");
    expect((await second.client.next()).params).toMatchObject({
      ...{ taskId, status: "completed" },
      result: { content: [{ text: 'done {"action":"decline"}' }] },
    });
  });

  test("of a replica that has ended fail, and a late end of the run changes nothing", async () => {
    const [first, second] = [await held(redis), await held(redis)];
    const { taskId } = await begin(first);
    const notifications = { taskIds: [taskId] };
    void second.client.request("subscriptions/listen", { notifications });
    await second.client.next();
    const { replica } = first.store;
    const failsWithoutHeartbeat = async (): Promise<boolean> => {
      await redis.ask("DEL", `test:{replicas}:${replica}`);
      return (await get(second, taskId)).status === "failed";
    };
    await until(failsWithoutHeartbeat);
    const { params } = await second.client.next();
    expect(params.error.message).toContain("the replica that ran the task has ended");
    // A replica that was only slow stops its run.
    await until(() => first.signals[0]!.aborted);
    first.ends[0]!("too late");
    await getsStatus(first, taskId, "failed");
    expect(await get(second, taskId)).toEqual(await get(first, taskId));
  });

  test("of a replica that has ended fail though nobody looks", async () => {
    const [first, second] = [await held(redis), await held(redis)];
    const { taskId } = await begin(first);
    const key = `test:{tasks}:${taskId}`;
    // A replica that has never been.
    await redis.ask("SET", key, String(await redis.ask("GET", key)).replace(first.store.replica, "gone"));
    const sweeps = async (): Promise<boolean> => {
      await redis.ask("DEL", "test:{tasks}:sweep");
      await second.store.tasks!.sweep();
      return String(await redis.ask("GET", key)).includes('"failed"');
    };
    await until(sweeps);
  });

  test("go on while Redis is away; an end is told when Redis has it", async () => {
    const [first, second] = [await held(redis), await held(redis)];
    const { taskId } = await begin(first);
    await redis.kill();
    await until(() => !first.store.available && !second.store.available);
    expect(await get(first, taskId)).toMatchObject({ status: "working" });
    expect(await get(second, taskId)).toMatchObject({ message: "the store is away; try again in a moment" });
    const refused = await first.client.request("tools/call", { name: "t", arguments: {} });
    expect(refused.error).toMatchObject({ message: expect.stringContaining("the store is away") });
    // The handler of a refused task does not run.
    expect(first.signals).toHaveLength(1);
    first.ends[0]!("done");
    await until(() => first.server.running.size === 0);
    expect((await get(first, taskId)).status).toBe("working");
    await redis.restart();
    await getsStatus(second, taskId, "completed");
    await getsStatus(first, taskId, "completed");
  });

  const cutOff = ({ server }: Held): Promise<void> => drain(server, 0);
  const cancel = ({ client }: Held, taskId: string): Promise<unknown> => client.request("tasks/cancel", { taskId });
  const tooMany = Array.from({ length: 1025 }, (_, index) => `made://${index}`);
  const tooLong = "x".repeat(20_000);

  test.each<[string, string[], string[], string, ((replica: Held, taskId: string) => Promise<unknown>)?]>([
    ["complete when Redis has the changes of their handlers", ["made://a"], ["made://b"], "completed"],
    ["complete when Redis has a change of everything, in place of too many", tooMany, [], "completed"],
    ["fail if a change is lost", ["made://a", tooLong], [], "failed"],
    ["fail if a change is lost after a late one", ["made://a"], [tooLong], "failed"],
    ["are cancelled while Redis lacks the changes of their handlers", ["made://a"], [], "cancelled", cancel],
    ["fail when the server stops while Redis lacks the changes of their handlers", ["made://a"], [], "failed", cutOff],
  ])("%s", async (_, uris, later, status, end) => {
    const [first, second] = [await held(redis), await held(redis)];
    const { taskId } = await begin(first);
    await redis.kill();
    await until(() => !first.store.available && !second.store.available);
    first.ends[0]!(uris);
    // The store is away for longer than a call waits.
    const isLate = (): boolean => first.log.some((line) => line.includes("is published later"));
    if (later.length > 0) await until(isLate, "the end of the wait");
    await until(() => first.ends.length === 2);
    first.ends[1]!(later);
    await until(() => first.ends.length === 3);
    first.ends[2]!("done");
    await until(isLate, "the end of the wait");
    await end?.(first, taskId);
    if (status !== "completed") await until(() => first.server.running.size === 0);
    await redis.restart();
    await getsStatus(second, taskId, status);
    // Redis drops some of too many changes.
    if (status === "completed" && uris !== tooMany) expect(await changesIn(redis)).toBe(2);
  });

  test("that make room while Redis is away have ended for every replica once it is back", async () => {
    const limits = { maxTasks: 2 };
    const [first, second] = [await held(redis, limits), await held(redis, limits)];
    const { taskId } = await begin(first);
    await begin(first);
    await redis.kill();
    await until(() => !first.store.available && !second.store.available);
    const other = await converse(first.server, "2026-07-28", capabilities, { remote: "10.0.0.2" });
    const refused = await other.request("tools/call", { name: "t", arguments: {} });
    expect(refused.error.message).toContain("the store is away");
    expect(first.signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    await redis.restart();
    await until(() => second.store.available);
    await until(async () => (await get(second, taskId)).status !== "working", "an end");
  });

  test("whose creation Redis does not acknowledge take no place: their replica finds them", async () => {
    const [first, second] = [await held(redis), await held(redis)];
    const { taskId } = await begin(first);
    // Another replica looks for tasks of ended ones.
    await redis.ask("SET", "test:{tasks}:sweep", second.store.replica);
    loseReply(first);
    const { error } = await first.client.request("tools/call", { name: "t", arguments: {} });
    expect(error.message).toContain("the reply is lost");
    const running = async (): Promise<string[]> => {
      const keys = (await redis.ask("KEYS", "test:{tasks}:*-*")) as string[];
      const texts = await Promise.all(keys.map(async (key) => String(await redis.ask("GET", key))));
      return keys.filter((_, at) => texts[at]!.includes('"working"')).map((key) => key.split(":").at(-1)!);
    };
    expect(await running()).toHaveLength(2);
    await second.store.tasks!.sweep();
    expect(await running()).toHaveLength(2);
    await first.store.tasks!.sweep();
    expect(await running()).toEqual([taskId]);
  });

  test("that have ended for Redis end, too, if it does not say how", async () => {
    const replica = await held(redis);
    const { taskId } = await begin(replica);
    const [key, index] = [`test:{tasks}:${taskId}`, "test:{tasks}:index"];
    await redis.ask("SET", key, String(await redis.ask("GET", key)).replace('"working"', '"failed"'));
    const entry = JSON.parse(String(await redis.ask("HGET", index, taskId))) as unknown[];
    await redis.ask("HSET", index, taskId, JSON.stringify(entry.with(2, 1)));
    const { connection } = replica.store.context;
    const { send } = connection;
    connection.send = (...command) => {
      if (command[1] !== "GET") return send(...command);
      connection.send = send;
      return Promise.reject(new Error("lost"));
    };
    replica.ends[0]!("done");
    await getsStatus(replica, taskId, "failed");
  });

  test.each([
    ["tasks/update", { inputResponses: { name: { action: "decline" } } }, "working"],
    ["tasks/cancel", {}, "cancelled"],
  ])("acknowledge %s at their own replica once Redis has the effect", async (method, params, status) => {
    const [first, second] = [await held(redis), await held(redis)];
    const { taskId } = await begin(first, { ask: true });
    await getsStatus(second, taskId, "input_required");
    await redis.kill();
    await until(() => !first.store.available && !second.store.available);
    const send = async (): Promise<any> => first.client.request(method, { taskId, ...params });
    for (let time = 0; time < 2; time += 1) expect((await send()).error.message).toContain("the store is away");
    await redis.restart();
    await until(() => second.store.available);
    await until(async () => (await send()).error === undefined);
    expect((await get(second, taskId)).status).toBe(status);
  });

  test("expire in Redis with their lifetime, and are no more than the limit in number and bytes", async () => {
    const limits = { maxTasks: 3, maxKeptBytes: 200_000, taskTtlMs: 60_000 };
    const [first, second] = [await held(redis, limits), await held(redis, limits)];
    const ids = [(await begin(first)).taskId, (await begin(second)).taskId, (await begin(first)).taskId];
    expect(await redis.ask("PTTL", `test:{tasks}:${ids[0]}`)).toBeGreaterThan(50_000);
    expect(await redis.ask("PTTL", "test:{tasks}:index")).toBeLessThanOrEqual(60_000);
    // All belong to one caller, and none has ended.
    const full = await second.client.request("tools/call", { name: "t", arguments: {} });
    expect(full.error.message).toBe("too many tasks are kept; try again later");
    first.ends[0]!("a".repeat(50_000));
    await getsStatus(second, ids[0], "completed");
    // The ended one makes room.
    const more = (await begin(second)).taskId;
    await until(async () => String((await get(first, ids[0])).message).includes("there is no task"));
    expect((await get(first, more)).status).toBe("working");
    // A result without room becomes a failure.
    first.ends[1]!("a".repeat(199_000));
    await getsStatus(second, ids[2], "failed");
    expect((await get(second, ids[2])).error.message).toContain("there is no room for the result");
    expect(await redis.ask("HLEN", "test:{tasks}:index")).toBe(4);
  });

  test("of the caller who holds most make room for another one", async () => {
    const limits = { maxTasks: 3 };
    const [first, second] = [await held(redis, limits), await held(redis, limits, "10.0.0.2")];
    const ids = [(await begin(first)).taskId, (await begin(first)).taskId, (await begin(first)).taskId];
    void first.client.request("subscriptions/listen", { notifications: { taskIds: ids } });
    await first.client.next();
    const { taskId } = await begin(second);
    expect((await first.client.next()).params).toMatchObject({ taskId: ids[0], status: "cancelled" });
    expect(first.signals.map(({ aborted }) => aborted)).toEqual([true, false, false]);
    for (const replica of [first, second]) expect((await get(replica, ids[0])).code).toBe(-32602);
    expect((await get(second, taskId)).status).toBe("working");
  });

  test("of another caller are unknown at every replica", async () => {
    const [first, second] = [await held(redis), await held(redis)];
    const { taskId } = await begin(first);
    const key = `test:{tasks}:${taskId}`;
    await redis.ask("SET", key, String(await redis.ask("GET", key)).replace(/"owner":"\w+"/, '"owner":"another"'));
    expect((await get(second, taskId)).code).toBe(-32602);
  });

  test("that a handler begins itself are refused while Redis is away, and the handler is told", async () => {
    const replica = await held(redis);
    Object.assign(replica.server.surface.tools[0]!, { defersTask: true });
    await redis.kill();
    await until(() => !replica.store.available);
    const { error } = await replica.client.request("tools/call", { name: "t", arguments: { defer: true } });
    expect(error.message).toContain("the store is away");
    await until(() => replica.signals[0]!.aborted);
    await redis.restart();
    await until(() => replica.store.available);
  });

  test("that Redis has in another form are unknown", async () => {
    const [first, second] = [await held(redis), await held(redis)];
    const { taskId } = await begin(first);
    const key = `test:{tasks}:${taskId}`;
    const text = String(await redis.ask("GET", key));
    for (const wrong of [
      "",
      "[]",
      "{}",
      text.slice(1),
      text.replace('"working"', '"sleeping"'),
      text.replace(/"scopes":\[\]/, '"scopes":7'),
    ]) {
      await redis.ask("SET", key, wrong);
      expect((await get(second, taskId)).code).toBe(-32602);
    }
    await redis.ask("SET", key, text);
    expect((await get(second, taskId)).status).toBe("working");
  });

  test("work in a cluster", async () => {
    const cluster = await startRedis({ cluster: true });
    onTestFinished(() => cluster.stop());
    const limits = { maxTasks: 1 };
    const [first, second] = await Promise.all(
      ["10.0.0.1", "10.0.0.2"].map((remote) => held(cluster, limits, remote, { cluster: true })),
    );
    const { taskId } = await begin(first!);
    await second!.client.request("tasks/cancel", { taskId });
    await getsStatus(second!, taskId, "cancelled");
    const { taskId: next } = await begin(second!);
    expect((await get(first!, next)).status).toBe("working");
  });
});
