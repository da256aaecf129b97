import {
  Client as Client2,
  SSEClientTransport as Sse2,
  StreamableHTTPClientTransport as Http2,
} from "@modelcontextprotocol/client";
import { StdioClientTransport as Stdio2 } from "@modelcontextprotocol/client/stdio";
import { Client as Client1 } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport as Sse1 } from "@modelcontextprotocol/sdk/client/sse.js";
import { StdioClientTransport as Stdio1 } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as Http1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { WebSocketClientTransport as WebSocket1 } from "@modelcontextprotocol/sdk/client/websocket.js";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { serveHttp, serverOf, type Running } from "./clients.js";

const info = { name: "test", version: "1.0.0" };
const capabilities = { elicitation: { form: {} }, sampling: {}, roots: {} };

/** What the user and the model of the test say. */
const asked: string[] = [];
const elicited = ({ params }: { params: any }) => {
  asked.push(params.message);
  const content = params.message.includes("colour")
    ? { color: "blue" }
    : params.message.includes("Go on")
      ? { ok: true }
      : { name: "Ada" };
  return { action: "accept" as const, content };
};
const sampled = () => ({
  role: "assistant" as const,
  content: { type: "text" as const, text: "Paris" },
  model: "test",
});
const listed = () => ({ roots: [{ uri: "file:///work", name: "work" }] });

type Asking = {
  callTool(call: { name: string; arguments?: Record<string, unknown> }): Promise<any>;
  getPrompt(call: { name: string }): Promise<any>;
  close(): Promise<void>;
};

function transport1(target: URL | string) {
  if (!(target instanceof URL)) return new Stdio1({ command: "node", args: [target], stderr: "ignore" });
  if (target.pathname === "/mcp") return new Http1(target);
  if (target.pathname === "/sse") return new Sse1(target);
  // It takes the platform's, which Node 20 does not have.
  vi.stubGlobal("WebSocket", WebSocket);
  return new WebSocket1(target);
}

async function legacy(target: URL | string): Promise<Asking> {
  const client = new Client1(info, { capabilities });
  client.setRequestHandler(ElicitRequestSchema, elicited);
  client.setRequestHandler(CreateMessageRequestSchema, sampled);
  client.setRequestHandler(ListRootsRequestSchema, listed);
  await client.connect(transport1(target) as Parameters<typeof client.connect>[0]);
  return client as unknown as Asking;
}

async function second(target: URL | string, mode: "legacy" | { pin: string }): Promise<Asking> {
  const client = new Client2(info, { capabilities, versionNegotiation: { mode } });
  client.setRequestHandler("elicitation/create", elicited as never);
  client.setRequestHandler("sampling/createMessage", sampled as never);
  client.setRequestHandler("roots/list", listed as never);
  await client.connect(
    target instanceof URL
      ? target.pathname === "/sse"
        ? new Sse2(target)
        : new Http2(target)
      : new Stdio2({ command: "node", args: [target], stderr: "ignore" }),
  );
  return client as unknown as Asking;
}

let http: Running;
beforeAll(async () => {
  http = await serveHttp(serverOf("everything"));
});
afterAll(async () => {
  vi.unstubAllGlobals();
  await http.stop();
});

const addressOf = {
  http: (url: URL) => url,
  sse: (url: URL) => new URL("/sse", url),
  websocket: ({ host }: URL) => new URL(`ws://${host}/ws`),
} as const;

const text = (result: any): string => result.content[0].text;

describe.each([
  ["sdk 1.x", ["stdio", "http", "sse", "websocket"], legacy],
  ["client 2.x, legacy", ["stdio", "http", "sse"], (target: URL | string) => second(target, "legacy")],
  // HTTP+SSE ended with the revisions that open a session.
  ["client 2.x, 2026-07-28", ["stdio", "http"], (target: URL | string) => second(target, { pin: "2026-07-28" })],
] as const)("%s", (_, transports, connect) => {
  test.each(transports)(
    "the same handlers ask over %s: the user, the model, for roots, twice, at once",
    async (transport) => {
      const client = await connect(transport === "stdio" ? serverOf("everything") : addressOf[transport](http.url));
      const call = async (name: string): Promise<string> =>
        text(await client.callTool({ name: `test_input_required_result_${name}` }));
      asked.length = 0;
      expect(await call("elicitation")).toBe("Hello, Ada!");
      expect(await call("sampling")).toBe("Paris");
      expect(await call("list_roots")).toBe("The client works in work.");
      expect(await call("multi_round")).toBe("Ada likes blue.");
      expect(asked).toEqual(["What is your name?", "What is your name?", "And your colour, Ada?"]);
      const all = JSON.parse(await call("multiple_inputs"));
      expect([all.name.content, all.greeting.text, all.folders]).toEqual([{ name: "Ada" }, "Paris", listed().roots]);
      expect(await call("request_state")).toMatch(/^state-ok: accept, ticket [\w-]{36}$/);
      const prompt = await client.getPrompt({ name: "test_handled_prompt" });
      expect(prompt.messages).toHaveLength(2);
      await client.close();
    },
  );
});

const modernHeaders = (name: string) => ({
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
  "mcp-protocol-version": "2026-07-28",
  "mcp-method": "tools/call",
  "mcp-name": name,
});

describe("request state", () => {
  const round = async (name: string, more: object = {}, input: object = {}): Promise<any> => {
    const params = {
      name,
      arguments: input,
      ...more,
      _meta: {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": capabilities,
      },
    };
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
    return (await fetch(http.url, { method: "POST", headers: modernHeaders(name), body })).json();
  };
  const stateful = "test_input_required_result_request_state";
  const confirm = { confirm: { action: "accept", content: { ok: true } } };

  test("a call is answered once, and another call has steps of its own", async () => {
    const { result: first } = await round(stateful);
    expect(first).toMatchObject({
      resultType: "input_required",
      inputRequests: { confirm: { method: "elicitation/create" } },
    });
    const next = { requestState: first.requestState, inputResponses: confirm };
    const ticket = text((await round(stateful, next)).result);
    expect(ticket).toMatch(/[0-9a-f-]{36}/);
    expect((await round(stateful, next)).error).toMatchObject({
      code: -32602,
      message: expect.stringContaining("has been used"),
    });
    const other = (await round(stateful)).result.requestState;
    expect(text((await round(stateful, { requestState: other, inputResponses: confirm })).result)).not.toBe(ticket);
  });

  test("one of another tool, or of other arguments, is refused", async () => {
    const { result } = await round(stateful);
    const foreign = await round("test_input_required_result_tampered_state", {
      requestState: result.requestState,
      inputResponses: confirm,
    });
    expect(foreign.error).toMatchObject({ code: -32602 });
    const changed = await round(stateful, { requestState: result.requestState, inputResponses: confirm }, { extra: 1 });
    expect(changed.error).toMatchObject({ code: -32602 });
  });

  test.each([7, null, {}, { action: "maybe" }, { action: "accept" }, { action: "accept", content: { ok: "yes" } }])(
    "an answer that is none (%j) is asked for again",
    async (answer) => {
      const again = await round(stateful, { inputResponses: { confirm: answer } });
      expect(again.result).toMatchObject({ resultType: "input_required", inputRequests: { confirm: {} } });
    },
  );
});
