import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasRedis, startCluster, type Redis } from "../e2e/redis.js";
import { until } from "./replicas.js";
import { opened, startServing, textOf, type Serving } from "./stored-replicas.js";

const call = (name: string, input: object = {}) => ({
  ...{ id: "call", method: "tools/call" },
  params: { name, arguments: input, _meta: { progressToken: 1 } },
});

describe.skipIf(!hasRedis)("a cluster of several nodes", () => {
  let nodes: readonly Redis[] = [];
  beforeAll(async () => {
    nodes = await startCluster();
  });
  afterAll(() => Promise.all(nodes.map((node) => node.stop())));

  test("keeps sessions, streams and changes, on any of its nodes, also after the end of one", async () => {
    const entrance = { url: nodes.map(({ url }) => url).join(","), cluster: true };
    const replicas = ["a", "b"].map((name) => startServing(entrance, "test:", name));
    const [a, b] = (await Promise.all(replicas)) as [Serving, Serving];
    /** Sessions, each of which hears of a change of the other replica, and whose stream goes on there. */
    async function use(count: number): Promise<Record<string, string>[]> {
      return Promise.all(
        Array.from({ length: count }, async (_, index) => {
          const headers = await a.session("ada");
          const uri = "made://a";
          await a.post("ada", { id: 2, method: "resources/subscribe", params: { uri } }, headers);
          const stream = await opened((signal) => a.get("ada", headers, undefined, signal));
          await stream.next();
          expect(await textOf(await b.post("ada", call("touch", { uri }), headers))).toBe("b");
          expect((await stream.next())!.data.params).toEqual({ uri });
          stream.hangUp();
          const name = `held ${count} ${index}`;
          const running = await opened((signal) => a.post("ada", call("held", { call: name }), headers, signal));
          await running.next();
          const { id } = (await running.next())!;
          running.hangUp();
          const resumed = await opened((signal) => b.get("ada", headers, id, signal));
          await resumed.next();
          a.calls.get(name)!.end("done");
          expect((await resumed.next())!.data.result.content[0].text).toBe("done");
          return headers;
        }),
      );
    }
    const sessions = await use(12);
    const held = await Promise.all(nodes.slice(0, 3).map(async ({ ask }) => Number(await ask("DBSIZE"))));
    expect(held.every((keys) => keys > 0)).toBe(true);

    await nodes[0]!.kill();
    await until(async () => String(await nodes[3]!.ask("ROLE")).startsWith("master"), "the promotion");
    await until(() => a.store.available && b.store.available, "the store");
    await until(async () => {
      const answers = await Promise.all([a, b].map((on) => on.initialize("ada", "2025-11-25")));
      return answers.every(({ status }) => status === 200);
    }, "sessions");
    await use(13);
    for (const headers of sessions) expect(await textOf(await b.post("ada", call("plain"), headers))).toBe("b");
  });
});
