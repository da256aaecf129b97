import { describe, expect, test } from "vitest";
import { identityOf } from "../../runtime/protocol/auth.js";
import { events } from "../e2e/events.js";
import { settled } from "./caller.js";
import { claim, serving } from "./many-callers.js";
import { serverWith } from "./surface.js";

/** A tool that answers at once, or never. */
const made = (task?: "optional" | "required") =>
  serverWith(
    { t: ({ slow }: any) => (slow ? new Promise(() => {}) : "done") },
    { surface: task === undefined ? {} : { task } },
  );

type Serving = ReturnType<typeof serving>;
const open = new AbortController();
const stream = { accept: "text/event-stream" };

/** Each opens one thing that is kept, and tells whether it could. */
const doors: readonly [
  what: string,
  kind: string,
  most: object,
  open: (from: Serving, who: string) => Promise<boolean>,
][] = [
  ["sessions", "session", { maxSessions: 8 }, async ({ initialize }, who) => (await initialize(who)).status === 200],
  [
    "sessions with a stream",
    "session",
    { maxSessions: 8 },
    async ({ session, ask }, who) => {
      const headers = await session(who).catch(() => undefined);
      if (headers === undefined || headers["mcp-session-id"] === null) return false;
      return (await ask(who, { method: "GET", headers: { ...headers, ...stream } })).status === 200;
    },
  ],
  [
    "HTTP+SSE",
    "sse",
    { maxSessions: 8 },
    async ({ ask }, who) => (await ask(who, { method: "GET", path: "/sse", headers: stream })).status === 200,
  ],
  [
    "tool event streams that run",
    "run",
    { maxSessions: 8 },
    async ({ ask }, who) => (await ask(who, { path: "/mcp/tools/t/sse", body: { slow: true } })).status === 200,
  ],
  [
    "subscriptions",
    "subscription",
    { maxSubscriptions: 8 },
    async ({ modern }, who) => {
      const notifications = { toolsListChanged: true };
      const response = await modern(who, "subscriptions/listen", { notifications }, open.signal);
      return response.headers.get("content-type") === "text/event-stream";
    },
  ],
  [
    "tasks",
    "task",
    { maxTasks: 8 },
    async ({ modern }, who) => {
      const answer: any = await (await modern(who, "tools/call", { name: "t", arguments: { slow: true } })).json();
      return answer.result?.resultType === "task";
    },
  ],
];

describe.each(doors)("%s", (_what, kind, most, opens) => {
  const served = () => serving(made("required"), most, most);

  test("one caller may have all places, and more do not shut others out", async () => {
    const all = served();
    for (let count = 0; count < 8; count += 1) expect(await opens(all, "eve")).toBe(true);
    for (let count = 0; count < 20; count += 1) await opens(all, "eve");
    expect(all.server.ledger.count(kind)).toBe(8);
    // Up to the same share as hers, the places are for whoever has fewer.
    for (let count = 0; count < 4; count += 1) expect(await opens(all, "ada")).toBe(true);
    for (let count = 0; count < 20; count += 1) await opens(all, "eve");
    expect(await opens(all, "bob")).toBe(true);
    expect(all.server.ledger.count(kind)).toBe(8);
  });

  test("callers without a name are told apart by their addresses", async () => {
    const { server } = served();
    const item = (caller: string) => ({ kind, most: 1, caller });
    expect(server.ledger.book(item("from 192.0.2.1"), () => {})).toBeDefined();
    expect(server.ledger.book(item("from 192.0.2.2"), () => {})).toBeUndefined();
  });
});

test("sessions of others stay when one caller opens a thousand", async () => {
  const { initialize, session, post } = serving(made(), { maxSessions: 20 });
  const mine = await session("ada");
  for (let count = 0; count < 1000; count += 1) expect((await initialize("eve")).status).toBe(200);
  expect((await post("ada", { id: 1, method: "tools/list" }, mine)).status).toBe(200);
});

describe("tasks", () => {
  const begin = async ({ modern }: Serving, who: string, slow: boolean): Promise<any> =>
    (await modern(who, "tools/call", { name: "t", arguments: { slow } })).json();

  test("ended ones make room, the caller's own first", async () => {
    const all = serving(made("optional"), {}, { maxTasks: 4 });
    const first = await begin(all, "ada", false);
    const kept = await begin(all, "bob", false);
    for (let count = 0; count < 20; count += 1) expect((await begin(all, "ada", false)).result.resultType).toBe("task");
    const look = async (who: string, { result: { taskId } }: any): Promise<any> =>
      (await all.modern(who, "tasks/get", { taskId })).json();
    expect((await look("bob", kept)).result.status).toBe("completed");
    expect((await look("ada", first)).error.code).toBe(-32602);
  });

  test.each([
    ["optional", { result: { content: [{ text: "done" }] } }, 200],
    ["required", { error: { code: -32603, message: "too many tasks are kept; try again later" } }, 503],
  ] as const)("where none has ended, a call of an %s one is answered in words", async (support, answer, status) => {
    const all = serving(made(support), {}, { maxTasks: 2 });
    for (let count = 0; count < 2; count += 1) await begin(all, "ada", true);
    const response = await all.modern("ada", "tools/call", { name: "t", arguments: {} });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject(answer);
    expect(all.server.ledger.count("task")).toBe(2);
  });

  test("live as long as the manifest says", async () => {
    const all = serving(made("optional"), {}, { taskTtlMs: 1234 });
    expect((await begin(all, "ada", true)).result.ttlMs).toBe(1234);
  });

  test("of a scoped tool are told to nobody without the scope", async () => {
    const server = serverWith(
      { t: () => new Promise((resolve) => setTimeout(resolve, 0, "secret")) },
      { surface: { task: "required", scopes: ["admin"] } },
    );
    const { ask, modern } = serving(server);
    const admin = { "x-scopes": "admin" };
    const message = (method: string, params: object) => ({
      jsonrpc: "2.0",
      id: 1,
      method,
      params: { ...params, _meta: claim },
    });
    const headers = { "mcp-protocol-version": "2026-07-28" };
    const begun: any = await (
      await ask("ada", {
        headers: { ...admin, ...headers, "mcp-method": "tools/call", "mcp-name": "t" },
        body: message("tools/call", { name: "t" }),
      })
    ).json();
    const { taskId } = begun.result;
    const listening = await modern("ada", "subscriptions/listen", { notifications: { taskIds: [taskId] } });
    expect((await events(listening)())!.data.params.notifications).toEqual({});
    const got = await modern("ada", "tasks/get", { taskId });
    expect(((await got.json()) as any).error.message).toBe("this needs the scope admin");
    const own = await ask("ada", {
      headers: { ...admin, ...headers, "mcp-method": "subscriptions/listen" },
      body: message("subscriptions/listen", { notifications: { taskIds: [taskId] } }),
    });
    expect((await events(own)())!.data.params.notifications).toEqual({ taskIds: [taskId] });
  });
});

test("a run of a tool is taken up at the address of that tool alone", async () => {
  const server = serverWith({ open: () => "x", admin: () => "secret" });
  const { ask } = serving(server);
  const text = await (await ask("ada", { path: "/mcp/tools/admin/sse", body: {} })).text();
  const [, run] = /id: (.+)-1\n/.exec(text)!;
  const resume = (tool: string) =>
    ask("ada", { method: "GET", path: `/mcp/tools/${tool}/sse`, headers: { "last-event-id": `${run}-1` } });
  expect((await resume("open")).status).toBe(204);
  expect(await (await resume("admin")).text()).toContain("secret");
});

const tooLong = "x".repeat(300_000);
const big = { big: tooLong };

/** Requests that are refused, and what is left afterwards: nothing. */
const refusals: readonly [what: string, send: (from: Serving) => Promise<Response>, status: number][] = [
  ["initialize without parameters", ({ post }) => post("eve", { id: 1, method: "initialize" }), 200],
  ["initialize with wrong ones", ({ initialize }) => initialize("eve", 7 as never), 200],
  [
    "initialize with capabilities that are too large",
    ({ initialize }) => initialize("eve", "2025-11-25", { capabilities: { experimental: big } }),
    200,
  ],
  ["a message without a session", ({ post }) => post("eve", { id: 1, method: "tools/list", params: big }), 400],
  [
    "a message to no session",
    ({ post }) => post("eve", { id: 1, method: "x", params: big }, { "mcp-session-id": "x" }),
    404,
  ],
  [
    "a stream of no session",
    ({ ask }) => ask("eve", { method: "GET", headers: { ...stream, "mcp-session-id": "x" } }),
    404,
  ],
  ["a message to no stream", ({ ask }) => ask("eve", { path: "/messages?sessionId=x", body: big }), 404],
  ["no JSON", ({ ask }) => ask("eve", { body: `{${tooLong}` }), 400],
  ["a batch", ({ ask }) => ask("eve", { body: [big] }), 400],
  ["an unknown method", ({ modern }) => modern("eve", "unknown", big), 404],
  ["an unknown tool", ({ modern }) => modern("eve", "tools/call", { name: "unknown", ...big }), 200],
  [
    "a subscription to what is no list",
    ({ modern }) => modern("eve", "subscriptions/listen", { notifications: 7 }),
    200,
  ],
  ["an event stream of no tool", ({ ask }) => ask("eve", { path: "/mcp/tools/unknown/sse", body: big }), 404],
  ["an event stream without arguments", ({ ask }) => ask("eve", { path: "/mcp/tools/t/sse", body: [big] }), 400],
  ["a body that is too long", ({ ask }) => ask("eve", { body: tooLong.repeat(20) }), 413],
  ["a body that there is no room for", ({ ask }) => ask("eve", { body: JSON.stringify(tooLong.repeat(5)) }), 503],
  [
    "a message that there is no room for, as it is many times its text",
    ({ ask }) => ask("eve", { body: `[${"{},".repeat(40_000)}{}]` }),
    503,
  ],
];

test.each(refusals)("nothing is kept of %s", async (_what, send, status) => {
  const all = serving(made("required"), {}, { maxKeptBytes: 1_000_000 });
  const before = all.server.subscribers.size;
  for (let count = 0; count < 3; count += 1) {
    const response = await send(all);
    expect(response.status).toBe(status);
    if (status === 503) expect(response.headers.get("retry-after")).toBe("1");
    await response.text();
  }
  await settled();
  expect([all.server.ledger.count(), all.server.ledger.bytes]).toEqual([0, 0]);
  expect([all.server.subscribers.size, all.server.running.size]).toEqual([before, 0]);
});

test("calls beyond a thousand have places, of which the caller with most loses the oldest", async () => {
  const { server, modern } = serving(made());
  const { ledger, running } = server;
  const call = (who: string, slow: boolean) => modern(who, "tools/call", { name: "t", arguments: { slow } });
  for (let number = 0; number < 1000; number += 1) running.add({ abort: () => {} });
  const oldest = call("greedy", true);
  while (ledger.count("call") === 0) await settled();
  const caller = identityOf({ principal: "greedy", scopes: [], claims: {} })!;
  for (let number = 1; number < 5000; number += 1) ledger.book({ kind: "call", most: 5000, caller }, () => {});
  expect((await call("greedy", true)).status).toBe(503);
  expect((await call("honest", false)).status).toBe(200);
  // It has ended for that, and the place is free again.
  expect((await oldest).status).toBe(503);
  expect(ledger.count("call")).toBe(4999);
});
