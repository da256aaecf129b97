import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startServer } from "@mcpc/runtime/testing/node";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { Client } from "@mcpc/runtime/testing";
import { imported } from "./in-process.js";
import { kept, mcpc, project, write } from "./project.js";

const limit = { type: "integer", default: 20 };
const filter = { type: "object", properties: { state: { type: "string", default: "open" }, by: { type: "string" } } };

/** Properties of arguments, what a client gives, and what the handler gets. */
const rows: Record<string, readonly [schema: object, given: object, got: object]> = {
  absent: [{ properties: { limit } }, {}, { limit: 20 }],
  given: [{ properties: { limit } }, { limit: 3 }, { limit: 3 }],
  falsy: [
    { properties: { a: { default: true }, b: { default: 1 }, c: { default: "x" } } },
    { a: false, b: 0, c: "" },
    { a: false, b: 0, c: "" },
  ],
  anyNull: [{ properties: { a: { type: ["string", "null"], default: "x" } } }, { a: null }, { a: null }],
  values: [
    { properties: { a: { default: null }, b: { default: [1, { c: 2 }] }, d: { default: "\u2028</script>" } } },
    {},
    { a: null, b: [1, { c: 2 }], d: "\u2028</script>" },
  ],
  names: [
    { properties: { constructor: limit, toString: limit, "a-b": limit, 'q"': limit } },
    {},
    { constructor: 20, toString: 20, "a-b": 20, 'q"': 20 },
  ],
  nested: [{ properties: { filter } }, { filter: { by: "me" } }, { filter: { by: "me", state: "open" } }],
  nestedAbsent: [{ properties: { filter } }, {}, {}],
  nestedDefault: [{ properties: { filter: { ...filter, default: {} } } }, {}, { filter: { state: "open" } }],
  items: [
    { properties: { all: { type: "array", items: filter } } },
    { all: [{}, { state: "closed" }] },
    { all: [{ state: "open" }, { state: "closed" }] },
  ],
  tuple: [
    {
      properties: {
        all: { type: "array", prefixItems: [true, filter], items: { type: "object", properties: { limit } } },
      },
    },
    { all: [{}, {}, {}] },
    { all: [{}, { state: "open" }, { limit: 20 }] },
  ],
  reference: [{ properties: { limit: { $ref: "#/$defs/Limit" } } }, {}, { limit: 10 }],
  besideReference: [{ properties: { limit: { $ref: "#/$defs/Limit", default: 7 } } }, {}, { limit: 7 }],
  sharedObject: [{ properties: { page: { $ref: "#/$defs/Page" } } }, { page: {} }, { page: { size: 10 } }],
  allOf: [{ allOf: [{ $ref: "#/$defs/Page" }] }, {}, { size: 10 }],
  recursive: [
    { properties: { tree: { $ref: "#/$defs/Tree" } } },
    { tree: { child: { child: {} } } },
    { tree: { depth: 1, child: { depth: 1, child: { depth: 1 } } } },
  ],
  root: [{ properties: { limit, inner: { $ref: "#" } } }, { inner: {} }, { limit: 20, inner: { limit: 20 } }],
  draft7: [
    { $schema: "http://json-schema.org/draft-07/schema#", properties: { all: { items: [filter] } } },
    { all: [{}] },
    { all: [{ state: "open" }] },
  ],
  nullable: [{ properties: { a: { anyOf: [{ type: "string" }, { type: "null" }], default: null } } }, {}, { a: null }],

  demanded: [{ properties: { limit }, required: ["limit"] }, { limit: 1 }, { limit: 1 }],
  branch: [{ properties: { a: { anyOf: [filter, { type: "null" }] } } }, { a: {} }, { a: {} }],
  branches: [{ oneOf: [{ properties: { limit } }, { required: ["other"] }] }, {}, {}],
  decided: [{ properties: { limit }, anyOf: [{ required: ["limit"] }, { properties: { limit: false } }] }, {}, {}],
  conditional: [{ properties: { limit }, if: { required: ["limit"] }, then: { required: ["by"] } }, {}, {}],
  dependent: [{ properties: { limit }, dependentRequired: { limit: ["by"] } }, {}, {}],
  additional: [{ additionalProperties: filter }, { a: {} }, { a: {} }],
  wrong: [{ properties: { limit: { type: "integer", default: "x" } } }, {}, {}],
  wrongReference: [{ properties: { limit: { $ref: "#/$defs/Limit", default: -1 } } }, {}, {}],
};

const names = Object.keys(rows);
const definitions = {
  Limit: { type: "integer", minimum: 0, default: 10 },
  Page: { type: "object", properties: { size: { type: "integer", default: 10 }, after: { type: "string" } } },
  Tree: { type: "object", properties: { depth: { type: "integer", default: 1 }, child: { $ref: "#/$defs/Tree" } } },
};
const manifest = {
  server: { name: "defaults", version: "1.0.0" },
  $defs: definitions,
  tools: names.map((name) => ({
    name,
    description: `Takes ${name}.`,
    handler: `./src/all.ts#${name}`,
    inputSchema: { type: "object", ...rows[name]![0] },
  })),
  runtime: { transports: { stdio: {}, http: {} } },
};

/** Uses what the types say is there; where they say that it may be missing, TypeScript refuses the use. */
const typed: Record<string, string> = {
  absent: "const limit: number = input.limit;",
  nested:
    "const state: string | undefined = input.filter?.state; if (input.filter) { const there: string = input.filter.state; }",
  nestedDefault: "const state: string = input.filter.state;",
  items: "const states: string[] = (input.all ?? []).map(({ state }) => state);",
  reference: "const limit: number = input.limit;",
  sharedObject:
    "const size: number | undefined = input.page?.size; if (input.page) { const there: number = input.page.size; }",
  allOf: "const size: number = input.size;",
  recursive: "if (input.tree) { const depth: number = input.tree.depth; }",
  root: "const limit: number = input.limit;",
  nullable: "const a: string | null = input.a;",
  branch: "if (input.a) {\n  // @ts-expect-error\n  const state: string = input.a.state; }",
  decided: "// @ts-expect-error\n  const limit: number = input.limit;",
  wrong: "// @ts-expect-error\n  const limit: number = input.limit;",
};
const typeOf = (name: string): string => name[0]!.toUpperCase() + name.slice(1);
const files = {
  "a.mcp.json": manifest,
  "src/all.ts":
    `import type { ${names.map(typeOf).join(", ")} } from "../generated/types.js";\n` +
    names
      .map(
        (name) =>
          `export const ${name}: ${typeOf(name)} = (input) => {\n  ${typed[name] ?? ""}\n  return JSON.stringify(input);\n};\n`,
      )
      .join(""),
  "src/calls.ts": `import { createClient } from "../generated/client.js";
const { tools } = createClient();
export const calls = () => [tools.absent(), tools.absent({ limit: 1 }), tools.nested({ filter: {} }), tools.items({ all: [{}] })];
`,
};

let folder: string;
let stderr: string;
beforeAll(() => {
  folder = kept(files);
  const outcome = mcpc(folder, "build");
  expect(outcome.code, outcome.stderr).toBe(0);
  ({ stderr } = outcome);
});

const received = async (
  client: Client<any>,
  given: (name: string) => object = (name) => rows[name]![1],
): Promise<Record<string, unknown>> => {
  const found = names.map(async (name) => {
    const [block] = (await client.tools[name](given(name))) as readonly { text: string }[];
    return [name, JSON.parse(block!.text)] as const;
  });
  return Object.fromEntries(await Promise.all(found));
};

describe("the handler gets defaults for what is absent", () => {
  const expected = Object.fromEntries(names.map((name) => [name, rows[name]![2]]));

  test.each(["stdio", "http"] as const)("over %s", async (transport) => {
    const { client, close } = await startServer<any>(join(folder, "dist", "server.js"), { transport });
    onTestFinished(close);
    expect(await received(client)).toEqual(expected);
  });

  test("in memory; the arguments that were given are left as they are", async () => {
    const { createClient } = await imported<{ createClient: () => Client<any> }>(folder, "generated/client.ts");
    const client = createClient();
    onTestFinished(() => client.close());
    const given = structuredClone(Object.fromEntries(names.map((name) => [name, rows[name]![1]])));
    expect(await received(client, (name) => given[name]!)).toEqual(expected);
  });
});

test("a default that its schema does not allow is a warning, at the place of the default", () => {
  const places = [...stderr.matchAll(/warning\[schema\/invalid-default\]: (.*)/g)].map(([, reason]) => reason);
  expect(places).toEqual([
    "invalid default: it must be of type integer, got a string of 1 character",
    "invalid default: it must be >= 0, got -1",
  ]);
});

test("with `build.defaults` off nothing is filled in, and no type says so", () => {
  const own = project({
    ...files,
    "a.mcp.json": { ...manifest, build: { defaults: false } },
    "src/all.ts": "",
    "src/calls.ts": "",
  });
  write(own, { "src/all.ts": names.map((name) => `export const ${name}: any = () => "";\n`).join("") });
  expect(mcpc(own, "build")).toMatchObject({ code: 0 });
  const text = (path: string): string => readFileSync(join(own, "generated", path), "utf8");
  expect(text("types.ts")).toMatch(/interface AbsentInput \{[^}]*limit\?: number/);
  expect(text("validators/Absent.ts")).not.toContain("fill");
});

test("a tool without defaults has nothing to fill in", () => {
  expect(readFileSync(join(folder, "generated", "validators", "Absent.ts"), "utf8")).toContain("export const fill");
  expect(readFileSync(join(folder, "generated", "validators", "Branches.ts"), "utf8")).not.toContain("fill");
});
