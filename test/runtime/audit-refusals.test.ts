import { expect, test } from "vitest";
import { fixedCaller, type Authentication } from "../../runtime/protocol/auth.js";
import { busy, tooManyRequests } from "../../runtime/protocol/errors.js";
import type { ServerOptions } from "../../runtime/protocol/exchange.js";
import { createFetch } from "../../runtime/transports/http/fetch.js";
import { audited } from "./audited-server.js";
import { converse } from "./conversation.js";
import { options } from "./doors.js";
import { serving } from "./many-callers.js";

const authentication: Authentication = {
  ...fixedCaller({ scopes: [], claims: {} }),
  authenticate: ({ header }) => {
    const authorization = header("authorization");
    if (authorization === "Bearer good") return { principal: "ada", scopes: [], claims: {} };
    if (authorization === "Bearer late") return { status: 503, message: "try again later" };
    return { status: 401, message: "who are you?", ...(authorization && { error: "invalid_token" as const }) };
  },
};

test("refused requests have records: credentials, scopes, rate, revision, session", async () => {
  let isLimited = false;
  const { server, records } = audited(
    {},
    { auth: authentication, admit: () => (isLimited ? tooManyRequests(1, 1000) : undefined) },
  );
  server.application.ready = true;
  const serve = createFetch(server, options);
  const post = async (name: string, headers: Record<string, string>, version = "2026-07-28"): Promise<number> => {
    const _meta = {
      "io.modelcontextprotocol/protocolVersion": version,
      "io.modelcontextprotocol/clientCapabilities": {},
    };
    const { status } = await serve(
      new Request("http://localhost/mcp", {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "mcp-protocol-version": version,
          "mcp-method": "tools/call",
          "mcp-name": name,
          ...headers,
        },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, _meta } }),
      }),
    );
    return status;
  };
  const good = { authorization: "Bearer good" };
  expect(await post("add", {})).toBe(401);
  expect(await post("add", { authorization: "Bearer bad" })).toBe(401);
  expect(await post("add", { authorization: "Bearer late" })).toBe(503);
  expect(await post("hang", good)).toBe(403);
  expect(await post("add", good, "2099-01-01")).toBe(400);
  expect(await post("add", { ...good, "mcp-name": "hang" })).toBe(400);
  isLimited = true;
  expect(await post("add", good)).toBe(429);
  const http = { type: "audit", transport: "http" };
  const named = { ...http, id: 1, principal: "ada", method: "tools/call" };
  const called = { ...named, protocolVersion: "2026-07-28" };
  expect(records).toEqual([
    { ...http, outcome: "unauthorized", fault: "caller", error: "missing_credentials" },
    { ...http, outcome: "unauthorized", fault: "caller", error: "invalid_token" },
    { ...http, outcome: "unauthorized", fault: "server", error: "unavailable" },
    { ...called, tool: "hang", outcome: "error", fault: "caller", error: "insufficient_scope", code: -32600 },
    // A revision that does not exist is no revision of the request.
    { ...named, tool: "add", outcome: "error", fault: "caller", error: "unsupported_version", code: -32022 },
    { ...called, tool: "add", outcome: "error", fault: "caller", error: "header_mismatch", code: -32020 },
    { ...called, tool: "add", outcome: "error", fault: "limit", error: "rate", code: -32603 },
  ]);
});

const away = () => Promise.reject(busy("the store is away"));
const awayStore = {
  ...{ replica: "a", changes: {}, eventLogs: {}, sessions: { write: away, read: away } },
  retry: (work: () => unknown) => work(),
} as never;
const stateKeys = ["a".repeat(32)];
const opened = { outcome: "ok", protocolVersion: "2025-11-25", session: expect.any(String) };
const noSession = { outcome: "error", fault: "limit", error: "busy", code: -32603 };

type Opening = readonly [what: string, more: ServerOptions, maxSessions: number, status: number, record: object];
const openings: readonly Opening[] = [
  ["of this server", {}, 1, 200, opened],
  ["that other servers can serve", { stateKeys }, 1, 200, opened],
  ["without room", {}, 0, 503, noSession],
  ["that other servers can serve, without room", { stateKeys }, 0, 503, noSession],
  ["while the store is away", { store: awayStore }, 1, 503, noSession],
];

test.each(openings)("the opening of a session %s has one record, of its answer", async (_, more, most, status, row) => {
  const { server, records } = audited({}, more);
  const { initialize, server: served } = serving(server, { maxSessions: most });
  served.application.ready = true;
  expect((await initialize("ada")).status).toBe(status);
  expect(records).toEqual([expect.objectContaining({ method: "initialize", principal: "ada", ...row })]);
  expect("session" in records[0]).toBe(row === opened);
});

const failed = (error: Error) => ({
  ...{ replica: "a", changes: { position: "0" }, eventLogs: {}, onAvailable: () => () => {}, available: true },
  sessions: {
    ...{ write: async () => {}, listen: () => () => {}, extend: async () => "kept" },
    change: () => Promise.reject(error),
  },
});

const sessionChanges: readonly (readonly [method: string, params: object, record: object])[] = [
  ["logging/setLevel", { level: "debug" }, {}],
  ["resources/subscribe", { uri: "memo://one" }, { resource: "memo://one" }],
  ["resources/unsubscribe", { uri: "memo://one" }, { resource: "memo://one" }],
];

for (const [what, error] of [
  ["is away", busy("the store is away")],
  ["fails", new Error("no memory")],
] as const)
  test.each(sessionChanges)(`%s is recorded as it is answered if the store ${what}`, async (method, params, record) => {
    const { server, records } = audited({}, { store: failed(error) as never });
    const { surface, definition } = server;
    const resources = surface.resources.map((resource) => ({ ...resource, subscribe: true }));
    const { post, session, server: served } = serving({ surface: { ...surface, resources }, definition });
    served.application.ready = true;
    const answer = await post("ada", { id: 1, method, params }, await session("ada"));
    expect(answer.status).toBe(503);
    const { code } = ((await answer.json()) as { error: { code: number } }).error;
    expect(records.slice(1)).toEqual([expect.objectContaining({ method, ...record, ...noSession, code })]);
  });

test("a request whose session cannot be looked up has a record", async () => {
  const { server, records } = audited({}, { store: awayStore });
  const { post, server: served } = serving(server);
  served.application.ready = true;
  const lookUp = { id: 7, method: "tools/call", params: { name: "add" } };
  expect((await post("ada", lookUp, { "mcp-session-id": "none" })).status).toBe(503);
  expect(records).toEqual([
    {
      ...{ type: "audit", transport: "http", principal: "ada" },
      id: 7,
      method: "tools/call",
      tool: "add",
      outcome: "error",
      fault: "limit",
      error: "busy",
      code: -32603,
    },
  ]);
});

const ofTool = { type: "audit", transport: "http", principal: "ada", method: "tools/call", outcome: "error" };
const byCaller = (error: string) => ({ fault: "caller", error });

const limited = tooManyRequests(1, 1000);

type RefusedStream = readonly [
  what: string,
  more: ServerOptions,
  tool: string,
  body: unknown,
  status: number,
  record: object,
];
const beyondRate = { fault: "limit", error: "rate" };
const refusedStreams: readonly RefusedStream[] = [
  ["does not exist", {}, "none", {}, 404, byCaller("unknown_tool")],
  ["needs scopes", {}, "hang", {}, 403, byCaller("insufficient_scope")],
  ["gets no object", {}, "add", [], 400, byCaller("invalid_request")],
  ["has no room", {}, "add", {}, 503, { fault: "limit", error: "busy" }],
  ["exceeds the rate limit", { admit: () => limited }, "add", {}, 429, beyondRate],
  [
    "exceeds the rate limit of replicas",
    { admit: Object.assign(() => undefined, { shared: async () => limited }) },
    ...(["add", {}, 429, beyondRate] as const),
  ],
];

test.each(refusedStreams)("a stream of a tool that %s has a record", async (_, more, tool, body, status, record) => {
  const { server, records } = audited({}, more);
  const { ask } = serving(server, { maxSessions: status === 503 ? 0 : 1 });
  const answer = await ask("ada", { path: `/mcp/tools/${tool}/sse`, body });
  expect(answer.status).toBe(status);
  expect(answer.headers.has("retry-after")).toBe([429, 503].includes(status));
  const { error } = (await answer.json()) as { error: { code: number } };
  expect(records).toEqual([expect.objectContaining({ ...ofTool, tool, ...record, code: error.code })]);
});

type Serving = ReturnType<typeof serving>;
const called = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "add" } };
const sse = "/messages?sessionId=none";
const noRequest = { ...called, id: undefined };

/** Messages of HTTP that are refused before they become calls, and the members of their records. */
const messages: readonly (readonly [
  what: string,
  more: ServerOptions,
  send: (serving: Serving) => Promise<Response>,
  status: number,
  record: object | undefined,
])[] = [
  [
    "a batch of a revision that has none",
    {},
    async ({ ask, session }) => ask("ada", { body: [called, called], headers: await session("ada") }),
    400,
    { method: "batch", protocolVersion: "2025-11-25", session: expect.any(String), ...byCaller("invalid_request") },
  ],
  [
    "an empty batch",
    {},
    async ({ ask, session }) => ask("ada", { body: [], headers: await session("ada", "2025-03-26") }),
    400,
    { method: "batch", protocolVersion: "2025-03-26", session: expect.any(String), ...byCaller("invalid_request") },
  ],
  [
    "a batch without its session",
    {},
    ({ ask }) => ask("ada", { body: [called], headers: { "mcp-session-id": "none" } }),
    404,
    { method: "batch", ...byCaller("invalid_request") },
  ],
  [
    "a batch whose session cannot be looked up",
    { store: awayStore },
    ({ ask }) => ask("ada", { body: [called], headers: { "mcp-session-id": "none" } }),
    503,
    { method: "batch", fault: "limit", error: "busy" },
  ],
  [
    "a request without its session, over HTTP+SSE",
    {},
    ({ ask }) => ask("ada", { path: sse, body: called }),
    404,
    { method: "tools/call", id: 1, tool: "add", ...byCaller("invalid_request") },
  ],
  [
    "a batch without its session, over HTTP+SSE",
    {},
    ({ ask }) => ask("ada", { path: sse, body: [called] }),
    404,
    { method: "batch", ...byCaller("invalid_request") },
  ],
  [
    "a notification without its session, over HTTP+SSE",
    {},
    ({ ask }) => ask("ada", { path: sse, body: noRequest }),
    404,
    undefined,
  ],
];

test.each(messages)("%s that is refused has one record, if it is a request", async (_, more, send, status, record) => {
  const { server, records } = audited({}, more);
  const served = serving(server);
  served.server.application.ready = true;
  const answer = await send(served);
  expect(answer.status).toBe(status);
  const { error } = (await answer.json()) as { error: { code: number } };
  const common = { type: "audit", transport: "http", principal: "ada", outcome: "error", code: error.code };
  expect(records.filter(({ method }) => method !== "initialize")).toEqual(record ? [{ ...common, ...record }] : []);
});

test("a batch that is refused on standard streams has one record", async () => {
  const { server, records } = audited();
  const { connection } = await converse(server, "2025-11-25");
  connection.receive([called, called]);
  expect(records.slice(1)).toEqual([
    {
      ...{ type: "audit", transport: "stdio", method: "batch", outcome: "error", ...byCaller("invalid_request") },
      ...{ code: -32600, protocolVersion: "2025-11-25", session: records[0].session },
    },
  ]);
});
