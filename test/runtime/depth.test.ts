import { beforeAll, describe, expect, test } from "vitest";
import type { JsonSchema } from "../../compiler/model/schema.js";
import { McpError } from "../../runtime/index.js";
import { createCache } from "../../runtime/cache/index.js";
import { defineServer } from "../../runtime/protocol/define-server.js";
import type { Server } from "../../runtime/protocol/exchange.js";
import { redact } from "../../runtime/protocol/redact.js";
import type { AnyToolHandler, ToolSurface, Validator } from "../../runtime/protocol/surface.js";
import { createFetch } from "../../runtime/transports/http/fetch.js";
import { compiled } from "../compiler/compiled.js";
import { events } from "../e2e/events.js";
import { settled } from "./caller.js";
import { converse } from "./conversation.js";
import { options } from "./doors.js";

/** Levels of arguments: a request has at most 1,000, and two hold the arguments. */
const levels = 998;

const nested = (count: number, wrap: (inner: unknown) => unknown, innermost: unknown): unknown => {
  let value = innermost;
  for (let level = 1; level < count; level += 1) value = wrap(value);
  return value;
};
const objects = (count: number, innermost: unknown = {}): unknown => nested(count, (a) => ({ a }), innermost);
const lists = (count: number): unknown => nested(count, (inner) => [inner], []);
const circular = (): Record<string, unknown> => {
  const value: Record<string, unknown> = {};
  value["self"] = value;
  return value;
};

const manyFrames = Object.fromEntries(
  Array.from({ length: 60 }, (_, index) => [
    `L${index}`,
    index === 59
      ? { type: "object", properties: { a: { $ref: "#/$defs/L0" } } }
      : { anyOf: [{ type: "string" }, { $ref: `#/$defs/L${index + 1}` }] },
  ]),
);

const schemas = {
  recursive: { type: "object", properties: { a: { $ref: "#" } }, additionalProperties: { type: "number" } },
  unevaluated: {
    allOf: [{ type: "object", properties: { a: { $ref: "#" } } }],
    unevaluatedProperties: false,
  },
  choice: {
    type: "object",
    properties: { a: { anyOf: [{ type: "string" }, { $ref: "#" }] }, kind: { const: "leaf" } },
  },
  unique: { type: "object", properties: { list: { type: "array", uniqueItems: true } } },
  "many frames a level": { type: "object", properties: { a: { $ref: "#/$defs/L0" } }, $defs: manyFrames },
} satisfies Record<string, JsonSchema>;
type Name = keyof typeof schemas;

let validators: Record<Name, Validator>;
beforeAll(async () => {
  const names = Object.keys(schemas) as Name[];
  const made = await compiled(names.map((name) => schemas[name]));
  expect([...made.refused.values()]).toEqual([]);
  validators = Object.fromEntries(names.map((name, index) => [name, made.validators[index]!])) as typeof validators;
});

interface Tool extends Partial<ToolSurface> {
  readonly handler: AnyToolHandler;
  readonly input?: Validator;
  readonly output?: Validator;
}

const pass: Validator = Object.assign(() => true, { errors: null });

function serverOf({ handler, input = pass, output, ...surface }: Tool): Server {
  const names = { tools: [], resources: [], resourceTemplates: [], prompts: [] };
  const { listings, toolValidators } = {
    listings: async () => ({ ...names, tools: ['{"name":"t","inputSchema":{"type":"object"}}'] }),
    toolValidators: async () => ({ input, ...(output && { output }) }),
  };
  const validators = { templateValidators: async () => ({ params: pass }), promptValidators: async () => ({}) };
  return defineServer(
    {
      ...{ server: { name: "deep", version: "1.0.0" }, ...names, tools: [{ name: "t", ...surface }] },
      ...{ listings, toolValidators, ...validators },
    },
    {
      ...{ tools: new Map([["t", handler]]), resources: new Map(), resourceTemplates: new Map() },
      ...{ prompts: new Map(), completions: new Map() },
    },
    () => ({
      cache: createCache({ maxSize: 1e6 }),
      logger: (_level, message, details) => JSON.stringify(redact({ message, details })),
    }),
  );
}

/** Calls the tool `t` once and returns its response, or the same members of a task or an event. */
type Call = (server: Server, input: object) => Promise<any>;

const overConnection =
  (version: string): Call =>
  async (server, input) => {
    const { request } = await converse(server, version);
    const answer = await request("tools/call", { name: "t", arguments: input });
    expect((await request("tools/list")).result.tools).toHaveLength(1);
    return answer;
  };

const overHttp: Call = async (server, input) => {
  const headers = {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "mcp-protocol-version": "2026-07-28",
    ...{ "mcp-method": "tools/call", "mcp-name": "t" },
  };
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/logLevel": "debug",
  };
  const message = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "t", arguments: input, _meta } };
  const init = { method: "POST", headers, body: JSON.stringify(message) };
  const response = await createFetch(server, options)(new Request("http://localhost/mcp", init));
  if (response.headers.get("content-type") === "application/json") return response.json();
  const next = events(response);
  for (let event = await next(); event; event = await next()) if (event.data?.id === 1) return event.data;
  throw new Error("the stream has no response");
};

const asTask: Call = async (server, input) => {
  const { request } = await converse(server, "2026-07-28", { extensions: { "io.modelcontextprotocol/tasks": {} } });
  const answer = await request("tools/call", { name: "t", arguments: input });
  if (answer.result?.taskId === undefined) return answer;
  for (let turn = 0; turn < 10; turn += 1) {
    await settled();
    const { status, error, result } = (await request("tasks/get", { taskId: answer.result.taskId })).result;
    if (status !== "working") return error ? { error } : { result };
  }
  throw new Error("the task does not end");
};

const asEvents: Call = async (server, input) => {
  const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(input) };
  const fetch = createFetch(server, { ...options, toolEvents: true });
  const response = await fetch(new Request("http://localhost/mcp/tools/t/sse", init));
  const next = events(response);
  let last: any;
  for (let event = await next(); event; event = await next()) last = event.data;
  return last.code === undefined ? { result: last } : { error: last };
};

const doors: Readonly<Record<string, readonly [call: Call, surface?: Partial<ToolSurface>]>> = {
  "a connection of 2025-06-18": [overConnection("2025-06-18")],
  "a connection of 2026-07-28": [overConnection("2026-07-28")],
  HTTP: [overHttp],
  "a task": [asTask, { task: "required" }],
  "tool events": [asEvents],
  "a cached tool": [overConnection("2025-11-25"), { cache: { ttlMs: 1000, scope: "private" } }],
};

describe.each(Object.entries(doors))("%s", (_, [call, surface]) => {
  const echo: AnyToolHandler = (input, { log }) => {
    log.info(input);
    return input;
  };

  test.each<[name: Name, value: () => unknown, answer: "itself" | RegExp]>([
    ["recursive", () => objects(levels), "itself"],
    ["recursive", () => objects(levels - 1, { b: "no number" }), /^invalid arguments: "a\.a.* must be /],
    ["unevaluated", () => objects(levels), "itself"],
    ["choice", () => objects(levels), "itself"],
    ["choice", () => objects(levels, { kind: "other" }), /^invalid arguments: /],
    ["unique", () => ({ list: [lists(levels - 2), lists(levels - 3)] }), "itself"],
    ["unique", () => ({ list: [lists(levels - 2), lists(levels - 2)] }), /must not hold the same item twice/],
    ["many frames a level", () => objects(levels), /^invalid arguments: nested too deeply$/],
  ])("a schema, %s, gets an answer for arguments as deep as they may be", async (name, valueOf, expected) => {
    const value = valueOf();
    const validator = validators[name];
    const { result } = await call(
      serverOf({ handler: echo, input: validator, output: validator, ...surface }),
      value as object,
    );
    if (expected === "itself") {
      expect(JSON.stringify(result.structuredContent)).toBe(JSON.stringify(value));
      expect(result.isError).toBeUndefined();
    } else expect(result).toMatchObject({ isError: true, content: [{ text: expect.stringMatching(expected) }] });
  });

  const wholeResult = { content: [] };
  const failure = { result: { isError: true, content: [{ text: expect.stringMatching(/^internal error \w+; /) }] } };
  const refusal = { error: { code: -32001, message: "no" } };
  const fail = (error: unknown) => () => {
    throw error;
  };

  test.each<[what: string, tool: Tool, expected: object]>([
    ["a deep structured result", { handler: () => objects(100_000), output: pass }, failure],
    ["a deep structured result, later", { handler: async () => objects(100_000), output: pass }, failure],
    ["a circular structured result", { handler: circular, output: pass }, failure],
    ["a deep structuredContent", { handler: () => ({ ...wholeResult, structuredContent: objects(100_000) }) }, failure],
    ["a circular structuredContent", { handler: () => ({ ...wholeResult, structuredContent: circular() }) }, failure],
    ["a deep _meta", { handler: () => ({ ...wholeResult, _meta: objects(100_000) }) }, failure],
    ["a circular _meta", { handler: () => ({ ...wholeResult, _meta: circular() }) }, failure],
    [
      "a content block with a circular _meta",
      { handler: () => [{ type: "text", text: "x", _meta: circular() }] },
      failure,
    ],
    ["a circular value, thrown", { handler: fail(circular()) }, failure],
    ["an error that causes itself", { handler: fail(Object.assign(new Error("x"), { cause: circular() })) }, failure],
    ["an error with circular data", { handler: fail(new McpError(-32001, "no", circular())) }, refusal],
    ["an error with deep data", { handler: fail(new McpError(-32001, "no", objects(100_000))) }, refusal],
    [
      "an error without a text",
      { handler: fail(Object.assign(new McpError(-32001, "no"), { message: Object.create(null) })) },
      { error: { code: -32603, message: expect.stringMatching(/^internal error/) } },
    ],
    [
      "a circular and a deep log entry",
      { handler: (_, { log }) => (log.info(circular()), log.info(objects(100_000)), "x") },
      { result: { content: [{ text: "x" }] } },
    ],
  ])("%s is answered", async (_, tool, expected) => {
    const server = serverOf({ ...tool, ...surface });
    expect(await call(server, {})).toMatchObject(expected);
    expect((await (await converse(server, "2025-11-25")).request("ping")).result).toEqual({});
  });
});

test.each([
  ["deep", () => objects(100_000)],
  ["circular", circular],
  ["made anew by toJSON", () => ({ toJSON: () => ({ toJSON: circular }) })],
])("a log entry that is %s is cut", (_, valueOf) => {
  expect(JSON.stringify(redact({ value: valueOf() })).length).toBeLessThan(200);
});
