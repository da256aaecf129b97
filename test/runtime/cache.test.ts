import { describe, expect, test, vi } from "vitest";
import { McpError, result } from "../../runtime/index.js";
import { publish } from "../../runtime/protocol/changes.js";
import type { Server } from "../../runtime/protocol/exchange.js";
import { callerOf, revisions, settled } from "./caller.js";
import { held, setup, type Setup } from "./cached-server.js";

describe("a result that is kept", () => {
  test("is given again for the same arguments, whatever the order of their keys", async () => {
    const tool = vi.fn((input: unknown) => JSON.stringify(input));
    const client = callerOf(setup({ tool }).server);
    const first = await client.call("t", { a: 1, b: { c: [1, { d: 2, e: 3 }] } });
    const second = await client.call("t", { b: { c: [1, { e: 3, d: 2 }] }, a: 1 });
    expect(second.result).toEqual(first.result);
    expect(tool).toHaveBeenCalledTimes(1);
    await client.call("t", { a: 1, b: { c: [{ d: 2, e: 3 }, 1] } });
    await client.call("t", { a: "1", b: { c: [1, { d: 2, e: 3 }] } });
    expect(tool).toHaveBeenCalledTimes(3);
  });

  test("is given to everybody who shares it, and to no other principal", async () => {
    for (const [scope, runs] of [
      ["private", 3],
      ["public", 1],
    ] as const) {
      const tool = vi.fn(() => "x");
      const seen: (string | undefined)[] = [];
      const { server } = setup({ tool: (...given) => (seen.push(given[1].auth.principal), tool()), reuse: { scope } });
      for (const who of ["ada", "bob", undefined, "ada", "bob", undefined])
        await callerOf(server, "2025-11-25", {}, who).call("t");
      expect(seen).toEqual(scope === "private" ? ["ada", "bob", undefined] : ["ada"]);
      expect([scope, tool.mock.calls.length]).toEqual([scope, runs]);
    }
  });

  test("is forgotten when its time is over, and never told to last longer than that", async () => {
    const resource = vi.fn(() => "text");
    const { server, pass } = setup({ resource });
    const client = callerOf(server, "2026-07-28");
    const hints = async () => {
      const { ttlMs, cacheScope } = (await client.read("r://one")).result;
      return { ttlMs, cacheScope };
    };
    expect(await hints()).toEqual({ ttlMs: 1000, cacheScope: "private" });
    pass(400);
    expect(await hints()).toEqual({ ttlMs: 600, cacheScope: "private" });
    pass(599);
    expect(await hints()).toEqual({ ttlMs: 1, cacheScope: "private" });
    expect(resource).toHaveBeenCalledTimes(1);
    pass(1);
    expect(await hints()).toEqual({ ttlMs: 1000, cacheScope: "private" });
    expect(resource).toHaveBeenCalledTimes(2);
    expect((await callerOf(server).read("r://one")).result).toEqual({ contents: [{ uri: "r://one", text: "text" }] });
  });

  test("makes room for newer ones: the one used longest ago goes first", async () => {
    const tool = vi.fn(({ n }: any) => String(n));
    const client = callerOf(setup({ tool, reuse: { maxEntries: 3 } }).server);
    for (const n of [1, 2, 3, 1, 4]) await client.call("t", { n });
    expect(tool).toHaveBeenCalledTimes(4);
    for (const n of [1, 3, 4]) await client.call("t", { n });
    expect(tool).toHaveBeenCalledTimes(4);
    await client.call("t", { n: 2 });
    expect(tool).toHaveBeenCalledTimes(5);
  });

  test("counts by its size, too, in all its forms; one that is too large is answered and not kept", async () => {
    const tool = vi.fn(({ n, length }: any) => `${n}`.repeat(length));
    const { server } = setup({ tool, maxSize: 1000 });
    const clients = revisions.map((revision) => callerOf(server, revision));
    for (const client of clients) await client.call("t", { n: 1, length: 10 });
    expect(tool).toHaveBeenCalledTimes(1);
    expect((await clients[0]!.call("t", { n: 2, length: 2000 })).result.content[0].text).toHaveLength(2000);
    await clients[0]!.call("t", { n: 2, length: 2000 });
    expect(tool).toHaveBeenCalledTimes(3);
    for (let n = 3; n < 10; n += 1) for (const client of clients) await client.call("t", { n, length: 100 });
    expect((await clients[4]!.call("t", { n: 9, length: 100 })).result.content[0].text).toBe("9".repeat(100));
  });

  test("brings no progress with it", async () => {
    const client = callerOf(setup({ tool: (_input, { progress }) => (progress(1), "x") }).server);
    await client.call("t", {}, { progressToken: 1 });
    expect(client.others).toHaveLength(1);
    await client.call("t", {}, { progressToken: 2 });
    expect(client.others).toHaveLength(1);
  });
});

const outputs: [string, unknown, Partial<Setup>?][] = [
  ["a text", 'with "quotes" and \u2028'],
  ["a block", { type: "audio", data: "eA==", mimeType: "audio/wav" }],
  [
    "blocks",
    [
      { type: "resource_link", uri: "r://x", name: "x" },
      { type: "text", text: "y" },
    ],
  ],
  ["a whole result", { content: [], structuredContent: { a: [1] }, _meta: { "x/y": 1 } }],
  ["a whole result of another shape", { content: [{ type: "text", text: "t" }], structuredContent: [1] }],
  ["an object", { a: 1, b: undefined }, { output: true }],
  ["a value with content of its own", result({ a: 1 }, { content: "one", _meta: { "x/y": 1 } }), { output: true }],
  ["a text with metadata", result("one", { _meta: { "x/y": 1 } })],
  ["a list", [1, 2], { output: true, surface: { wraps: true } }],
  ["nothing", null, { output: true, surface: { wraps: true } }],
  ["a date", new Date(0), { output: true, surface: { wraps: true } }],
];

test.each(outputs)(
  "%s is, for each revision, what it would be without a cache, whichever asked first",
  async (_, output, more) => {
    const plain = setup({ tool: () => output, ...more, cached: false }).server;
    for (const first of revisions) {
      const tool = vi.fn(async () => output);
      const { server } = setup({ tool, ...more });
      for (const revision of [first, ...revisions, ...revisions]) {
        const expected = (await callerOf(plain, revision).call("t")).result;
        expect(expected.isError).toBeUndefined();
        expect((await callerOf(server, revision).call("t")).result).toEqual(expected);
      }
      expect(tool).toHaveBeenCalledTimes(1);
    }
  },
);

test("resources are kept as what they hold: texts, bytes, JSON", async () => {
  const bytes = Uint8Array.of(1, 2, 3);
  const resource = vi.fn(async () => ({ contents: ["text", bytes, { json: { a: 1 } }] }));
  const { server } = setup({ resource });
  const plain = setup({ resource: () => ["text", bytes, { json: { a: 1 } }], cached: false }).server;
  for (const uri of ["r://one", "r://of/7"]) {
    for (const revision of [...revisions, ...revisions]) {
      const { ttlMs: _, ...expected } = (await callerOf(plain, revision).read(uri)).result;
      const { ttlMs, ...given } = (await callerOf(server, revision).read(uri)).result;
      expect(given).toEqual(expected);
      expect(ttlMs).toBe(revision === "2026-07-28" ? 1000 : undefined);
    }
  }
  expect(resource).toHaveBeenCalledTimes(2);
});

test("a result is kept, and forgotten, by the arguments with defaults filled in", async () => {
  const tool = vi.fn(async ({ limit }: any) => String(limit));
  const { server } = setup({ tool, fill: (input) => ({ limit: 20, ...input }) });
  const caller = callerOf(server);
  const answers = async (input: object): Promise<string> => (await caller.call("t", input)).result.content[0].text;
  expect([await answers({}), await answers({ limit: 20 }), await answers({ limit: 3 })]).toEqual(["20", "20", "3"]);
  expect(tool).toHaveBeenCalledTimes(2);
  await caller.call("other", { given: ["t", {}] });
  await answers({ limit: 3 });
  expect(tool).toHaveBeenCalledTimes(2);
  await answers({ limit: 20 });
  expect(tool).toHaveBeenCalledTimes(3);
});

const failures: [string, (...all: any[]) => unknown, Partial<Setup>?][] = [
  ["an error", () => Promise.reject(new Error("no"))],
  [
    "an error thrown at once",
    () => {
      throw new Error("no");
    },
  ],
  ["an error of the protocol", () => Promise.reject(new McpError(1, "no"))],
  ["a result that is an error", () => ({ content: [], isError: true })],
  ["what is no result", () => Promise.resolve(7)],
  ["content that is none", () => Promise.resolve([{ type: "image" }])],
  ["what the schema refuses", () => Promise.resolve({ a: 1 }), { valid: () => false }],
];

test.each(failures)("%s is not kept", async (_, handler, more) => {
  const tool = vi.fn(handler);
  const client = callerOf(setup({ tool, ...more }).server);
  for (let round = 1; round <= 2; round += 1) {
    const { result, error } = await client.call("t");
    expect(result?.isError === true || error !== undefined).toBe(true);
    expect(tool).toHaveBeenCalledTimes(round);
  }
});

test("a resource that is not there is not kept, nor an error that is returned", async () => {
  for (const output of [undefined, new McpError(1, "no")]) {
    const resource = vi.fn(() => output);
    const client = callerOf(setup({ resource }).server);
    for (let round = 1; round <= 2; round += 1) {
      expect((await client.read("r://of/x")).error).toBeDefined();
      expect(resource).toHaveBeenCalledTimes(round);
    }
  }
});

describe("what is out of date", () => {
  const cases: readonly (readonly [string, unknown[], readonly string[]])[] = [
    ["a tool, by its name", ["t"], ["t 1", "t 2"]],
    ["a tool, for these arguments", ["t", { n: 1 }], ["t 1"]],
    ["a resource, by its URI", ["r://one"], ["r://one"]],
    ["one of a template, by its URI", ["r://of/1"], ["r://of/1"]],
    ["all of a template", ["r://of/{id}"], ["r://of/1", "r://of/2"]],
    ["of a template, for these variables", ["r://of/{id}", { id: "2" }], ["r://of/2"]],
  ];
  const everything = ["t 1", "t 2", "r://one", "r://of/1", "r://of/2"];

  async function ran(server: Server, runs: { calls: string[] }): Promise<string[]> {
    runs.calls = [];
    const client = callerOf(server);
    for (const n of [1, 2]) await client.call("t", { n });
    for (const uri of everything.slice(2)) await client.read(uri);
    return runs.calls;
  }
  const recording = () => {
    const runs = { calls: [] as string[] };
    const tool = ({ n }: any) => (runs.calls.push(`t ${n}`), "x");
    const resource = ({ uri }: any, context: any) => (runs.calls.push(uri ?? context.uri), "x");
    return { runs, ...setup({ tool, resource }) };
  };

  test.each(cases)("is forgotten: %s", async (_, given, forgotten) => {
    const { runs, server } = recording();
    expect(await ran(server, runs)).toEqual(everything);
    expect(await ran(server, runs)).toEqual([]);
    await callerOf(server).call("other", { given });
    expect(await ran(server, runs)).toEqual(forgotten);
  });

  test("is forgotten when its update is told", async () => {
    const { runs, server } = recording();
    await ran(server, runs);
    publish(server, { kind: "resource", uri: "r://of/2" });
    publish(server, { kind: "resource", uri: "r://nothing" });
    publish(server, { kind: "resources" });
    expect(await ran(server, runs)).toEqual(["r://of/2"]);
  });

  test("is not kept either when it is still being made", async () => {
    const { tool, runs } = held();
    const { server } = setup({ tool });
    const old = callerOf(server).call("t");
    await settled();
    await callerOf(server).call("other", { given: ["t"] });
    const fresh = callerOf(server).call("t");
    await settled();
    expect(runs).toHaveLength(2);
    runs[0]!.resolve("old");
    runs[1]!.resolve("fresh");
    expect((await old).result.content[0].text).toBe("old");
    expect((await fresh).result.content[0].text).toBe("fresh");
    expect((await callerOf(server).call("t")).result.content[0].text).toBe("fresh");
  });

  test("has a name, or the handler's author is told", async () => {
    const { server, log } = recording();
    expect((await callerOf(server).call("other", { given: ["tt"] })).result.isError).toBe(true);
    expect(log()).toContain('no result of \\"tt\\" is kept');
  });
});

test("arguments that are nested too deeply to be told apart are served all the same", async () => {
  const tool = vi.fn(() => "x");
  const client = callerOf(setup({ tool }).server);
  let deep: unknown = 1;
  for (let level = 0; level < 6000; level += 1) deep = [deep];
  for (let round = 1; round <= 2; round += 1) {
    expect((await client.call("t", { deep })).result.content[0].text).toBe("x");
  }
  expect(tool).toHaveBeenCalledTimes(2);
});
