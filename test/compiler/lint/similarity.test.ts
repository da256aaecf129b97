import { expect, test } from "vitest";
import { lockFile } from "../../../compiler/4-emit/lock.js";
import { lintManifests } from "../../../compiler/compile-manifests.js";
import { indexOf, likeDescription } from "../../../compiler/lint/similarity.js";
import { blocksTestedBy } from "../../house/documents.js";
import { memoryHost } from "../memory-host.js";
import { codesOf, lintTools } from "./lint.js";

test.each<[what: string, tools: [name: string, description: string][], expected: string[]]>([
  [
    "the same words",
    [
      ["get_user", "Gets."],
      ["getUser", "Fetches one."],
    ],
    ["name/similar"],
  ],
  [
    "another order of words",
    [
      ["user_get", "Gets."],
      ["get-user", "Fetches one."],
    ],
    ["name/similar"],
  ],
  [
    "singular and plural",
    [
      ["get_user", "Gets one."],
      ["get_users", "Lists all."],
    ],
    [],
  ],
  [
    "the same description",
    [
      ["a", "Finds products."],
      ["b", "Finds products."],
    ],
    ["description/similar"],
  ],
  [
    "other punctuation",
    [
      ["a", "Finds products!"],
      ["b", "finds PRODUCTS"],
    ],
    ["description/similar"],
  ],
  [
    "a word of the name",
    [
      ["create_user", "Create a user"],
      ["delete_user", "Delete a user"],
    ],
    [],
  ],
  [
    "three alike",
    [
      ["a", "Finds it."],
      ["b", "Finds it."],
      ["c", "Finds it."],
    ],
    ["description/similar", "description/similar"],
  ],
  [
    "no description",
    [
      ["a", ""],
      ["b", ""],
    ],
    ["description/missing", "description/missing"],
  ],
])("near-duplicates: %s", (_what, tools, expected) => {
  const inputSchema = { type: "object", properties: {} };
  const found = lintTools(tools.map(([name, description]) => ({ name, description, inputSchema })));
  expect(found.map(({ code }) => code)).toEqual(expected);
});

test("the confusions in the documents", () => {
  const text = blocksTestedBy("docs/lint.md", "test/compiler/lint/similarity.test.ts")[0]!.text;
  const { build } = JSON.parse(text) as { build: object };
  const inputSchema = { type: "object", properties: {} };
  const invoices = { name: "list_invoices", description: "Lists bills, the open ones first.", inputSchema };
  const orders = { name: "list_orders", description: "Lists the orders of a customer.", inputSchema };
  expect(lintTools([invoices, orders], build)).toEqual([]);
  const [{ message } = { message: "" }] = lintTools([{ ...invoices, description: "Lists invoices." }, orders], build);
  expect(message).toMatch(
    /^"which of my bills are open\?" fits the tool "list_orders" \(\d\.\d\d\), not "list_invoices" \(0\.00\)$/,
  );
});

test("the runner in the documents reads the confusions and the tools from the lock file", async () => {
  const [setting, runner] = blocksTestedBy("docs/lint.md", "test/compiler/lint/similarity.test.ts").map(
    (block) => block.text,
  );
  const { build } = JSON.parse(setting!) as { build: object };
  const tool = (name: string): object => ({
    name,
    description: `Lists ${name}.`,
    inputSchema: { type: "object", properties: {} },
  });
  const manifest = {
    server: { name: "shop", version: "1.0.0" },
    tools: [tool("list_orders"), tool("list_invoices")],
    build,
  };
  const { value } = lintManifests(memoryHost({ "shop.mcp.json": JSON.stringify(manifest) }));
  const lock = lockFile(value!.server, value!.costs);
  const asked: string[] = [];
  const printed: string[] = [];
  const askModel = (tools: { name: string }[], ask: string): string => {
    asked.push(ask);
    return tools[0]!.name;
  };
  const body = runner!.replace(/^import .*$/m, "");
  const run = new Function("readFile", "askModel", "console", `return (async () => {${body}})();`);
  await run(() => lock, askModel, { log: (line: string) => printed.push(line) });
  expect(asked).toEqual(["which of my bills are open?"]);
  expect(printed).toEqual(["which of my bills are open?: list_orders instead of list_invoices!"]);
});

test("near-duplicates among many tools are compared with few", () => {
  const inputSchema = { type: "object", properties: {} };
  const tools = Array.from({ length: 3000 }, (_, index) => ({
    name: `tool_${index}`,
    description: `Reads what is stored in place ${index % 1500} of all the places of the store, and says what it is worth.`,
    inputSchema,
  }));
  const index = indexOf(tools.map((listing) => ({ section: "tools", id: listing.name, listing }) as never));
  let compared = 0;
  const counting = { ...index, toolsWith: (word: string) => ((compared += 1), index.toolsWith(word)) };
  const like = tools.map((_, at) => likeDescription(at, counting, 0.9)?.entry.id);
  expect(like.filter((id) => id !== undefined)).toHaveLength(1500);
  expect(like[2000]).toBe("tool_500");
  expect(compared).toBeLessThan(3000 * 40);
});

test.each<[what: string, confusions: object[], expected: string[]]>([
  ["the words of one tool", [{ ask: "find a cheap product", expect: "find_products" }], []],
  ["the words of another", [{ ask: "my open orders", expect: "find_products" }], ["warning lint/confusion"]],
  ["no word of any tool", [{ ask: "hello", expect: "find_products" }], ["warning lint/confusion"]],
  ["far enough from another", [{ ask: "find products", expect: "find_products", not: ["list_orders"] }], []],
  [
    "too near another",
    [{ ask: "products of customer", expect: "find_products", not: ["list_orders"] }],
    ["warning lint/confusion"],
  ],
  ["a tool that is not there", [{ ask: "a", expect: "find_product" }], ["error lint/unknown-tool"]],
  ["another that is not there", [{ ask: "a", expect: "find_products", not: ["x"] }], ["error lint/unknown-tool"]],
  [
    "a tool that is expected and ruled out",
    [{ ask: "find products", expect: "find_products", not: ["list_orders", "find_products"] }],
    ["error manifest/invalid-value"],
  ],
  ["a request without words", [{ ask: "?!", expect: "find_products" }], ["error manifest/invalid-value"]],
  [
    "several mistakes",
    [{ ask: "…", expect: "find_products", not: ["x", "find_products"] }],
    ["error lint/unknown-tool", "error manifest/invalid-value", "error manifest/invalid-value"],
  ],
])("confusions: %s", (_what, confusions, expected) => {
  const inputSchema = { type: "object", properties: {} };
  const tools = [
    { name: "find_products", description: "Finds products of the shop, the cheap ones first.", inputSchema },
    { name: "list_orders", description: "Lists the open orders of a customer.", inputSchema },
  ];
  expect(codesOf(lintTools(tools, { confusions }))).toEqual(expected);
  const off = lintTools(tools, { confusions, rules: { "lint/confusion": "off" } });
  expect(codesOf(off)).toEqual(expected.filter((each) => each.startsWith("error")));
});
