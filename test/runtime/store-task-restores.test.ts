import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { hasRedis, startRedis, type Redis } from "../e2e/redis.js";
import { begin, get, getsStatus, held } from "./held-tasks.js";
import { until } from "./replicas.js";

describe.skipIf(!hasRedis)("tasks in a Redis that has lost something", () => {
  let redis: Redis;
  beforeAll(async () => {
    redis = await startRedis({ durable: true });
  });
  afterAll(() => redis.stop());
  beforeEach(() => redis.ask("FLUSHALL"));

  test.each(["completed", "cancelled"])(
    "that have %s are so again in a Redis that comes back with an older state",
    async (end) => {
      const own = await startRedis();
      onTestFinished(() => own.stop());
      const [first, second] = [await held(own), await held(own)];
      const { taskId } = await begin(first);
      await own.ask("SAVE");
      if (end === "completed") first.ends[0]!("done");
      else await second.client.request("tasks/cancel", { taskId });
      await getsStatus(second, taskId, end);
      await own.kill();
      await until(() => !first.store.available && !second.store.available);
      await own.restart();
      await until(() => first.store.available && second.store.available);
      await getsStatus(second, taskId, end);
      expect((await get(first, taskId)).status).toBe(end);
    },
  );

  test("that change while they are compared with Redis keep their last state", async () => {
    const [first, second] = [await held(redis), await held(redis)];
    const { tasks, context } = first.store;
    const { connection } = context;
    const { onAvailable, run, send } = connection;
    let compare = (): void => {};
    connection.onAvailable = (listener) => onAvailable((compare = listener));
    tasks!.start(first.server);
    connection.onAvailable = onAvailable;
    let compared: Promise<unknown> | undefined;
    connection.send = (key, ...command) =>
      (compared = send(key, ...command).then(async (reply) => {
        // The reply to the write comes before.
        await tasks!.settle(key.split(":").at(-1)!);
        return reply;
      }));
    connection.run = async (...script) => {
      const reply = run(...script);
      // The command of the script is sent then.
      await new Promise((resolve) => process.nextTick(resolve));
      if (script[2].some((text) => text.includes("input_required"))) compare();
      return reply;
    };
    const { taskId } = await begin(first, { ask: true });
    await until(() => compared !== undefined, "the comparison");
    connection.send = send;
    connection.run = run;
    await compared;
    await tasks!.settle(taskId);
    expect(await get(second, taskId)).toMatchObject({ status: "input_required" });
  });

  test("are written again to a Redis that has lost its data while it runs", async () => {
    const [first, second] = [await held(redis), await held(redis)];
    const { taskId } = await begin(first);
    await redis.ask("FLUSHALL");
    await getsStatus(second, taskId, "working");
    first.ends[0]!("done");
    await getsStatus(second, taskId, "completed");
  });
});
