import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { AnyToolHandler } from "../../runtime/protocol/surface.js";
import { hasRedis, startRedis, type Redis } from "../e2e/redis.js";
import { converse, type Conversation } from "./conversation.js";
import { loseReply, startReplica, until, type Replica } from "./replicas.js";
import { serverWith } from "./surface.js";

const elicitations = new Map([["name", { message: "Your name?", requestedSchema: { type: "object" } }]]);
const answers: any = { name: Object.assign(() => true, { errors: null }) };
const inputResponses = { name: { action: "accept", content: {} } };
const used = '"requestState" has been used, and its call is answered; send the request anew without it';

/** Tools that ask for a name, and what they did: one ends at once, one waits, one fails at first. */
function asking() {
  const runs: { resolve: (value: string) => void }[] = [];
  const done: string[] = [];
  const failures = ["no"];
  const after = (work: () => unknown): AnyToolHandler =>
    (async (_input: unknown, { elicit }: any) => {
      await elicit.name();
      return work();
    }) as never;
  const tools = {
    greet: after(() => `greeting ${done.push("greet")}`),
    order: (async (_input: unknown, { elicit, step }: any) => {
      const order: unknown = await step("order", () => `order ${done.push("order")}`);
      await elicit.name();
      return order;
    }) as never,
    wait: after(() => new Promise((resolve) => runs.push({ resolve }))),
    fail: after(() => {
      const failure = failures.pop();
      if (failure !== undefined) throw new Error(failure);
      return "done";
    }),
  };
  return { tools, runs, done, more: { surface: { elicitations } as never, answers } };
}

const open = (client: Conversation, name: string): Promise<any> =>
  client.request("tools/call", { name, arguments: {} }).then(({ result }) => result.requestState);
const resume = (client: Conversation, name: string, requestState: string): Promise<any> =>
  client.request("tools/call", { name, arguments: {}, requestState, inputResponses });

test("a state continues its call once, in one process", async () => {
  const { tools, runs, done, more } = asking();
  const client = await converse(serverWith(tools, more), "2026-07-28", { elicitation: {} });
  const state = await open(client, "greet");
  expect((await resume(client, "greet", state)).result.content[0].text).toBe("greeting 1");
  expect((await resume(client, "greet", state)).error).toMatchObject({ code: -32602, message: used });
  expect(done).toHaveLength(1);

  const waiting = await open(client, "wait");
  const [first, second] = [resume(client, "wait", waiting), resume(client, "wait", waiting)];
  expect((await second).error.message).toBe("another request continues this call; try again in a moment");
  await until(() => runs.length === 1);
  runs[0]!.resolve("end");
  expect((await first).result.content[0].text).toBe("end");
  expect((await resume(client, "wait", waiting)).error.message).toBe(used);
});

test("a step happens once, however many rounds there are", async () => {
  const { tools, done, more } = asking();
  const client = await converse(serverWith(tools, more), "2026-07-28", { elicitation: {} });
  const unanswered = { name: "order", arguments: {}, inputResponses: {} };
  let requestState = await open(client, "order");
  for (let round = 0; round < 3; round += 1)
    ({ requestState } = (await client.request("tools/call", { ...unanswered, requestState })).result);
  expect((await resume(client, "order", requestState)).result.content[0].text).toBe("order 1");
  expect(done).toEqual(["order"]);
});

test("a state that got another question, or no answer, continues its call again", async () => {
  const { tools, runs, more } = asking();
  const server = serverWith(tools, more);
  const client = await converse(server, "2026-07-28", { elicitation: {} });
  const state = await open(client, "wait");
  const unanswered = { name: "wait", arguments: {}, requestState: state, inputResponses: {} };
  const again = (await client.request("tools/call", unanswered)).result;
  expect(again.resultType).toBe("input_required");
  void resume(client, "wait", state);
  await until(() => runs.length === 1);
  client.connection.close(new Error("gone"));
  runs[0]!.resolve("lost");
  const other = await converse(server, "2026-07-28", { elicitation: {} });
  let answer: Promise<any> | undefined;
  await until(async () => {
    const attempt = resume(other, "wait", again.requestState);
    const isRefused = await Promise.race([
      attempt.then(({ error }) => error !== undefined),
      until(() => runs.length === 2).then(() => false),
    ]);
    answer = attempt;
    return !isRefused;
  });
  runs[1]!.resolve("found");
  expect((await answer!).result.content[0].text).toBe("found");
});

describe.skipIf(!hasRedis)("states of several replicas", () => {
  let redis: Redis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  async function replicasOf(url: string) {
    const { tools, more, ...rest } = asking();
    const replicas = await Promise.all([1, 2].map(() => startReplica(url, {}, { ...more, stateKeys: ["k"] }, tools)));
    const clients = await Promise.all(
      replicas.map(({ server }) => converse(server, "2026-07-28", { elicitation: {} })),
    );
    return { replicas, clients, ...rest };
  }

  test("continue a call once", async () => {
    const { clients, done, runs } = await replicasOf(redis.url);
    const [first, second] = clients as [Conversation, Conversation];
    const state = await open(first, "greet");
    expect((await resume(second, "greet", state)).result.content[0].text).toBe("greeting 1");
    for (const client of clients) expect((await resume(client, "greet", state)).error.message).toBe(used);
    expect(done).toHaveLength(1);

    const waiting = await open(first, "wait");
    const answer = resume(first, "wait", waiting);
    await until(() => runs.length === 1);
    expect((await resume(second, "wait", waiting)).error.message).toContain("another request continues this call");
    runs[0]!.resolve("end");
    expect((await answer).result.content[0].text).toBe("end");
    expect((await resume(second, "wait", waiting)).error.message).toBe(used);
    for (const key of (await redis.ask("KEYS", "test:{states}:*")) as string[])
      expect(Number(await redis.ask("PTTL", key))).toBeGreaterThan(0);
  });

  test("continue a call of a replica that has died", async () => {
    const { clients, replicas, runs } = await replicasOf(redis.url);
    const [first, second] = clients as [Conversation, Conversation];
    const waiting = await open(first, "wait");
    void resume(first, "wait", waiting);
    await until(() => runs.length === 1);
    await replicas[0]!.stop();
    await until(async () => !(await replicas[1]!.store.context.replicas.isAlive(replicas[0]!.store.replica)));
    const answer = resume(second, "wait", waiting);
    await until(() => runs.length === 2);
    runs[1]!.resolve("end");
    expect((await answer).result.content[0].text).toBe("end");
  });

  test("continue a call of a replica that has died in one of those that are left", async () => {
    const [dead, faster, slower] = await Promise.all([1, 2, 3].map(() => startReplica(redis.url)));
    const claimAt = ({ store }: Replica) => store.states.claim({ id: "dead", caller: "ada", lifetimeMs: 60_000 });
    await claimAt(dead!);
    await dead!.stop();
    const { replicas } = slower!.store.context;
    const { isAlive } = replicas;
    await until(async () => !(await isAlive(dead!.store.replica)));
    let claiming: Promise<unknown> | undefined;
    replicas.isAlive = async (replica) => {
      claiming ??= claimAt(faster!);
      await claiming;
      return isAlive(replica);
    };
    const refused = claimAt(slower!);
    expect(await refused).toBe("running");
    expect(await claiming).toBeTypeOf("object");
  });

  test("continue a call later if the reply to its claim is lost", async () => {
    const { clients, replicas, done } = await replicasOf(redis.url);
    const state = await open(clients[0]!, "greet");
    loseReply(replicas[0]!);
    expect((await resume(clients[0]!, "greet", state)).error.message).toContain("the reply is lost");
    const answered = async (): Promise<boolean> => {
      const { error } = await resume(clients[1]!, "greet", state);
      if (error !== undefined) expect(error.message).toContain("another request continues this call");
      return error === undefined;
    };
    await until(answered);
    expect(done).toHaveLength(1);
  });

  test("are refused while Redis is away, and continue when it is back", async () => {
    const own = await startRedis({ durable: true });
    onTestFinished(() => own.stop());
    const { clients, replicas, done } = await replicasOf(own.url);
    const state = await open(clients[0]!, "greet");
    await own.kill();
    await until(() => replicas.every(({ store }) => !store.available));
    expect((await resume(clients[1]!, "greet", state)).error).toMatchObject({
      message: "the store is away; try again in a moment",
      data: { retryAfterMs: 1000 },
    });
    await own.restart();
    await until(() => replicas.every(({ store }) => store.available));
    expect((await resume(clients[1]!, "greet", state)).result.content[0].text).toBe("greeting 1");
    expect((await resume(clients[0]!, "greet", state)).error.message).toBe(used);
    expect(done).toHaveLength(1);
  });

  test.each<[what: string, value: readonly string[], isUsed: boolean]>([
    ["another text", ["SET", "garbage"], true],
    ["a replica whose name is none", ["SET", "running a:b"], false],
    ["no name", ["SET", "running "], false],
  ])("understand a claim with %s", async (_, [command, value], isUsed) => {
    const { clients } = await replicasOf(redis.url);
    await redis.ask("FLUSHALL");
    const state = await open(clients[0]!, "greet");
    await resume(clients[0]!, "greet", state);
    const keys = (await redis.ask("KEYS", "test:{states}:*")) as string[];
    const key = keys.find((name) => /}:[\da-f]{32}$/.test(name));
    await redis.ask(command!, key!, value!);
    const { error } = await resume(clients[1]!, "greet", state);
    expect(error?.message).toBe(isUsed ? used : undefined);
  });
});
