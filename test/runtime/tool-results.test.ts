import { describe, expect, test } from "vitest";
import { result, type ResourceHandler, type ToolHandler } from "../../runtime/index.js";
import type { ToolSurface } from "../../runtime/protocol/surface.js";
import { converse } from "./conversation.js";
import { serverWith } from "./surface.js";

const versions = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"];
const text = (value: unknown) => [{ type: "text", text: typeof value === "string" ? value : JSON.stringify(value) }];
const image = { type: "image", data: "AAAA", mimeType: "image/png" } as const;
const value = { celsius: 3 };

interface Row {
  readonly returned: unknown;
  readonly expected: { content: unknown; structuredContent?: unknown; isError?: true; _meta?: object };
  /** Of a tool without an `outputSchema`. */
  readonly unstructured?: true;
}

const rows: Record<string, Row> = {
  "a value alone": { returned: result(value), expected: { content: text(value), structuredContent: value } },
  "a text": { returned: result(value, { content: "3°" }), expected: { content: text("3°"), structuredContent: value } },
  "a block": { returned: result(value, { content: image }), expected: { content: [image], structuredContent: value } },
  "no block": { returned: result(value, { content: [] }), expected: { content: [], structuredContent: value } },
  "blocks and metadata": {
    returned: result(value, { content: [...(text("3°") as never[]), image], _meta: { "a/b": 1 } }),
    expected: { content: [...text("3°"), image], structuredContent: value, _meta: { "a/b": 1 } },
  },
  "a failure with a value": {
    returned: result(value, { isError: true }),
    expected: { content: text(value), structuredContent: value, isError: true },
  },
  "a failure without one": {
    returned: result(undefined, { isError: true, content: "no such city" }),
    expected: { content: text("no such city"), isError: true },
  },
  "a promise": {
    returned: Promise.resolve(result(value, { content: "3°" })),
    expected: { content: text("3°"), structuredContent: value },
  },
  "a text that is a failure": {
    returned: result("no such city", { isError: true, _meta: { "a/b": 1 } }),
    expected: { content: text("no such city"), isError: true, _meta: { "a/b": 1 } },
    unstructured: true,
  },
  "blocks with metadata": {
    returned: result([image], { _meta: { "a/b": 1 } }),
    expected: { content: [image], _meta: { "a/b": 1 } },
    unstructured: true,
  },
  "a whole result with metadata": {
    returned: result({ content: [image], isError: true }, { _meta: { "a/b": 1 } }),
    expected: { content: [image], isError: true, _meta: { "a/b": 1 } },
    unstructured: true,
  },
};

describe.each(versions)("%s: a tool answers", (version) => {
  test.each(Object.entries(rows))("%s", async (_name, { returned, expected, unstructured }) => {
    const server = serverWith({ t: (() => returned) as never }, { output: unstructured === undefined });
    const { request } = await converse(server, version);
    const { resultType: _, ...answer } = (await request("tools/call", { name: "t" })).result;
    const { structuredContent, ...rest } = expected;
    const { _meta, ...given } = answer;
    const { _meta: meta, ...members } = rest;
    const known = version >= "2025-06-18" && structuredContent !== undefined;
    expect(given).toEqual(known ? { ...members, structuredContent } : members);
    expect(_meta ?? {}).toMatchObject(meta ?? {});
  });
});

test.each([
  ["a value that the schema refuses", result({ wrong: 1 }, { content: "fine" })],
  ["no value, and no failure", result(undefined as never, { content: "fine" })],
  ["content that is none", result(value, { content: { type: "image" } as never })],
])("%s is an error that the log explains", async (_name, returned) => {
  const logged: string[] = [];
  const valid = (given: unknown): boolean => JSON.stringify(given) === JSON.stringify(value);
  const log = (_message: string, details: { error?: string }): void => void logged.push(String(details.error));
  const { request } = await converse(
    serverWith({ t: (() => returned) as never }, { output: valid, log }),
    "2025-11-25",
  );
  const { result: answer } = await request("tools/call", { name: "t" });
  expect(answer).toMatchObject({ isError: true, content: [{ text: expect.stringMatching(/^internal error \w+;/) }] });
  expect(answer.structuredContent).toBeUndefined();
  expect(logged).toHaveLength(1);
});

test("a list that is wrapped for older clients is wrapped beside content of its own, too", async () => {
  const server = serverWith(
    { t: (() => result([1], { content: "one" })) as never },
    { output: true, surface: { wraps: true } },
  );
  const found = versions.slice(2).map(async (version) => {
    const { request } = await converse(server, version);
    return (await request("tools/call", { name: "t" })).result.structuredContent;
  });
  expect(await Promise.all(found)).toEqual([{ result: [1] }, { result: [1] }, [1]]);
});

const json = JSON.stringify;
const place = { city: "Ulm {x}", days: [1, 2], "a b": 1 };
const texts: readonly {
  readonly name: string;
  readonly declared: NonNullable<ToolSurface["text"]>;
  readonly returned?: unknown;
  readonly content: unknown;
  /** The content for clients without structured content, unless it is the JSON. */
  readonly older?: unknown;
}[] = [
  { name: "no text", declared: "none", content: [] },
  {
    name: "a template",
    declared: { template: "{city}: {days} {{}{unit}" },
    content: text("Ulm {x}: [1,2] {"),
  },
  {
    name: "content of the handler's own",
    declared: "none",
    returned: result(place, { content: "mine" }),
    content: text("mine"),
    older: text("mine"),
  },
  { name: "a composed value without content", declared: "none", returned: result(place), content: [] },
  {
    name: "a failure without a value",
    declared: "none",
    returned: result(undefined, { isError: true, content: "no" }),
    content: text("no"),
    older: text("no"),
  },
];

test.each(texts)("the text beside structured content: $name", async ({ declared, returned, content, older }) => {
  for (const cached of [false, true]) {
    const surface = {
      text: declared,
      ...(cached && { cache: { ttlMs: 60_000, scope: "public", maxEntries: 9 } as const }),
    };
    const server = serverWith({ t: (() => returned ?? place) as never }, { output: true, surface });
    for (const version of versions) {
      const { request } = await converse(server, version);
      const answer = (await request("tools/call", { name: "t" })).result;
      const isOld = version < "2025-06-18";
      expect({ version, content: answer.content }).toEqual({
        version,
        content: isOld ? (older ?? text(json(place))) : content,
      });
      if (!isOld && answer.isError === undefined) expect(answer.structuredContent).toEqual(place);
    }
  }
});

test.each([
  { name: "below the limit", limit: 100, returned: "one two three", warnings: 0 },
  { name: "above the limit", limit: 10, returned: "one two three ".repeat(50), warnings: 1 },
  { name: "above the limit, later", limit: 10, returned: Promise.resolve("one two three ".repeat(50)), warnings: 1 },
  { name: "without a limit", limit: undefined, returned: "one two three ".repeat(50), warnings: 0 },
])("a result $name is sent, and reported only if it is above", async ({ limit, returned, warnings }) => {
  const logged: string[] = [];
  const log = (message: string, _details: unknown, level: string): void => void logged.push(`${level}: ${message}`);
  const surface = limit === undefined ? {} : { maxResultTokens: limit };
  const server = serverWith({ t: (() => returned) as never }, { surface, log });
  const { request } = await converse(server, "2026-07-28");
  const answer = (await request("tools/call", { name: "t" })).result;
  expect(answer.content).toEqual(text(await returned));
  const warning = `warning: the result of the tool "t" has more than ${limit} tokens, its maxResultTokens`;
  expect(logged).toEqual(Array.from({ length: warnings }, () => warning));
});

test("types take a value of the tool's own type alone", () => {
  type Tool = ToolHandler<object, { unit: "c" | "f"; celsius: number }>;
  const fine: Tool = () => result({ unit: "c", celsius: 3 }, { content: "3°" });
  const later: Tool = async () => result({ unit: "c", celsius: 3 }, { _meta: {} });
  const failure: Tool = () => result(undefined, { isError: true, content: "no" });
  // @ts-expect-error -- no such unit
  const wrong: Tool = () => result({ unit: "k", celsius: 3 });
  // @ts-expect-error -- no value, and no failure
  const none: Tool = () => result(undefined, { content: "no" });
  const whole: ResourceHandler = () => ({ contents: [{ uri: "a:b", text: "x" }] });
  expect([fine, later, failure, wrong, none, whole]).toHaveLength(6);
});
