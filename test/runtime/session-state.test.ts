import { beforeEach, expect, test } from "vitest";
import { defineServer, withOptions } from "../../runtime/protocol/define-server.js";
import type { Server, ServerOptions } from "../../runtime/protocol/exchange.js";
import type { Auth, Session } from "../../runtime/protocol/handlers.js";
import type { SessionContext } from "../../runtime/protocol/hooks.js";
import type { HttpOptions } from "../../runtime/transports/http/endpoint.js";
import { createFetch } from "../../runtime/transports/http/fetch.js";
import { callerOf } from "./caller.js";
import { setup } from "./cached-server.js";
import { serverWith } from "./surface.js";

const http: HttpOptions = { path: "/mcp", host: "127.0.0.1", port: 0, allowedOrigins: [], allowedHosts: [] };
const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "x", version: "1" } };

/** Sessions as the hook has seen them. */
let begun: SessionContext<any>[];
beforeEach(() => {
  begun = [];
});

const counting = {
  onSession: (context: SessionContext<any>) => {
    begun.push(context);
    return { count: 0 };
  },
};

/** A server whose tool `count` counts the calls of a session; `none` where there is no session. */
function counter(options: ServerOptions = {}): Server {
  const count = (_input: unknown, { session }: { session?: Session<{ count: number }> }) =>
    session === undefined ? "none" : String((session.state.count += 1));
  const id = (_input: unknown, { session }: { session?: Session }) => session?.id ?? "none";
  return withOptions(serverWith({ count: count as never, id: id as never }), { hooks: counting, ...options });
}

interface Visitor {
  /** The text of a tool's result, or the status of a refusal. */
  call(name: string, id?: string): Promise<string | number>;
  readonly id: string;
}

/** A client over HTTP, with a session of its own. */
async function visitor(fetch: ReturnType<typeof createFetch>, key = ""): Promise<Visitor> {
  const send = (body: object, headers: Record<string, string> = {}) =>
    fetch(
      new Request("http://localhost/mcp", {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${key}`, ...headers },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, ...body }),
      }),
    );
  const opened = await send({ method: "initialize", params });
  const own = opened.headers.get("mcp-session-id") ?? "";
  return {
    id: own,
    async call(name, id = own) {
      const headers = id === "" ? {} : { "mcp-session-id": id };
      const response = await send({ method: "tools/call", params: { name, arguments: {} } }, headers);
      const { result } = JSON.parse(await response.text());
      return response.status === 200 ? result.content[0].text : response.status;
    },
  };
}

/** Callers by their key, which is their name as well. */
const authentication = {
  start: async () => [],
  stop: () => {},
  authenticate: ({ header }: { header(name: string): string | undefined }): Auth => ({
    principal: header("authorization")!.slice("Bearer ".length),
    scopes: [],
    claims: {},
  }),
  challenge: () => "Bearer",
  metadata: new Map(),
};

test("state is made once for a session, when a handler first asks for it", async () => {
  const fetch = createFetch(counter(), http);
  const [ada, bob] = [await visitor(fetch), await visitor(fetch)];
  expect(begun).toEqual([]);
  expect([await ada.call("count"), await ada.call("count"), await bob.call("count")]).toEqual(["1", "2", "1"]);
  expect(begun.map(({ client }) => client.info?.name)).toEqual(["x", "x"]);
  expect(begun.map(({ id }) => id)).toEqual([await ada.call("id"), await bob.call("id")]);
  expect(await ada.call("id")).not.toBe(await bob.call("id"));
});

test("the id of a session opens it to nobody", async () => {
  const fetch = createFetch(counter(), http);
  const ada = await visitor(fetch);
  const id = String(await ada.call("id"));
  expect(id).not.toBe(ada.id);
  expect(await ada.call("count", id)).toBe(404);
});

test("nobody gets at the state of another caller, even with the key of the session", async () => {
  const server = counter({ auth: authentication });
  await server.application.starting;
  const fetch = createFetch(server, http);
  const [ada, eve] = [await visitor(fetch, "ada"), await visitor(fetch, "eve")];
  expect(await ada.call("count")).toBe("1");
  expect(await eve.call("count", ada.id)).toBe(404);
  expect([await ada.call("count"), await eve.call("count")]).toEqual(["2", "1"]);
  expect(begun.map(({ auth }) => auth.principal)).toEqual(["ada", "eve"]);
});

test("there is none where HTTP has no sessions", async () => {
  const stateless = await visitor(createFetch(counter(), { ...http, sessions: false }));
  expect([stateless.id, await stateless.call("count"), await stateless.call("id")]).toEqual(["", "none", "none"]);
  expect(begun).toEqual([]);
});

test("state ends with a session that makes room for another", async () => {
  const fetch = createFetch(counter(), { ...http, maxSessions: 1 });
  const ada = await visitor(fetch);
  await ada.call("count");
  const bob = await visitor(fetch);
  expect(begun[0]!.signal.aborted).toBe(true);
  expect([await ada.call("count"), await bob.call("count")]).toEqual([404, "1"]);
});

test.each(["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] as const)(
  "a connection of %s is a session",
  async (revision) => {
    const caller = callerOf(counter(), revision);
    for (const text of ["1", "2"])
      expect(await caller.call("count")).toMatchObject({ result: { content: [{ text }] } });
    caller.close();
    expect(begun.map(({ signal }) => signal.aborted)).toEqual([true]);
  },
);

test("a connection of 2026-07-28 is none: each of its requests stands alone", async () => {
  const caller = callerOf(counter(), "2026-07-28");
  expect(await caller.call("count")).toMatchObject({ result: { content: [{ text: "none" }] } });
  expect(begun).toEqual([]);
});

test("a call that outlives its session begins no other", async () => {
  let late: () => unknown = () => undefined;
  let ended = (): void => {};
  const end = new Promise<void>((resolve) => (ended = resolve));
  let started = (): void => {};
  const start = new Promise<void>((resolve) => (started = resolve));
  const wait = async (_input: unknown, context: { session?: Session }) => {
    late = () => context.session;
    started();
    await end;
    return "done";
  };
  const caller = callerOf(withOptions(serverWith({ wait: wait as never }), { hooks: counting }));
  void caller.call("wait");
  await start;
  expect(late()).toBeDefined();
  caller.close();
  expect(late()).toBeUndefined();
  ended();
});

test("a hook that fails fails the call, and is asked again", async () => {
  let fails = true;
  const onSession = () => {
    if (fails) throw new Error("no database");
    return { count: 0 };
  };
  const caller = callerOf(counter({ hooks: { onSession }, logger: () => {} }));
  expect(JSON.stringify(await caller.call("count"))).toContain("internal error");
  fails = false;
  expect(await caller.call("count")).toMatchObject({ result: { content: [{ text: "1" }] } });
});

test("a session without the hook has an id, and no state", async () => {
  const tool = (_input: unknown, { session }: { session?: Session }) =>
    JSON.stringify([typeof session?.id, session?.state === undefined]);
  const caller = callerOf(serverWith({ tool: tool as never }));
  expect(await caller.call("tool")).toMatchObject({ result: { content: [{ text: '["string",true]' }] } });
});

test("what is kept in a cache for others is made without a session", async () => {
  const { server } = setup({ tool: (_input, { session }) => (session === undefined ? "none" : "one") });
  const caller = callerOf(server);
  expect(await caller.call("t")).toMatchObject({ result: { content: [{ text: "none" }] } });
});

test("a completion has the session of its client", async () => {
  const completed = (value: string, { session }: { session?: Session<{ count: number }> }) => [
    `${value}${(session!.state.count += 1)}`,
  ];
  const { surface, handlers } = counter();
  const prompts = [{ name: "p", arguments: [{ name: "a", required: true, completed: true }] }];
  const completions = new Map([["p a", completed as never]]);
  const server = defineServer({ ...surface, prompts } as never, { ...handlers, completions }, () => ({
    hooks: counting,
  }));
  const caller = callerOf(server);
  const ref = { type: "ref/prompt", name: "p" };
  await caller.call("count");
  const { result } = await caller.request("completion/complete", { ref, argument: { name: "a", value: "x" } });
  expect(result.completion.values).toEqual(["x2"]);
});

test("a server that is replaced with its hooks makes the state anew", async () => {
  const server = counter();
  const caller = callerOf(server);
  await caller.call("count");
  Object.assign(server, { application: { ...server.application } });
  expect(await caller.call("count")).toMatchObject({ result: { content: [{ text: "1" }] } });
  expect(begun.map(({ signal }) => signal.aborted)).toEqual([true, false]);
});
