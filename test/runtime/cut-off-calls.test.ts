import { once } from "node:events";
import * as api from "@opentelemetry/api";
import { expect, onTestFinished, test, vi } from "vitest";
import { WebSocket } from "ws";
import { createAudit } from "../../runtime/logging/audit.js";
import { listen } from "../../runtime/node/http-server.js";
import { createUpgrade } from "../../runtime/node/websocket.js";
import { defineServer, withOptions } from "../../runtime/protocol/define-server.js";
import { drain } from "../../runtime/protocol/drain.js";
import { busy as busyError } from "../../runtime/protocol/errors.js";
import type { Server, ServerOptions } from "../../runtime/protocol/exchange.js";
import type { TaskRun } from "../../runtime/protocol/task-record.js";
import type { Task } from "../../runtime/protocol/tasks.js";
import { createTelemetry } from "../../runtime/telemetry/telemetry.js";
import { events } from "../e2e/events.js";
import { converse } from "./conversation.js";
import { claim, http, serving } from "./many-callers.js";
import { startOpenTelemetry } from "./open-telemetry.js";
import { serverWith } from "./surface.js";

const aborted = (signal: AbortSignal): Promise<unknown> =>
  new Promise((resolve) => void signal.addEventListener("abort", () => resolve(signal.reason)));

/** Handlers by what they do when the server aborts them. */
const handlers: Record<string, (input: unknown, context: any) => Promise<unknown>> = {
  ignores: () => new Promise(() => {}),
  fails: async (_, { signal }) => Promise.reject(await aborted(signal)),
  throws: async (_, { signal }) => Promise.reject(new Error(`stopped: ${await aborted(signal)}`)),
  defers: async (_, { beginTask }) => {
    beginTask();
    return new Promise(() => {});
  },
  answers: async (_, { signal }) => `so far: ${String(await aborted(signal)) && "half"}`,
};

interface AuditRecord {
  readonly method: string;
  readonly outcome: string;
  readonly fault?: string;
  readonly error?: string;
  readonly code?: number;
  readonly isTaskEnd?: true;
}

const capabilities = claim["io.modelcontextprotocol/clientCapabilities"];

type Given = Pick<Server, "surface" | "definition">;

/** A server of these handlers, with the records of its audit. */
function audited() {
  const { surface, definition } = serverWith(handlers as never);
  const records: AuditRecord[] = [];
  const file = () => (line: string) => records.push(JSON.parse(line)) > 0;
  const surround = (): ServerOptions => ({
    logger: () => {},
    observers: [createTelemetry(api, { mode: "native" }), createAudit({ file })],
  });
  return {
    given: { surface, definition: { ...definition, surround } } as Given,
    /** The records but those of `initialize`, by what differs. */
    calls: () =>
      records
        .filter(({ method }) => method !== "initialize")
        .map(({ outcome, fault, error, code, isTaskEnd }) =>
          [outcome, fault, error, code, isTaskEnd && "task"].filter((member) => member !== undefined).join(" "),
        ),
  };
}

/** Makes the calls of all tools tasks. */
function withTasks({ surface, definition }: Given, defersTask = false): Given {
  const tools = surface.tools.map((tool) => ({ ...tool, task: "required" as const, defersTask }));
  return { surface: { ...surface, tools }, definition };
}

/** Resolves once a server runs a number of calls or tasks. */
const running = ({ running }: Pick<Server, "running">, size = 1): Promise<void> =>
  vi.waitFor(() => expect(running.size).toBe(size), { timeout: 60_000 });

const stopping = "the server is stopping; send the request again if safe";
const busy = "aborted limit busy";
const stops: readonly (readonly [handler: string, call: string, task: string, answer: object | undefined])[] = [
  ["ignores", busy, busy, undefined],
  ["fails", "error limit busy -32603", "error limit busy -32603", { error: { code: -32603, message: stopping } }],
  ["answers", "ok", "ok", { result: { content: [{ text: "so far: half" }] } }],
];

for (const version of ["2025-11-25", "2026-07-28"])
  test.each(stops)(`${version}: a stop cuts off a call that %s: it is recorded as its answer`, async (name, ...row) => {
    const [record, , expected] = row;
    const collected = startOpenTelemetry();
    const { given, calls } = audited();
    const { server } = serving(given);
    const { request } = await converse(server, version);
    let answer: object | undefined;
    void request("tools/call", { name }).then((given) => (answer = given));
    await running(server);
    await drain(server, 0);
    expect(calls()).toEqual([record]);
    if (expected === undefined) expect(answer).toBeUndefined();
    else expect(answer).toMatchObject(expected);
    const { attributes, status } = collected.spans().at(-1)!;
    const code = record === "ok" ? undefined : "-32603";
    expect([attributes["error.type"], attributes["rpc.response.status_code"]]).toEqual([code, code]);
    expect(status.message).toBe(record === "ok" ? undefined : stopping);
  });

test("a handler that a stop makes fail in its own way is cut off by the stop, too", async () => {
  const { given, calls } = audited();
  const { server } = serving(given);
  const { request } = await converse(server, "2026-07-28");
  const called = request("tools/call", { name: "throws" });
  await running(server);
  await drain(server, 0);
  expect((await called).result).toMatchObject({ isError: true });
  expect(calls()).toEqual(["tool error limit busy"]);
});

test("a subscription that the server ends, because it needs the room, is the server's in the record", async () => {
  const { given, calls } = audited();
  const { server } = serving(given);
  const { request, next, connection } = await converse(server, "2026-07-28");
  void request("subscriptions/listen", { notifications: { toolsListChanged: true } });
  await next();
  connection.close(busyError("another client needs the place"));
  expect(calls()).toEqual([busy]);
});

test.each(stops)("a stop cuts off a task that %s: its end is recorded", async (name, _call, record) => {
  const { given, calls } = audited();
  const { server, modern } = serving(withTasks(given));
  await modern("ada", "tools/call", { name });
  await running(server);
  await drain(server, 0);
  expect(calls()).toEqual(["task", `${record} task`]);
});

const claimed = (id: number, name: string) => ({
  ...{ jsonrpc: "2.0", id, method: "tools/call" },
  params: { name, _meta: claim },
});

/** The clients whose place another caller gets while they call: each has one too many. */
const evictions: readonly (readonly [what: string, record: string, evict: (given: Given) => Promise<unknown>])[] = [
  [
    "a session",
    busy,
    async (given) => {
      const { server, session, post, initialize } = serving(given, { maxSessions: 2 });
      const answers = [];
      for (const id of [1, 2]) {
        const headers = { ...(await session("ada")), accept: "application/json" };
        answers.push(post("ada", { id, method: "tools/call", params: { name: "ignores" } }, headers));
        await running(server, id);
      }
      expect((await initialize("bob")).status).toBe(200);
      const answer = await answers[0]!;
      expect([answer.status, answer.headers.get("retry-after"), await answer.json()]).toMatchObject([
        ...[503, "1"],
        { error: { code: -32603, message: "another client needs the place of the session; try again in a moment" } },
      ]);
    },
  ],
  [
    "HTTP+SSE",
    busy,
    async (given) => {
      const { server, ask } = serving(given, { maxSessions: 2 });
      const open = async (caller: string) => {
        const next = events(await ask(caller, { method: "GET", path: "/sse" }));
        return new URL((await next())!.text, "http://localhost/sse").search;
      };
      for (const id of [1, 2]) {
        const path = `/messages${await open("ada")}`;
        expect((await ask("ada", { path, body: claimed(id, "ignores") })).status).toBe(202);
        await running(server, id);
      }
      await open("bob");
    },
  ],
  [
    "a WebSocket",
    busy,
    async ({ surface, definition }) => {
      const server = defineServer(surface, definition.handlers, definition.surround);
      const options = { ...http, host: "0.0.0.0", maxSessions: 2, websocket: { path: "/ws" } };
      const listening = await listen(server, options, async () => ({ createUpgrade }));
      onTestFinished(() => listening.close());
      const { port } = new URL(listening.url);
      // Two addresses of this machine are two callers.
      const open = async (from: string) => {
        const socket = new WebSocket(`ws://${from}:${port}/ws`, ["mcp"], { localAddress: from });
        onTestFinished(() => socket.terminate());
        await once(socket, "open");
        return socket;
      };
      const first = await open("127.0.0.1");
      const closed = once(first, "close");
      for (const [index, socket] of [first, await open("127.0.0.1")].entries()) {
        socket.send(JSON.stringify(claimed(index, "ignores")));
        await running(server, index + 1);
      }
      await open("127.0.0.2");
      expect(Number((await closed)[0])).toBe(1013);
    },
  ],
  [
    "a task",
    `task,task,task,${busy} task`,
    async (given) => {
      const { server, modern } = serving(withTasks(given), {}, { maxTasks: 2 });
      for (const caller of ["ada", "ada"]) await modern(caller, "tools/call", { name: "ignores" });
      const statuses: string[] = [];
      const [first] = (server.indexes.get("tasks") as Map<string, Task>).values();
      first!.watch(({ status }) => statuses.push(status));
      await modern("bob", "tools/call", { name: "ignores" });
      expect(statuses).toEqual(["cancelled"]);
    },
  ],
  [
    "a task whose lifetime has ended",
    "task,aborted server timeout task,task",
    async (given) => {
      const { modern } = serving(withTasks(given), {}, { taskTtlMs: 1 });
      await modern("ada", "tools/call", { name: "ignores" });
      await new Promise((resolve) => setTimeout(resolve, 5));
      await modern("ada", "tools/call", { name: "ignores" });
    },
  ],
];

test.each(evictions)("the end of %s by the server is the server's in the record", async (_, record, evict) => {
  const { given, calls } = audited();
  await evict(given);
  await vi.waitFor(() => expect(calls().toSorted()).toEqual(record.split(",").toSorted()), { timeout: 60_000 });
});

test("a task that the store no longer has ends in the record, too", async () => {
  const { given, calls } = audited();
  const { surface, definition } = withTasks(given);
  const runs: TaskRun[] = [];
  const create = async (_: unknown, run: TaskRun) => runs.push(run) > 0;
  const store = { tasks: { create, save: () => {}, release: () => {} } } as never;
  const server = withOptions({ surface, definition } as Server, { store });
  const { request } = await converse(server, "2026-07-28", capabilities);
  expect((await request("tools/call", { name: "ignores" })).result.resultType).toBe("task");
  runs[0]!.drop("the task has ended");
  expect(calls()).toEqual(["task", `${busy} task`]);
});

const refusals: readonly (readonly [what: string, create: () => Promise<boolean>, message: string])[] = [
  ["has no room for it", async () => false, "too many tasks are kept; try again later"],
  ["is away", () => Promise.reject(busyError("the store is away")), "the store is away; try again in a moment"],
];

for (const name of ["ignores", "defers"])
  test.each(refusals)(`a call that ${name} is refused as a task: the store %s`, async (_, create, message) => {
    const { given, calls } = audited();
    const { surface, definition } = withTasks(given, name === "defers");
    const store = { tasks: { create, save: () => {}, release: () => {} } } as never;
    const server = withOptions({ surface, definition } as Server, { store });
    const { request } = await converse(server, "2026-07-28", capabilities);
    expect((await request("tools/call", { name })).error).toMatchObject({ code: -32603, message });
    await drain(server, 0);
    expect(calls()).toEqual(["error limit busy -32603"]);
  });
