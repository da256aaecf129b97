import { expect, test } from "vitest";
import { connect } from "../../runtime/protocol/connection.js";
import { textOf } from "../../runtime/protocol/json-rpc.js";
import { converse } from "./conversation.js";
import { serverWith } from "./surface.js";

const claim = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};
const initialize = { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "x", version: "1" } };
const modern = { name: "t", _meta: claim };

/** What is said on one lasting connection, in this order, and what comes of it. */
const said: readonly [string, object | undefined, object][] = [
  ["ping", undefined, { result: {} }],
  ["tools/call", { name: "t" }, { error: { code: -32600, message: expect.stringContaining("initialize") } }],
  ["server/discover", {}, { error: { code: -32600 } }],
  ["server/discover", { _meta: { "io.modelcontextprotocol/clientInfo": {} } }, { error: { code: -32602 } }],
  ["server/discover", { _meta: claim }, { result: { supportedVersions: ["2026-07-28"] } }],
  ["tools/call", modern, { result: { resultType: "complete" } }],
  // One that knows both eras may have looked first.
  ["initialize", initialize, { result: { protocolVersion: "2025-06-18" } }],
  ["tools/call", { name: "t" }, { result: { content: [{ type: "text", text: "x" }] } }],
  ["tools/call", modern, { result: { content: [{ type: "text", text: "x" }] } }],
  ["server/discover", { _meta: claim }, { error: { code: -32601 } }],
  ["initialize", initialize, { error: { code: -32600 } }],
];

test("each message decides its era, until a handshake has decided for all that follow", async () => {
  const arrived: any[] = [];
  const connection = connect(serverWith({ t: () => "x" }), (message) => arrived.push(JSON.parse(textOf(message))));
  for (const [id, [method, params, answer]] of said.entries()) {
    connection.receive({ jsonrpc: "2.0", id, method, params });
    await new Promise(setImmediate);
    expect(arrived.pop()).toMatchObject({ id, ...answer });
    expect(arrived).toEqual([]);
  }
  connection.receive({ jsonrpc: "2.0", id: "last", method: "tools/call", params: modern });
  await new Promise(setImmediate);
  expect(arrived.pop().result).not.toHaveProperty("resultType");
});

test("a second request under the id of one that is open is refused, and the first goes on", async () => {
  const { send, next, request } = await converse(
    serverWith({ t: (_input, { notify }) => (notify.toolsChanged(), "x") }),
    "2026-07-28",
  );
  const listen = {
    id: 7,
    method: "subscriptions/listen",
    params: { notifications: { toolsListChanged: true }, _meta: claim },
  };
  send(listen);
  expect((await next()).method).toBe("notifications/subscriptions/acknowledged");
  send(listen);
  expect(await next()).toMatchObject({ id: 7, error: { code: -32600 } });
  await request("tools/call", { name: "t" });
  expect(await next()).toMatchObject({ method: "notifications/tools/list_changed" });
});

// 2025-11-25, lifecycle: before it has heard that the client is ready, a server asks nothing of its own accord. What a
// call needs is asked: who calls has begun, and would wait for ever otherwise.
test("a call before notifications/initialized is answered, and asks what it needs", async () => {
  const handler = async (_input: unknown, { roots }: { roots(): Promise<readonly { uri: string }[]> }) =>
    (await roots())[0]!.uri;
  const arrived: any[] = [];
  const connection = connect(serverWith({ t: handler as never }), (message) =>
    arrived.push(JSON.parse(textOf(message))),
  );
  const params = { ...initialize, capabilities: { roots: {} } };
  connection.receive({ jsonrpc: "2.0", id: 1, method: "initialize", params });
  connection.receive({ jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "t" } });
  await new Promise(setImmediate);
  expect(arrived).toMatchObject([{ id: 1 }, { method: "roots/list" }]);
  connection.receive({ jsonrpc: "2.0", id: arrived[1].id, result: { roots: [{ uri: "file:///a" }] } });
  await new Promise(setImmediate);
  expect(arrived[2]).toMatchObject({ id: 2, result: { content: [{ text: "file:///a" }] } });
});
