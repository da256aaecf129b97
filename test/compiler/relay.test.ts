import { expect, test } from "vitest";
import { createRelay } from "../../compiler/dev/relay.js";

type Message = Readonly<Record<string, unknown>>;

/** A client and the processes that serve it one after the other, as lists of what reaches them. */
function conversation() {
  const client: Message[] = [];
  const log: string[] = [];
  const relay = createRelay({
    toClient: (line) => void client.push(JSON.parse(line) as Message),
    toLog: (line) => void log.push(line),
  });
  return {
    client,
    log,
    relay,
    says: (message: object) => relay.client(JSON.stringify({ jsonrpc: "2.0", ...message })),
    answers: (message: object) => relay.server(JSON.stringify({ jsonrpc: "2.0", ...message })),
    attach(): Message[] {
      const heard: Message[] = [];
      relay.attach((line) => void heard.push(JSON.parse(line) as Message));
      return heard;
    },
  };
}

test("a byte order mark before the first message is skipped", () => {
  const { client, relay, attach } = conversation();
  relay.client(`\ufeff${JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params: {} })}`);
  expect(attach()).toMatchObject([{ id: 1, method: "initialize" }]);
  relay.onExit();
  // It is remembered: the next process is told of it.
  expect([client, attach()]).toMatchObject([[], [{ id: 1, method: "initialize" }]]);
});

const methods = (messages: readonly Message[]): unknown[] => messages.map(({ method }) => method);
const subscribe = (id: number, uri: string, method = "resources/subscribe") => ({ id, method, params: { uri } });

test("the next process is told what lasts, and its answers to that reach nobody", () => {
  const { client, relay, says, answers, attach } = conversation();
  says({ id: 1, method: "initialize", params: { protocolVersion: "2025-11-25" } });
  const first = attach();
  expect(methods(first)).toEqual(["initialize"]);
  answers({ id: 1, result: {} });
  says({ method: "notifications/initialized" });
  for (const [id, request] of [
    [2, { method: "logging/setLevel", params: { level: "error" } }],
    [3, { method: "logging/setLevel", params: { level: "debug" } }],
    [4, subscribe(4, "a://kept")],
    [5, subscribe(5, "a://ended")],
    [6, subscribe(6, "a://ended", "resources/unsubscribe")],
    [7, subscribe(7, "a://refused")],
  ] as const) {
    says({ ...request, id });
    answers(id === 7 ? { id, error: { code: -32002, message: "not found" } } : { id, result: {} });
  }
  expect(client).toHaveLength(7);
  relay.onRestart();
  says({ id: 8, method: "tools/list" });
  relay.onExit();
  const second = attach();
  expect(second).toEqual([
    expect.objectContaining({ method: "initialize", params: { protocolVersion: "2025-11-25" } }),
    { jsonrpc: "2.0", method: "notifications/initialized" },
    expect.objectContaining({ method: "logging/setLevel", params: { level: "debug" } }),
    expect.objectContaining({ method: "resources/subscribe", params: { uri: "a://kept" } }),
    { jsonrpc: "2.0", id: 8, method: "tools/list" },
  ]);
  for (const { id } of second.slice(0, 4)) if (id !== undefined) answers({ id, result: {} });
  expect(client).toHaveLength(7);
  answers({ id: 8, result: { tools: [] } });
  expect(client[7]).toEqual({ jsonrpc: "2.0", id: 8, result: { tools: [] } });
});

test("a stream of changes goes on with the next process, and is neither ended nor acknowledged again", () => {
  const { client, relay, says, answers, attach } = conversation();
  const acknowledged = {
    method: "notifications/subscriptions/acknowledged",
    params: { _meta: { "io.modelcontextprotocol/subscriptionId": "s" } },
  };
  attach();
  says({ id: "s", method: "subscriptions/listen", params: {} });
  answers(acknowledged);
  relay.onRestart();
  answers({ id: "s", result: {} });
  relay.onExit();
  expect(attach()).toEqual([expect.objectContaining({ id: "s", method: "subscriptions/listen" })]);
  answers(acknowledged);
  answers({ method: "notifications/tools/list_changed" });
  expect(methods(client)).toEqual([acknowledged.method, "notifications/tools/list_changed"]);
});

test("what a process that has crashed owes fails, and what it has asked is taken back; answers to it reach no other", () => {
  const { client, relay, says, answers, attach } = conversation();
  attach();
  says({ id: 1, method: "tools/call" });
  answers({ id: 1, method: "elicitation/create" });
  relay.onExit();
  expect(client.slice(1)).toEqual([
    { jsonrpc: "2.0", id: 1, error: { code: -32603, message: expect.stringContaining("ended while") } },
    { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1, reason: "the server ended" } },
  ]);
  const next = attach();
  says({ id: 1, result: { action: "accept" } });
  expect(next).toEqual([]);
  answers({ id: 1, method: "roots/list" });
  says({ id: 1, result: { roots: [] } });
  expect(next).toEqual([{ jsonrpc: "2.0", id: 1, result: { roots: [] } }]);
});

test("while a process ends, answers to its questions reach it, and requests wait", () => {
  const { relay, says, answers, attach } = conversation();
  const heard = attach();
  answers({ id: 1, method: "elicitation/create" });
  relay.onRestart();
  says({ id: 1, result: { action: "accept" } });
  says({ id: 2, method: "tools/list" });
  expect(heard).toEqual([{ jsonrpc: "2.0", id: 1, result: { action: "accept" } }]);
});

test("what waits is bounded, and what a handler prints is no message", () => {
  const { client, log, relay, says, attach } = conversation();
  says({ id: 1, method: "tools/call", params: { text: "x".repeat(16 * 1024 * 1024) } });
  says({ id: 2, method: "tools/list" });
  expect(client).toEqual([{ jsonrpc: "2.0", id: 1, error: expect.objectContaining({ code: -32603 }) }]);
  expect(methods(attach())).toEqual(["tools/list"]);
  relay.server("printed");
  relay.server('{"printed":true}');
  expect(log).toEqual(["printed", '{"printed":true}']);
  expect(client).toHaveLength(1);
});
