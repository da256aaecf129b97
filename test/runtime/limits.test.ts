import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { limitConcurrency, type ConcurrencyOptions } from "../../runtime/limits/concurrency.js";
import { createRate } from "../../runtime/limits/rate.js";
import { connect } from "../../runtime/protocol/connection.js";
import { publish } from "../../runtime/protocol/changes.js";
import { defineServer } from "../../runtime/protocol/define-server.js";
import { tooManyRequests } from "../../runtime/protocol/errors.js";
import { drain } from "../../runtime/protocol/drain.js";
import type { Server } from "../../runtime/protocol/exchange.js";
import { callerOf, settled } from "./caller.js";
import { doors, options } from "./doors.js";
import { serverWith } from "./surface.js";

/** A handler whose runs end when they are told to, and what is known of them. */
function held() {
  const runs: { end: (value?: unknown) => void; fail: (error: unknown) => void; signal: AbortSignal }[] = [];
  const handler = (_input: unknown, { signal }: any) =>
    new Promise((resolve, reject) => {
      runs.push({ end: (value = "x") => resolve(value), fail: reject, signal });
    });
  return { handler, runs };
}

describe("concurrency", () => {
  function limited(options: ConcurrencyOptions) {
    const { handler, runs } = held();
    const made = serverWith({ slow: handler as never, fast: () => "x", bad: () => Promise.reject(new Error("no")) });
    const prompts = new Map([["p", handler as never]]);
    const handlers = limitConcurrency(options)({ ...made.handlers, prompts });
    const prompt = { name: "p", arguments: [] };
    return {
      server: defineServer({ ...made.surface, prompts: [prompt] }, handlers, () => ({ logger: () => {} })),
      runs,
    };
  }
  const text = async (answer: Promise<any>): Promise<string> => (await answer).result.content[0].text;

  test("calls beyond it wait for their turn, in order", async () => {
    const { server, runs } = limited({ server: 2, maxQueue: 10 });
    const client = callerOf(server);
    const answers = Array.from({ length: 4 }, () => text(client.call("slow")));
    await settled();
    expect(runs).toHaveLength(2);
    runs[0]!.end("first");
    expect(await answers[0]).toBe("first");
    await settled();
    expect(runs).toHaveLength(3);
    runs[1]!.fail(new Error("no"));
    expect(await answers[1]).toContain("internal error");
    await settled();
    for (const [index, { end }] of runs.entries()) end(`${index}`);
    expect(await Promise.all(answers.slice(2))).toEqual(["2", "3"]);
    // Every slot is free again.
    for (const name of ["fast", "bad", "fast"]) await client.call(name);
    await Promise.all([1, 2].map(() => client.call("fast")));
  });

  test("beyond the queue a tool says that it is busy, anything else fails with it", async () => {
    const { server, runs } = limited({ server: 1, maxQueue: 1 });
    const client = callerOf(server);
    void client.call("slow");
    void client.call("slow");
    const refused = await client.call("slow");
    expect(refused.result).toMatchObject({ isError: true });
    expect(refused.result.content[0].text).toBe("the server is busy; try again in a moment");
    const { error } = await client.request("prompts/get", { name: "p" });
    expect(error).toMatchObject({ code: -32603, message: "the server is busy; try again in a moment" });
    expect(error.data).toEqual({ retryAfterMs: 1000 });
    expect(await client.request("ping")).toMatchObject({ result: {} });
    expect(runs).toHaveLength(1);
  });

  test("one that is cancelled while it waits leaves the queue, and never runs", async () => {
    const { server, runs } = limited({ server: 1, maxQueue: 1 });
    const client = callerOf(server);
    void client.call("slow");
    void client.call("slow");
    client.cancel();
    await settled();
    const third = client.call("slow");
    await settled();
    expect(runs).toHaveLength(1);
    runs[0]!.end();
    await settled();
    expect(runs).toHaveLength(2);
    runs[1]!.end("third");
    expect(await text(third)).toBe("third");
  });

  test("a tool's own limit takes nothing from the others", async () => {
    const { server, runs } = limited({ server: 2, tools: new Map([["slow", 1]]), maxQueue: 5 });
    const client = callerOf(server);
    const slow = [client.call("slow"), client.call("slow"), client.call("slow")];
    await settled();
    expect(runs).toHaveLength(1);
    expect(await text(client.call("fast"))).toBe("x");
    for (let run = 0; run < 3; run += 1) {
      runs[run]!.end();
      await settled();
    }
    await Promise.all(slow);
    expect(runs).toHaveLength(3);
  });

  test("a caller who fills the queue makes room for others, and callers take turns", async () => {
    const { server, runs } = limited({ server: 1, maxQueue: 4 });
    const [eve, ada] = ["eve", "ada"].map((principal) => callerOf(server, "2025-11-25", {}, principal));
    const floods = Array.from({ length: 5 }, () => text(eve!.call("slow")));
    await settled();
    const honest = text(ada!.call("slow"));
    for (const answer of ["eve 1", "eve 3", "ada", "eve 4", "eve 5"]) {
      await settled();
      runs.at(-1)!.end(answer);
    }
    expect(await honest).toBe("ada");
    const busy = "the server is busy; try again in a moment";
    expect(await Promise.all(floods)).toEqual(["eve 1", busy, "eve 3", "eve 4", "eve 5"]);
  });

  test("a handler that answers at once holds its slot no longer", async () => {
    const { server } = limited({ server: 1, maxQueue: 0 });
    const client = callerOf(server);
    for (let round = 0; round < 3; round += 1) expect(await text(client.call("fast"))).toBe("x");
  });
});

describe("rate", () => {
  function rated(options: { perMinute: number; burst: number }) {
    let time = 0;
    const made = serverWith({ t: () => "x" });
    const admit = createRate({ ...options, now: () => time });
    const server = defineServer(made.surface, made.handlers, () => ({ admit, logger: () => {} }));
    const ask = (method: string) => admit({ method, caller: "eve" }) === undefined;
    const client = callerOf(server, "2026-07-28");
    const call = async (who?: string): Promise<string> => {
      const { result, error } = await callerOf(server, "2026-07-28", {}, who).call("t");
      return result === undefined ? error.message : result.content[0].text;
    };
    return { call, client, ask, server, pass: (ms: number) => (time += ms) };
  }
  const refusal = "more than 60 requests a minute; try again in 1 s";

  test("a caller may come in a burst, then at the rate", async () => {
    const { call, pass } = rated({ perMinute: 60, burst: 3 });
    expect([await call(), await call(), await call(), await call()]).toEqual(["x", "x", "x", refusal]);
    pass(999);
    expect(await call()).toBe(refusal);
    pass(1);
    expect([await call(), await call()]).toEqual(["x", refusal]);
    pass(60_000);
    expect([await call(), await call(), await call(), await call()]).toEqual(["x", "x", "x", refusal]);
  });

  test("each principal has a rate of its own", async () => {
    const { call } = rated({ perMinute: 60, burst: 1 });
    expect([await call("ada"), await call("bob"), await call()]).toEqual(["x", "x", "x"]);
    expect([await call("ada"), await call("bob"), await call()]).toEqual([refusal, refusal, refusal]);
  });

  test.each([
    ...["tools/call", "resources/read", "prompts/get", "completion/complete"],
    ...["initialize", "subscriptions/listen", "resources/subscribe", "open"],
  ])("%s counts: it runs a handler, or opens what is kept", (method) => {
    const { ask } = rated({ perMinute: 60, burst: 1 });
    expect([ask(method), ask(method), ask("ping")]).toEqual([true, false, true]);
  });

  test("a session that is not opened for that is refused in words", async () => {
    const { server } = rated({ perMinute: 60, burst: 1 });
    const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "x", version: "1" } };
    const answers: any[] = [];
    for (let times = 0; times < 2; times += 1)
      connect(server, (text) => answers.push(JSON.parse(String(text)))).receive({
        ...{ jsonrpc: "2.0", id: 1, method: "initialize", params },
      });
    expect(answers.map(({ error }) => error?.message)).toEqual([undefined, refusal]);
  });

  test("tells when to come again, and counts only what costs something", async () => {
    const { call, client } = rated({ perMinute: 6, burst: 1 });
    await call();
    const { error } = await client.call("t");
    expect(error).toMatchObject({ code: -32603, data: { retryAfterMs: 10_000 } });
    for (const method of ["server/discover", "tools/list"])
      expect((await client.request(method)).error).toBeUndefined();
  });
});

test.each(doors)("%s: without sessions, initialize is refused as with sessions", async (_, ask) => {
  const server = serverWith({ t: () => "x" });
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "x", version: "1" } };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params });
  const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };
  const initialize = () => ask(server, { ...options, sessions: false }, { headers, body });
  server.admit = () => tooManyRequests(1, 1);
  const limited = await initialize();
  expect([limited.status, limited.headers["retry-after"]]).toEqual([429, "1"]);
  await drain(server, 0);
  const stopped = await initialize();
  expect([stopped.status, JSON.parse(stopped.text)]).toEqual([
    503,
    { jsonrpc: "2.0", id: 1, error: expect.objectContaining({ message: expect.stringContaining("is stopping") }) },
  ]);
});

describe("a server that stops", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const turn = () => vi.advanceTimersByTimeAsync(20);

  function stopping(server: Server, limitMs = 10_000) {
    const state = { drained: false };
    void drain(server, limitMs).then(() => (state.drained = true));
    return state;
  }

  test("takes nothing new, and ends when what runs has ended", async () => {
    const { handler, runs } = held();
    const server = serverWith({ t: handler as never });
    const client = callerOf(server);
    const answer = client.call("t");
    await turn();
    const state = stopping(server);
    expect((await client.call("t")).error.message).toBe("the server is stopping; try again in a moment");
    await turn();
    expect([state.drained, runs.length]).toEqual([false, 1]);
    runs[0]!.end("done");
    expect((await answer).result.content[0].text).toBe("done");
    await turn();
    expect(state.drained).toBe(true);
  });

  const cutOff = "the server is stopping; send the request again if safe";
  /** Errors with which handlers end when their signal is aborted. */
  const ends: readonly [what: string, end: (signal: AbortSignal) => unknown][] = [
    ["the reason", ({ reason }) => reason],
    ["an AbortError, as Node's timers", () => new DOMException("The operation was aborted", "AbortError")],
  ];
  const listening = (end: (signal: AbortSignal) => unknown) => (_input: unknown, context: any) =>
    new Promise<never>((_, reject) => {
      const { signal } = context as { signal: AbortSignal };
      signal.addEventListener("abort", () => reject(end(signal)));
    });

  test.each(ends)(
    "tells callers of tools and resources that it cut off, if handlers end with %s",
    async (_what, end) => {
      const logged: string[] = [];
      const log = (message: string, details: object = {}, level: string) =>
        void (level === "debug" || logged.push(`${level}: ${message} ${JSON.stringify(details)}`));
      const server = serverWith({ t: listening(end) }, { log, resources: { "x://y": listening(end) } });
      const client = callerOf(server);
      const answers = [client.call("t"), client.read("x://y")];
      await turn();
      const state = stopping(server, 5000);
      await vi.advanceTimersByTimeAsync(5020);
      for (const { error } of await Promise.all(answers)) expect(error).toEqual({ code: -32603, message: cutOff });
      expect(logged).toEqual([expect.stringMatching(/^warning: calls cut off after 50\d\d ms: 2 \{\}$/)]);
      await vi.advanceTimersByTimeAsync(100);
      expect(state.drained).toBe(true);
    },
  );

  test.each(ends)("fails tasks that it cuts off, if handlers end with %s", async (_what, end) => {
    const server = serverWith({ t: listening(end) }, { surface: { task: "optional" } });
    const client = callerOf(server, "2026-07-28", { extensions: { "io.modelcontextprotocol/tasks": {} } });
    const { taskId } = (await client.call("t")).result;
    void stopping(server, 1000);
    await vi.advanceTimersByTimeAsync(1020);
    server.admit = undefined;
    expect((await client.request("tasks/get", { taskId })).result).toMatchObject({
      status: "failed",
      error: { message: cutOff },
    });
  });

  test("cancels what takes too long, in words, and does not wait for what does not listen", async () => {
    const { handler, runs } = held();
    const server = serverWith({ deaf: handler as never, listens: listening(({ reason }) => reason) });
    const client = callerOf(server);
    void client.call("deaf");
    const answer = client.call("listens");
    await turn();
    const state = stopping(server, 5000);
    await vi.advanceTimersByTimeAsync(4980);
    expect(runs[0]!.signal.aborted).toBe(false);
    await turn();
    expect(runs[0]!.signal.aborted).toBe(true);
    expect((await answer).error.message).toBe(cutOff);
    expect(state.drained).toBe(false);
    await vi.advanceTimersByTimeAsync(1020);
    expect(state.drained).toBe(true);
  });

  test("waits for tasks, and cancels them, too", async () => {
    const { handler, runs } = held();
    const server = serverWith({ t: handler as never }, { surface: { task: "optional" } });
    const client = callerOf(server, "2026-07-28", { extensions: { "io.modelcontextprotocol/tasks": {} } });
    expect((await client.call("t")).result.resultType).toBe("task");
    const state = stopping(server, 1000);
    await vi.advanceTimersByTimeAsync(900);
    expect([state.drained, runs[0]!.signal.aborted]).toEqual([false, false]);
    await vi.advanceTimersByTimeAsync(200);
    expect(runs[0]!.signal.aborted).toBe(true);
    runs[0]!.end();
    await turn();
    expect(state.drained).toBe(true);
  });

  test("ends subscriptions with their answer", async () => {
    const server = serverWith({ t: () => "x" });
    const client = callerOf(server, "2026-07-28");
    const listening = client.request("subscriptions/listen", { notifications: { toolsListChanged: true } });
    publish(server, { kind: "tools" });
    const state = stopping(server);
    expect((await listening).result.resultType).toBe("complete");
    await turn();
    expect(state.drained).toBe(true);
    expect(client.others.map(({ method }) => method)).toEqual([
      "notifications/subscriptions/acknowledged",
      "notifications/tools/list_changed",
    ]);
  });
});
