import { describe, expect, test, vi } from "vitest";
import { McpError } from "../../runtime/index.js";
import { callerOf, revisions, settled } from "./caller.js";
import { held, setup } from "./cached-server.js";

describe("calls for the same at the same time", () => {
  test("share one run, whatever their revisions", async () => {
    const { tool, runs } = held();
    const { server } = setup({ tool });
    const answers = revisions.map((revision) => callerOf(server, revision).call("t"));
    await settled();
    expect(runs).toHaveLength(1);
    runs[0]!.resolve("x");
    for (const { result } of await Promise.all(answers)) expect(result.content).toEqual([{ type: "text", text: "x" }]);
  });

  test("do not end with the first that is cancelled, but with the last", async () => {
    const { tool, runs } = held();
    const { server } = setup({ tool });
    const [first, second] = [callerOf(server), callerOf(server, "2026-07-28")];

    void first.call("t", {}, { progressToken: 1 });
    const answer = second.call("t", {}, { progressToken: 2 });
    await settled();
    first.cancel();
    runs[0]!.context.progress(1);
    expect(runs[0]!.context.signal.aborted).toBe(false);
    runs[0]!.resolve("x");
    expect((await answer).result.content[0].text).toBe("x");
    expect([...first.others, ...second.others]).toEqual([]);

    void first.call("t", { again: true });
    void second.call("t", { again: true });
    await settled();
    first.cancel();
    second.cancel();
    expect(runs[1]!.context.signal.aborted).toBe(true);
    // What is aborted is not waited for by anybody who comes later.
    void first.call("t", { again: true });
    await settled();
    expect(runs).toHaveLength(3);
  });

  test("share what goes wrong, which is not kept", async () => {
    const { tool, runs } = held();
    const { server } = setup({ tool });
    const answers = [callerOf(server), callerOf(server, "2026-07-28")].map((client) => client.call("t"));
    await settled();
    runs[0]!.reject(new McpError(7, "no"));
    for (const { error } of await Promise.all(answers)) expect(error).toEqual({ code: 7, message: "no" });
    void callerOf(server).call("t");
    await settled();
    expect(runs).toHaveLength(2);
  });

  test("do not wait for a run that has had its time", async () => {
    const { tool, runs } = held();
    const { server, pass } = setup({ tool, surface: { timeoutMs: 500 }, reuse: { ttlMs: 10_000 } });
    void callerOf(server).call("t");
    await settled();
    pass(499);
    void callerOf(server).call("t");
    await settled();
    expect(runs).toHaveLength(1);
    pass(1);
    void callerOf(server).call("t");
    await settled();
    expect(runs).toHaveLength(2);
    for (const { resolve } of runs) resolve("x");
  });
});

const capable = { elicitation: {} };
const question = {
  surface: {
    elicitations: new Map([["name", { message: "Who?", requestedSchema: { type: "object", properties: {} } }]]),
  },
};
const asking = async (_input: unknown, { elicit }: any) => (await elicit.name()).action;

describe("a call that asks its client", () => {
  test("is its caller's alone, up to 2025-11-25: others begin anew", async () => {
    const tool = vi.fn(asking);
    const { server } = setup({ tool, ...question });
    const clients = [callerOf(server, "2025-11-25", capable), callerOf(server, "2025-11-25", capable)];
    const answers = clients.map((client) => client.call("t"));
    await settled();
    expect(tool).toHaveBeenCalledTimes(2);
    const actions = ["accept", "decline"];
    clients.forEach((client, index) => client.respond(client.others[0].id, { action: actions[index], content: {} }));
    expect((await Promise.all(answers)).map(({ result }) => result.content[0].text)).toEqual(actions);
    void clients[0]!.call("t");
    await settled();
    expect(tool).toHaveBeenCalledTimes(3);
  });

  test("and of 2026-07-28: neither its rounds nor its result are kept", async () => {
    const tool = vi.fn(asking);
    const { server } = setup({ tool, ...question });
    const client = callerOf(server, "2026-07-28", capable);
    for (let round = 0; round < 2; round += 1) {
      const { result } = await client.call("t");
      expect(result.resultType).toBe("input_required");
      const { requestState } = result;
      const inputResponses = { name: { action: "decline" } };
      const last = await client.request("tools/call", { name: "t", arguments: {}, requestState, inputResponses });
      expect(last.result.content[0].text).toBe("decline");
    }
    expect(tool).toHaveBeenCalledTimes(4);
  });

  test("does not share what its client cannot do", async () => {
    const { server } = setup({
      tool: async (input, context) => (await Promise.resolve(), asking(input, context)),
      ...question,
    });
    const [without, able] = [callerOf(server), callerOf(server, "2025-11-25", capable)];
    const [refused, asked] = [without.call("t"), able.call("t")];
    expect((await refused).result.isError).toBe(true);
    await settled();
    able.respond(able.others[0].id, { action: "cancel" });
    expect((await asked).result.content[0].text).toBe("cancel");
  });
});
