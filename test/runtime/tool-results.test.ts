import { describe, expect, test } from "vitest";
import { result, type ResourceHandler, type ToolHandler } from "../../runtime/index.js";
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
