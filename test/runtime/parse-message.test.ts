import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { McpError } from "../../runtime/protocol/errors.js";
import { parseMessage } from "../../runtime/protocol/parse-message.js";

interface Outcome {
  readonly value?: unknown;
  readonly refusal?: string;
  readonly id?: unknown;
}

function outcome(text: string): Outcome {
  let refusal: { readonly error: McpError; readonly id: unknown } | undefined;
  const value = parseMessage(text, (error, id) => (refusal = { error, id }));
  return refusal === undefined ? { value } : { refusal: refusal.error.message, id: refusal.id };
}

const list = (count: number, item: (at: number) => string): string =>
  `[${Array.from({ length: count }, (_, at) => item(at)).join(",")}]`;
const object = (count: number, space = "", name = "n"): string =>
  `{${Array.from({ length: count }, (_, at) => `"${name}${at}"${space}:0`).join(",")}}`;
const objectOf = (count: number) => (at: number) => object(count, "", `o${at} `);
const nested = (levels: number): string => `${"[".repeat(levels)}${"]".repeat(levels)}`;
const levels = /^JSON has at most 1000 levels here$/;
const size =
  /^JSON has at most 250000 members here, 50000 lists, objects and texts, and 10000 different names; send less at a time$/;

describe("a value as large as it may be is parsed, and one beyond that is refused", () => {
  // The outermost list or object counts as well.
  test.each<[what: string, largest: string, tooLarge: string, refusal: RegExp]>([
    ["levels", nested(1000), nested(1001), levels],
    ["lists", list(49_999, () => "[]"), list(50_000, () => "[]"), size],
    ["objects", list(49_999, () => "{}"), list(50_000, () => "{}"), size],
    ["texts", list(49_999, () => '""'), list(50_000, () => '""'), size],
    ["names", list(4_999, () => object(9)), list(5_000, () => object(9)), size],
    // Names with equal hashes count once, so the bound is exact to a few names.
    ["different names", object(10_000), object(10_020), size],
    ["different names of many objects", list(100, objectOf(100)), list(101, objectOf(100)), size],
    ["names with white space behind them", object(10_000, "\n "), object(10_020, "\n "), size],
    ["texts beside names", list(20_000, (at) => `"t${at}"`), list(50_000, () => '""'), size],
    ["numbers", list(250_000, () => "1"), list(250_001, () => "1"), size],
  ])("%s", (_what, largest, tooLarge, refusal) => {
    expect(outcome(largest)).toEqual({ value: JSON.parse(largest) });
    expect(outcome(tooLarge)).toEqual({ refusal: expect.stringMatching(refusal), id: undefined });
  });

  test.each([0, 2 ** -32, 0.25, 0.5, 1 - 2 ** -32])("names are counted right with the random number %s", (number) => {
    vi.spyOn(Math, "random").mockReturnValue(number);
    onTestFinished(() => void vi.restoreAllMocks());
    expect(outcome(list(101, objectOf(100)))).toMatchObject({ refusal: expect.stringMatching(size) });
    expect(outcome(list(100, objectOf(100)))).toHaveProperty("value");
  });

  test("what texts hold does not count", () => {
    const text = JSON.stringify({ a: '["\\,'.repeat(300_000), '{{"': "]".repeat(2000), "\\": '\\"' });
    expect(outcome(text)).toEqual({ value: JSON.parse(text) });
  });
});

describe("a message that is refused is answered under its id", () => {
  const params = nested(1001);
  test.each<[text: string, id: unknown]>([
    [`{"jsonrpc":"2.0","id":1,"params":${params}}`, 1],
    [`{"params":${params},"id":"a\\"b"}`, 'a"b'],
    [`\ufeff {"id" : -7 ,"params":${params}}`, -7],
    [`{"params":[{"id":1},${params}]}`, undefined],
    [`{"note":"\\"id\\":1","params":${params}}`, undefined],
    [`{"id":null,"params":${params}}`, undefined],
    [`{"id":1.5,"params":${params}}`, undefined],
    [`{"id":1e,"params":${params}}`, undefined],
    [`{"id":"${"x".repeat(2_000_000)}","params":${params}}`, undefined],
    [`[{"id":1,"params":${params}}]`, undefined],
    [`{"id":1,"params":${"[".repeat(3000)}`, 1],
  ])("%#", (text, id) => {
    expect(outcome(text)).toEqual({ refusal: expect.stringMatching(levels), id });
  });
});

test.each(["", "{", `{"a":"${"x".repeat(5000)}`, '"\\', `[${'"\\"'.repeat(60_000)}`])("no JSON: %#", (text) => {
  const { refusal } = outcome(text);
  expect(refusal).toMatch(/^(the message is not valid JSON|JSON has at most )/);
});
