import { expect, test } from "vitest";
import { server as contract } from "../../fixtures/contract/generated/server.js";
import { connect } from "../../runtime/protocol/connection.js";
import type { Server } from "../../runtime/protocol/exchange.js";
import { textOf } from "../../runtime/protocol/json-rpc.js";
import { createFetch } from "../../runtime/transports/http/fetch.js";

/** Made with the runtime as it is installed, whose classes are others to TypeScript. */
const server = contract as unknown as Server;

/** Many languages write a member that is absent as `null`. What is left out here is the same with it. */
type Sent = Readonly<Record<string, unknown>>;
const initialize = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "x", version: "1" } };
const version = "io.modelcontextprotocol/protocolVersion";
const claim = { [version]: "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {} };
const review = { name: "review", arguments: { code: "x", language: null, reader: null } };
const rows: readonly [what: string, message: Sent, answer: object | undefined][] = [
  ["params", { method: "ping", params: null }, { result: {} }],
  ["a listing's params", { method: "tools/list", params: null }, { result: { tools: expect.any(Array) } }],
  ["cursor", { method: "tools/list", params: { cursor: null } }, { result: { tools: expect.any(Array) } }],
  [
    "_meta",
    { method: "tools/call", params: { name: "range", _meta: null } },
    { result: { content: expect.any(Array) } },
  ],
  ["arguments", { method: "tools/call", params: { name: "range", arguments: null } }, { result: expect.any(Object) }],
  [
    "progressToken",
    { method: "tools/call", params: { name: "range", _meta: { progressToken: null } } },
    { result: expect.any(Object) },
  ],
  [
    "requestState and inputResponses",
    { method: "tools/call", params: { name: "range", requestState: null, inputResponses: null } },
    { result: expect.any(Object) },
  ],
  [
    "arguments of a prompt",
    { method: "prompts/get", params: review },
    { result: { messages: [{ content: { text: "Review this C for : x" } }, {}, {}] } },
  ],
  ["error beside method", { method: "ping", error: null }, { result: {} }],
  ["the id of a notification", { id: null, method: "notifications/initialized", params: null }, undefined],
  ["reason", { method: "notifications/cancelled", id: null, params: { requestId: 7, reason: null } }, undefined],
  ["an id that must be there", { id: null, method: "ping" }, { error: { code: -32600 } }],
  ["a name that must be there", { method: "tools/call", params: { name: null } }, { error: { code: -32602 } }],
];

async function open() {
  const arrived: any[] = [];
  const connection = connect(server, (message) => arrived.push(JSON.parse(textOf(message))));
  const say = async (message: object): Promise<any> => {
    connection.receive(JSON.parse(JSON.stringify({ jsonrpc: "2.0", id: 1, ...message })));
    await expect.poll(() => connection.requestCount()).toBe(0);
    return arrived.shift();
  };
  return { say, arrived, connection };
}

test.each(rows)("null is absent: %s", async (_what, message, answer) => {
  const { say } = await open();
  await say({ method: "initialize", params: initialize });
  const came = await say(message);
  if (answer === undefined) expect(came).toBeUndefined();
  else expect(came).toMatchObject(answer);
});

test.each(rows.filter(([, message]) => message["id"] !== null))("and over HTTP: %s", async (_what, message, answer) => {
  const fetch = createFetch(server, {
    path: "/mcp",
    host: "127.0.0.1",
    port: 0,
    allowedOrigins: [],
    allowedHosts: [],
    sessions: false,
  });
  const headers = {
    "content-type": "application/json",
    accept: "application/json",
    "mcp-protocol-version": "2025-11-25",
  };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, ...message });
  const response = await fetch(new Request("http://localhost/mcp", { method: "POST", headers, body }));
  expect(await response.json()).toMatchObject(answer!);
});

test("null is absent from what a request of 2026-07-28 says of itself", async () => {
  const { say } = await open();
  const meta = { ...claim, "io.modelcontextprotocol/logLevel": null, "io.modelcontextprotocol/clientInfo": null };
  const notifications = { toolsListChanged: null, resourceSubscriptions: null, taskIds: null };
  const call = { name: "echo", arguments: { text: "x" }, _meta: meta };
  expect(await say({ method: "tools/call", params: call })).toMatchObject({ result: { content: [{ text: "x" }] } });
  const { connection, arrived } = await open();
  const params = { notifications, _meta: meta };
  connection.receive({ jsonrpc: "2.0", id: 1, method: "subscriptions/listen", params });
  await expect.poll(() => arrived).toMatchObject([{ method: "notifications/subscriptions/acknowledged" }]);
  connection.close(new Error("closed"));
  // A claim that is null is none: the message is for a session.
  const none = { name: "echo", arguments: { text: "x" }, _meta: { [version]: null } };
  expect((await say({ method: "tools/call", params: none })).error.code).toBe(-32602);
});

test("an answer with an error that is null is an answer", async () => {
  const arrived: any[] = [];
  const connection = connect(server, (message) => arrived.push(JSON.parse(textOf(message))));
  const say = (message: object) => connection.receive({ jsonrpc: "2.0", ...message });
  const params = { ...initialize, capabilities: { elicitation: {} } };
  say({ id: 0, method: "initialize", params });
  say({ id: 1, method: "prompts/get", params: { name: "greeting" } });
  await expect.poll(() => arrived.at(-1)?.method).toBe("elicitation/create");
  const result = { action: "accept", content: { name: "Ada" } };
  say({ id: arrived.at(-1).id, method: null, params: null, result, error: null });
  await expect.poll(() => arrived.at(-1)).toMatchObject({ id: 1, result: { messages: expect.any(Array) } });
});
