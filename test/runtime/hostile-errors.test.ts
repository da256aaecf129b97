import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { McpError } from "../../runtime/index.js";
import { limitConcurrency } from "../../runtime/limits/concurrency.js";
import { createListener } from "../../runtime/node/http-listener.js";
import { createUpgrade } from "../../runtime/node/websocket.js";
import { connect } from "../../runtime/protocol/connection.js";
import { defineServer } from "../../runtime/protocol/define-server.js";
import type { Server } from "../../runtime/protocol/exchange.js";
import { createClient } from "../../runtime/testing/client.js";
import { memoryServer } from "../../runtime/testing/memory.js";
import { reach } from "../../runtime/testing/wire.js";
import { lines } from "../../runtime/transports/stdio.js";
import { callerOf } from "./caller.js";
import { claim, http, serving } from "./many-callers.js";
import { serverWith } from "./surface.js";

const boom = (): never => {
  throw new Error("boom");
};

/** An error of which one member cannot be read. */
function unreadable(member: PropertyKey, error: object = new McpError(-1, "no")): object {
  return Object.defineProperty(error, member, { get: boom });
}

/** An object of which nothing can be read, or only what is not trapped. */
function guarded(target: object, traps: readonly string[]): object {
  return new Proxy(target, Object.fromEntries(traps.map((trap) => [trap, boom])));
}

function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

/** A getter whose value lasts for so many reads, and then is another. */
function changing(member: string, first: unknown, later: unknown): object {
  let reads = 0;
  return Object.defineProperty(new McpError(-1, "no"), member, { get: () => ((reads += 1) > 1 ? later : first) });
}

const circular: unknown[] = [];
circular.push(circular);
const traps = ["get", "has", "getPrototypeOf", "getOwnPropertyDescriptor", "ownKeys"];

/** Values that a handler may throw, or reject with. */
const thrown: Readonly<Record<string, () => unknown>> = {
  ...Object.fromEntries(
    ["code", "message", "data", "name", "stack", "cause", "constructor", "toString", "toJSON", "then"].flatMap(
      (member) => [
        [`an McpError whose ${member} throws`, () => unreadable(member)],
        [`an Error whose ${member} throws`, () => unreadable(member, new Error("no"))],
      ],
    ),
  ),
  "an McpError whose code is an object later": () => changing("code", -1, { valueOf: boom }),
  "an McpError whose message cannot be a text": () => changing("message", { toString: boom }, "no"),
  "an McpError whose message is a symbol": () => changing("message", Symbol("no"), "no"),
  "an McpError with circular data": () => new McpError(-1, "no", circular),
  "an McpError with a BigInt": () => new McpError(-1, "no", 1n),
  "an McpError with data that throw": () => new McpError(-1, "no", { toJSON: boom }),
  "an McpError with a Proxy for data": () => new McpError(-1, "no", guarded({}, traps)),
  "a Proxy of an McpError": () => guarded(new McpError(-1, "no"), traps),
  "a Proxy of an McpError without members": () => guarded(new McpError(-1, "no"), ["get"]),
  "a Proxy of an McpError without a prototype": () => guarded(new McpError(-1, "no"), ["getPrototypeOf"]),
  "a Proxy of an Error": () => guarded(new Error("no"), traps),
  "a Proxy of an object": () => guarded({}, traps),
  "a revoked Proxy": () => revoked({}),
  "a revoked Proxy of an McpError": () => revoked(new McpError(-1, "no")),
  "an object without a prototype": () => Object.create(null) as object,
  "a function": () => boom,
  "a symbol": () => Symbol("no"),
  undefined: () => undefined,
  null: () => null,
};

/** Handlers that come to such a value, at once or later. */
const ways: Readonly<Record<string, (value: () => unknown) => (...args: any[]) => unknown>> = {
  throws: (value) => () => {
    throw value();
  },
  "rejects with": (value) => async () => {
    await undefined;
    throw value();
  },
  returns: (value) => () => value(),
};

/** Ways to call the tool `t`: each resolves with the text of an answer. */
const doors: Readonly<Record<string, (server: Server) => Promise<string>>> = {
  "standard streams": (server) =>
    new Promise((resolve) => {
      const connection = lines(server, { write: (text) => resolve(String(text)), later: queueMicrotask });
      const params = { name: "t", _meta: claim };
      connection.take(`${JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params })}\n`);
    }),
  "one request": async (server) => (await serving(server).modern("ada", "tools/call", { name: "t" })).text(),
  "a session": async (server) => {
    const { session, post } = serving(server);
    const call = { id: 1, method: "tools/call", params: { name: "t" } };
    return (await post("ada", call, await session("ada"))).text();
  },
  "a batch": async (server) => {
    const { ask, session } = serving(server);
    const call = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "t" } };
    return (await ask("ada", { body: [call], headers: await session("ada", "2025-03-26") })).text();
  },
  "no session": async (server) => {
    const { post } = serving(server, { sessions: false });
    return (await post("ada", { id: 1, method: "tools/call", params: { name: "t" } })).text();
  },
  "HTTP+SSE": async (server) => {
    const { ask } = serving(server);
    const stream = await ask("ada", { method: "GET", path: "/sse" });
    const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
    const path = `/${/data: (\S+)/.exec((await reader.read()).value!)![1]!}`;
    const params = { name: "t", _meta: claim };
    await ask("ada", { path, body: { jsonrpc: "2.0", id: 1, method: "tools/call", params } });
    const { value } = await reader.read();
    await reader.cancel();
    return value!;
  },
  "events of a tool": async (server) =>
    (await serving(server).ask("ada", { path: "/mcp/tools/t/sse", body: {} })).text(),
  WebSocket: async (server) => {
    const host = createServer();
    host.on("upgrade", createUpgrade(server, { ...http, websocket: { path: "/ws" } })).listen(0, "127.0.0.1");
    await once(host, "listening");
    const socket = new WebSocket(`ws://127.0.0.1:${(host.address() as AddressInfo).port}/ws`, ["mcp"]);
    await once(socket, "open");
    const params = { name: "t", _meta: claim };
    socket.send(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params }));
    const [data] = (await once(socket, "message")) as [Buffer];
    socket.terminate();
    host.close();
    return String(data);
  },
  "the client for tests": async (server) => {
    const memory = memoryServer(server, {});
    const client = createClient({ [reach]: memory.connect });
    const answer = await client.tools["t"]!({}).then(JSON.stringify, (error: Error) => `"error": ${error.message}`);
    await client.close();
    await memory.stop();
    return answer;
  },
};

const failure = /"error"|"isError":true|tool_error/;

describe.each(Object.keys(ways))("a handler that %s", (way) => {
  describe.each(Object.keys(thrown))("%s", (value) => {
    const handler = ways[way]!(thrown[value]!);
    const made = (task = false): Server =>
      serverWith({ t: handler as never }, { surface: { readOnly: true, ...(task && { task: "optional" }) } });

    test("is answered with an error at every door", async () => {
      const answers = Object.entries(doors).map(async ([door, call]) => {
        const server = made();
        const answer = await call(server);
        expect([door, answer]).toEqual([door, expect.stringMatching(failure)]);
        expect(server.running.size).toBe(0);
      });
      await Promise.all(answers);
    });

    test("ends its task", async () => {
      const server = made(true);
      const { request } = callerOf(server, "2026-07-28", claim["io.modelcontextprotocol/clientCapabilities"]);
      const { taskId } = (await request("tools/call", { name: "t" })).result;
      let task: { status: string };
      do {
        await new Promise((resolve) => setImmediate(resolve));
        task = (await request("tasks/get", { taskId })).result;
      } while (task.status === "working");
      expect(JSON.stringify(task)).toMatch(/"status":"failed"|"isError":true/);
      expect(server.running.size).toBe(0);
    });
  });
});

/** The other entries with handlers, by the request that reaches them. */
const entries: readonly (readonly [what: string, method: string, params: object])[] = [
  ["a resource", "resources/read", { uri: "made://r" }],
  ["a prompt", "prompts/get", { name: "p" }],
  [
    "a completion",
    "completion/complete",
    { ref: { type: "ref/prompt", name: "p" }, argument: { name: "a", value: "" } },
  ],
];

test.each(entries)("%s is answered whatever its handler throws", async (_, method, params) => {
  for (const [value, make] of Object.entries(thrown)) {
    for (const [way, handlerOf] of Object.entries(ways)) {
      const { surface, definition } = serverWith({});
      const handler = handlerOf(make) as never;
      const handlers = {
        ...definition.handlers,
        resources: new Map([["made://r", handler]]),
        prompts: new Map([["p", handler]]),
        completions: new Map([["p a", handler]]),
      };
      const prompt = { name: "p", arguments: [{ name: "a", required: false }] };
      const whole = { ...surface, resources: [{ uri: "made://r" }], prompts: [prompt] } as never;
      const server = defineServer(whole, handlers, () => ({ logger: () => {} }));
      const answer = await callerOf(server).request(method, params as never);
      expect([way, value, answer]).toEqual([way, value, expect.objectContaining({ error: expect.anything() })]);
    }
  }
});

test("a place among the handlers that run at a time is free again, whatever a handler comes to", async () => {
  for (const [value, make] of Object.entries(thrown)) {
    for (const [way, handlerOf] of Object.entries(ways)) {
      const { surface, definition } = serverWith({ t: handlerOf(make) as never, say: () => "said" });
      const limit = limitConcurrency({ server: 1, maxQueue: 0 });
      const { call } = callerOf(defineServer(surface, definition.handlers, () => ({ limit, logger: () => {} })));
      await call("t");
      expect([way, value, await call("say")]).toMatchObject([way, value, { result: { content: [{ text: "said" }] } }]);
    }
  }
});

test.each(Object.keys(thrown))("onError may return %s", async (value) => {
  const hooks = { onError: thrown[value]! };
  const handler = (): never => boom();
  const server = Object.assign(serverWith({ t: handler as never }), { hooks });
  expect(await doors["standard streams"]!(server)).toMatch(failure);
});

describe("an answer that cannot be written", () => {
  const later = async (): Promise<string> => {
    await undefined;
    return "said";
  };

  test("is an error over a transport that throws once", async () => {
    const log: string[] = [];
    const server = serverWith({ t: later as never }, { log: (message) => log.push(message) });
    let broken = true;
    const answer = await new Promise<unknown>((resolve) => {
      const connection = connect(server, (message) => {
        if (broken) {
          broken = false;
          boom();
        }
        resolve(JSON.parse(message as string));
      });
      connection.receive({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "t", _meta: claim } });
    });
    expect(answer).toMatchObject({ id: 1, error: { code: -32603 } });
    expect(log).toEqual(["a message could not be handled"]);
  });

  test("ends in the log over a transport that always throws, and nothing stays", async () => {
    const log: string[] = [];
    const server = serverWith({ t: later as never }, { log: (message) => log.push(message) });
    const connection = connect(server, boom);
    connection.receive({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "t", _meta: claim } });
    await new Promise((resolve) => setImmediate(resolve));
    expect([log, connection.requestCount(), server.running.size]).toEqual([["a message could not be handled"], 0, 0]);
  });

  /** Methods of a response that middleware may have put its own in place of. */
  const methods = ["writeHead", "end", "write", "flushHeaders"] as const;
  const calls: readonly (readonly [what: string, path: string, headers: Record<string, string>])[] = [
    ["one request", "/mcp", { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": "t" }],
    ["events of a tool", "/mcp/tools/t/sse", {}],
  ];
  test.each(methods.flatMap((method) => calls.map((call) => [method, ...call] as const)))(
    "by a %s that throws ends the connection, or is an error: %s",
    async (method, _, path, headers) => {
      const server = serverWith({ t: later as never }, { surface: { readOnly: true } });
      const listener = createListener(server, http);
      const host = createServer((request, response) => {
        const own = response[method].bind(response) as (...args: unknown[]) => unknown;
        let calls = 0;
        Object.assign(response, { [method]: (...args: unknown[]) => ((calls += 1) === 1 ? boom() : own(...args)) });
        listener(request, response);
      });
      host.listen(0, "127.0.0.1");
      await once(host, "listening");
      onTestFinished(() => {
        host.closeAllConnections();
        host.close();
      });
      const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "t", _meta: claim } });
      const sent = { method: "POST", headers: { ...headers, "content-type": "application/json" }, body };
      const answer = await fetch(`http://127.0.0.1:${(host.address() as AddressInfo).port}${path}`, sent).then(
        async (response) => `${response.status} ${await response.text()}`,
        () => "the connection ended",
      );
      expect(answer).toMatch(/^500 .*the server's log explains it|^200 |^the connection ended/);
      expect(server.running.size).toBe(0);
    },
  );
});
