import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { freePort } from "../e2e/free-port.js";
import { hasRedis, startCluster, type Redis } from "../e2e/redis.js";
import { startReplica, until } from "./replicas.js";
import { callOf, opened, startServing, textOf, type Serving } from "./stored-replicas.js";

/** Listens on a port that passes on to another one, after a while: another attempt to connect would begin meanwhile. */
async function listenSlowly(port: number): Promise<number> {
  const server = createServer((socket) => {
    const target = connect(port, "127.0.0.1");
    socket.on("error", () => {}).on("close", () => target.destroy());
    target.on("error", () => {}).on("close", () => socket.destroy());
    setTimeout(() => socket.pipe(target).pipe(socket), 300);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

describe.skipIf(!hasRedis)("a cluster of several nodes", () => {
  let nodes: readonly Redis[] = [];
  beforeAll(async () => {
    nodes = await startCluster();
  });
  afterAll(() => Promise.all(nodes.map((node) => node.stop())));

  test("is entered by any of its nodes, and left without a connection", async () => {
    const dead = `redis://127.0.0.1:${await freePort()}`;
    const connections = async (): Promise<number> => {
      const lists = await Promise.all(nodes.map(({ ask }) => ask("CLIENT", "LIST", "TYPE", "normal")));
      return lists.map((list) => String(list).trim().split("\n").length - 1).reduce((sum, count) => sum + count, 0);
    };
    const slow = await listenSlowly(nodes[1]!.port);
    const entrance = { url: [dead, `redis://127.0.0.1:${slow}`].join(","), cluster: true };
    // The package tries them in an order of its own.
    const servings = await Promise.all(
      Array.from({ length: 6 }, (_, count) => startServing(entrance, `entered ${count}:`, "a")),
    );
    for (const serving of servings) {
      await until(() => serving.store.available, "the store");
      expect((await serving.initialize("ada", "2025-11-25")).status).toBe(200);
    }
    expect(await connections()).toBeGreaterThan(0);
    // A second attempt, if there were one, would have its connections by then.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await Promise.all(servings.map((serving) => serving.stop()));
    await until(async () => (await connections()) === 0, "the end of all connections");
  });

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
          expect(await textOf(await b.post("ada", callOf("touch", { uri }), headers))).toBe("b");
          expect((await stream.next())!.data.params).toEqual({ uri });
          stream.hangUp();
          const name = `held ${count} ${index}`;
          const running = await opened((signal) => a.post("ada", callOf("held", { call: name }), headers, signal));
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
    // The failure of a node that has the heartbeat of one replica alone would look like the death of that replica.
    const heartbeats = [a, b].map(({ store }) => store.context.replicas.heartbeat[0]);
    const slots = await Promise.all(heartbeats.map((key) => nodes[1]!.ask("CLUSTER", "KEYSLOT", key)));
    expect(slots[0]).toBe(slots[1]);
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
    for (const headers of sessions) expect(await textOf(await b.post("ada", callOf("plain"), headers))).toBe("b");
  });

  test("whose node is gone for good keeps no connection of an attempt that has failed", async () => {
    await nodes[1]!.kill();
    const { ask, url } = nodes[2]!;
    let asked = 0;
    const numbers = async (...command: string[]): Promise<string> => {
      asked += 1;
      return String(await ask(...command));
    };
    const total = async (): Promise<number> =>
      Number(/total_connections_received:(\d+)/.exec(await numbers("INFO", "stats"))![1]) - asked;
    const before = await total();
    const { store } = await startReplica(url, { cluster: true, commandTimeoutMs: 200 });
    await until(async () => (await total()) >= before + 20, "the attempts");
    expect(store.available).toBe(false);
    // The current attempt has some.
    const open = async (): Promise<number> =>
      (await numbers("CLIENT", "LIST", "TYPE", "normal")).trim().split("\n").length;
    await until(async () => (await open()) < 7, "the end of connections");
  });
});
