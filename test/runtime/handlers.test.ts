import fc from "fast-check";
import { expect, test } from "vitest";
import { connect } from "../../runtime/protocol/connection.js";
import { textOf } from "../../runtime/protocol/json-rpc.js";
import { McpError } from "../../runtime/index.js";
import { describeForDeveloper } from "../../runtime/node/dev/host.js";
import type { Server } from "../../runtime/protocol/exchange.js";
import { createLogger, logFailure, type LogRecord } from "../../runtime/protocol/logger.js";
import { serverWith } from "./surface.js";

const secret = "postgres://user:hunter2@db";
const cyclic: any = {};
cyclic.self = cyclic;
const hostileProxy = new Proxy(
  {},
  {
    getPrototypeOf: () => {
      throw hostileProxy;
    },
    get: () => {
      throw hostileProxy;
    },
  },
);

/** One call of a handler, on the wire; every answer must be JSON, and the next call must be answered. */
async function answerOf(
  handler: (...all: any[]) => unknown,
  output: boolean | ((value: unknown) => boolean) = false,
  surface = {},
  part: Partial<Server> = {},
): Promise<{ answer: any; log: string }> {
  let log = "";
  const server = serverWith(
    { t: handler as never, good: () => "good" },
    { output, surface, log: (message, details) => (log += `${message} ${details?.error}`) },
  );
  Object.assign(server, part);
  const arrived: ((message: any) => void)[] = [];
  const connection = connect(server, (message) => arrived.shift()!(JSON.parse(textOf(message))));
  const send = (id: number, method: string, params: object): Promise<any> => {
    const answer = new Promise<any>((resolve) => arrived.push(resolve));
    connection.receive({ jsonrpc: "2.0", id, method, params });
    return answer;
  };
  await send(0, "initialize", {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "x", version: "1" },
  });
  const answer = await send(1, "tools/call", { name: "t" });
  expect(await send(2, "tools/call", { name: "good" })).toMatchObject({ id: 2 });
  expect(connection.requestCount()).toBe(0);
  return { answer, log };
}

const thrown: readonly [string, () => unknown][] = [
  ["an error", () => new Error(secret)],
  ["a text", () => secret],
  ["nothing", () => undefined],
  ["null", () => null],
  ["a function", () => () => secret],
  ["an object without a prototype", () => Object.assign(Object.create(null), { secret })],
  ["a proxy that throws when it is looked at", () => hostileProxy],
  [
    "an error whose stack throws",
    () =>
      Object.defineProperty(new Error("x"), "stack", {
        get: () => {
          throw new Error(secret);
        },
      }),
  ],
  [
    "an error with a cyclic cause",
    () => {
      const error: any = new Error("x");
      error.cause = error;
      return error;
    },
  ],
];

test.each(thrown)("%s thrown leaks nothing, and the next call is answered", async (_, make) => {
  for (const handler of [
    () => {
      throw make();
    },
    async () => {
      throw make();
    },
    () => Promise.reject(make()),
  ]) {
    const { answer } = await answerOf(handler);
    expect(JSON.stringify(answer)).not.toContain("hunter2");
    expect(answer.result?.isError === true || answer.error?.code === -32603).toBe(true);
  }
});

test("an unexpected error has an id, under which the log tells the rest", async () => {
  const { answer, log } = await answerOf(() => {
    throw new Error(secret);
  });
  expect(answer.result.content[0].text).toMatch(/^internal error [0-9a-f]{8}; the server's log explains it$/);
  expect(log).toContain(secret);
});

test.each<[string, () => unknown, object]>([
  [
    "an object",
    () => ({ code: 42, message: "boom", Password: "p" }),
    { code: 42, message: "boom", Password: "[redacted]" },
  ],
  ["an array", () => [1, { password: "p" }], [1, { password: "[redacted]" }]],
  ["without a prototype", () => Object.assign(Object.create(null), { code: 42 }), { code: 42 }],
  ["with itself inside", () => cyclic, { self: expect.anything() }],
  ["behind an error", () => new Error("outer", { cause: { code: 42 } }), { code: 42 }],
])("an object that is no error is in the log with its fields, without secrets: %s", (_, make, shown) => {
  const records: LogRecord[] = [];
  const log = createLogger("info", (record) => records.push(record), {
    names: new Set(["password"]),
    secrets: new Set(),
  });
  logFailure(log, "failed", make());
  expect(records[0]?.details).toMatchObject({ error: expect.stringContaining("thrown: an"), thrown: shown });
});

test.each<[string, () => unknown, string]>([
  ["an error", () => new Error("no such city: " + secret), "no such city: postgres://user:[redacted]@db"],
  ["a text", () => "just so", "just so"],
  ["an object", () => ({ code: 42 }), '{"code":42}'],
  ["nothing", () => undefined, "undefined"],
  ["a proxy that throws when it is read", () => hostileProxy, "a value that cannot be shown"],
])("a client of mcpc dev is told %s in its own words, and no other client", async (_, make, words) => {
  const fail = () => {
    throw make();
  };
  const server = {
    describeError: (error: unknown) => describeForDeveloper(error, { secrets: new Set(), logging: undefined }),
  };
  const { answer } = await answerOf(fail, false, {}, server);
  expect(answer.result.content[0].text).toMatch(/^internal error [0-9a-f]{8} \(/);
  expect(answer.result.content[0].text).toContain(` (${words}); the server's log explains it`);
  expect((await answerOf(fail)).answer.result.content[0].text).not.toContain(words);
});

test.each<[string, unknown, string]>([
  ["a text as content", { content: "hello" }, 'an object of "content" (a string)'],
  [
    "an object without an outputSchema",
    { length: 3, of: null, in: {} },
    '"length" (a number), "of" (null), "in" (an object)',
  ],
  ["a buffer", Buffer.from("x"), "bytes"],
  ["nothing", undefined, "undefined"],
  ["an empty object", {}, "an object without members"],
  ["a list with holes", new Array(3), "undefined"],
  ["a block that lacks its data", [{ type: "image", mimeType: "x/y" }], '"type" (a string), "mimeType" (a string)'],
])("the log says what is wrong with an output: %s", async (_, value, words) => {
  expect((await answerOf(() => value)).log).toContain(
    `the handler returned ${words.startsWith('"') ? "an object of " : ""}${words}; expected`,
  );
});

test("an McpError goes out as it is; one that cannot be told goes out as an internal error", async () => {
  expect(
    (
      await answerOf(() => {
        throw new McpError(4711, "no", { why: "because" });
      })
    ).answer.error,
  ).toEqual({ code: 4711, message: "no", data: { why: "because" } });
  expect(
    (
      await answerOf(() => {
        throw new McpError(4711, "no", cyclic);
      })
    ).answer.error,
  ).toEqual({ code: 4711, message: "no" });
  const unspeakable = Object.assign(new McpError(1, "x"), {
    message: {
      toString: () => {
        throw new Error();
      },
    },
  });
  expect(
    (
      await answerOf(() => {
        throw unspeakable;
      })
    ).answer.error,
  ).toMatchObject({ code: -32603 });
});

const returned: readonly [string, unknown][] = [
  ["undefined", undefined],
  ["a number", 7],
  ["a function", () => 1],
  ["a cyclic object", cyclic],
  ["a bigint", 1n],
  ["a symbol", Symbol("x")],
  ["content of an unknown type", { type: "video", data: "x" }],
  ["content that lacks its data", [{ type: "image" }]],
  ["a list of nothing", [undefined]],
  ["a whole result with cyclic structured content", { content: [], structuredContent: cyclic }],
  ["a whole result with a function for structured content", { content: [], structuredContent: () => 1 }],
  ["a proxy that throws", hostileProxy],
];

test.each(returned)("%s returned is an internal error, not a broken answer", async (_, value) => {
  const { answer } = await answerOf(() => value);
  expect(answer.result?.isError === true || answer.error?.code === -32603).toBe(true);
});

test("what is sent of an odd object is what JSON makes of it", async () => {
  expect((await answerOf(() => ({ content: [], _meta: new URL("http://x/") }))).answer.result).toEqual({
    content: [],
    _meta: {},
  });
  expect(
    (await answerOf(() => ({ content: [], structuredContent: new Date(0) }))).answer.result.structuredContent,
  ).toEqual({ result: "1970-01-01T00:00:00.000Z" });
});

class Money {
  get amount(): number {
    return 7;
  }
}

test.each<[string, unknown]>([
  ["a date", { at: new Date(0) }],
  ["a date in a list in an object", { list: [{ at: new Date(0) }] }],
  ["an object with a toJSON of its own", { a: { toJSON: () => [1] } }],
  ["a list with a toJSON of its own", [Object.assign([1], { toJSON: () => 2 })]],
  ["an object of a class with an accessor", { price: new Money() }],
  ["a map", { map: new Map([["a", 1]]) }],
  ["bytes", [new Uint8Array([1])]],
  ["a number that JSON has not", { a: NaN, b: [Infinity] }],
  ["nothing in a list", [undefined, , 1]],
  ["a member that is left out", { a: undefined, b: () => 1, c: 1 }],
  ["an object without a prototype", Object.assign(Object.create(null), { a: [1, "b", null, true] })],
])("what is checked is what leaves: %s", async (_, value) => {
  const seen: unknown[] = [];
  const { answer } = await answerOf(
    () => value,
    (given) => seen.push(given) > 0,
  );
  const left = JSON.parse(answer.result.content[0].text);
  expect(left).toEqual(JSON.parse(JSON.stringify(value)));
  expect({ ...(seen[0] as object) }).toStrictEqual({ ...left });
});

test("whatever a handler returns or throws, the answer is one message", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.anything({
        withBigInt: true,
        withDate: true,
        withMap: true,
        withNullPrototype: true,
        withObjectString: true,
        withSparseArray: true,
        withTypedArray: true,
      }),
      fc.boolean(),
      fc.boolean(),
      async (value, throws, output) => {
        const { answer } = await answerOf(() => {
          if (throws) throw value;
          return value;
        }, output);
        expect(answer.id).toBe(1);
        expect((answer.result === undefined) !== (answer.error === undefined)).toBe(true);
      },
    ),
    { numRuns: 300 },
  );
});

test("a tool that is out of time is given up, and told so", async () => {
  let reason: unknown;
  const slow = (_input: unknown, { signal }: { signal: AbortSignal }) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject((reason = signal.reason))));
  const { answer } = await answerOf(slow, false, { timeoutMs: 20 });
  expect(answer.result).toMatchObject({ isError: true, content: [{ text: '"t" timed out after 20 ms' }] });
  expect(String(reason)).toContain("timed out");
});
