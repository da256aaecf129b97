import { expect, test } from "vitest";
import { fixedCaller, type Authentication } from "../../runtime/protocol/auth.js";
import { busy, tooManyRequests } from "../../runtime/protocol/errors.js";
import type { ServerOptions } from "../../runtime/protocol/exchange.js";
import { createFetch } from "../../runtime/transports/http/fetch.js";
import { audited } from "./audited-server.js";
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
const awayStore = { replica: "a", changes: {}, eventLogs: {}, sessions: { write: away, read: away } } as never;
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

const ofTool = { type: "audit", transport: "http", principal: "ada", method: "tools/call", fault: "caller" };
const refusedStreams: readonly (readonly [tool: string, status: number, record: object])[] = [
  ["none", 404, { error: "unknown_tool", code: -32602 }],
  ["hang", 403, { error: "insufficient_scope", code: -32600 }],
];

test.each(refusedStreams)("a stream of the tool %s that is refused has a record", async (tool, status, record) => {
  const { server, records } = audited({}, { auth: authentication });
  server.application.ready = true;
  const serve = createFetch(server, { ...options, toolEvents: true });
  const headers = { authorization: "Bearer good", "content-type": "application/json" };
  const response = await serve(new Request(`http://localhost/mcp/tools/${tool}/sse`, { method: "POST", headers }));
  expect(response.status).toBe(status);
  expect(records).toEqual([{ ...ofTool, tool, outcome: "error", ...record }]);
});
