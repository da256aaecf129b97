import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { mcpc, project } from "./project.js";
import { rawStdio } from "./raw-stdio.js";

/** Schemas of one argument `v`: values that it takes, and values that it refuses; what else the project holds. */
const cases: Readonly<
  Record<string, { v: unknown; yes: unknown[]; no: unknown[]; defs?: object; own?: object; root?: object }>
> = {
  tuple: { v: { $ref: "#/$defs/Point" }, yes: [[1, 2]], no: [[1], [1, 2, 3], ["a", 1]] },
  tuple_of_its_own: {
    v: { $ref: "#/$defs/Pair" },
    own: { Pair: { type: "array", prefixItems: [{ type: "string" }], minItems: 1 } },
    yes: [["a"]],
    no: [[], [1]],
  },
  price: { v: { type: "number", multipleOf: 0.01 }, yes: [19.99, 0.07, 1.13], no: [0.001, 0.015] },
  shared_id: { v: { $ref: "#/$defs/Order" }, yes: [{ total: 1 }], no: [{ total: "1" }] },
  shared_anchors: { v: { $ref: "#/$defs/One" }, yes: [{ a: 1 }], no: [{ a: "x" }] },
  other_anchors: {
    v: { anyOf: [{ $ref: "#/$defs/One" }, { $ref: "#/$defs/Two" }] },
    yes: [{ a: 1 }, { b: "x" }],
    no: [{ a: "x", b: 1 }],
  },
  files: { v: { $ref: "./schemas/order.json" }, yes: [{ total: 2 }], no: [{ total: "2" }] },
  recursive: {
    v: { $ref: "#/$defs/Tree" },
    own: {
      Tree: {
        type: "object",
        properties: { children: { type: "array", items: { $ref: "#/$defs/Tree" } } },
        additionalProperties: false,
      },
    },
    yes: [{ children: [{ children: [] }] }],
    no: [{ children: [{ x: 1 }] }],
  },
  dynamic: {
    v: { $ref: "#/$defs/L" },
    own: { L: { type: "array", items: { $dynamicRef: "#item" } }, I: { $dynamicAnchor: "item", type: "string" } },
    yes: [["a"]],
    no: [[1]],
  },
  dynamic_pointer: { v: { $dynamicRef: "#/$defs/Text" }, own: { Text: { type: "string" } }, yes: ["a"], no: [1] },
  anchored: { v: { $ref: "#there" }, own: { There: { $anchor: "there", type: "boolean" } }, yes: [true], no: [1] },
  named_like_keywords: {
    v: { type: "object", properties: { default: { $ref: "./schemas/money.json" }, enum: { type: "string" } } },
    yes: [{ default: 1, enum: "a" }],
    no: [{ default: "1" }],
  },
  nullable: { v: { type: ["string", "null"] }, yes: ["a", null], no: [1] },
  constant: { v: { const: { a: [1, null] } }, yes: [{ a: [1, null] }], no: [{ a: [1] }] },
  boolean_schema: { v: true, yes: [1, "a", null, {}], no: [] },
  conditional: {
    v: {
      type: "object",
      properties: { kind: { type: "string" }, size: { type: "number" } },
      if: { properties: { kind: { const: "big" } }, required: ["kind"] },
      then: { required: ["size"] },
    },
    yes: [{ kind: "big", size: 1 }, { kind: "small" }],
    no: [{ kind: "big" }],
  },
  patterns: {
    v: { type: "object", patternProperties: { "^x-": { type: "string" } }, additionalProperties: false },
    yes: [{ "x-a": "b" }],
    no: [{ "x-a": 1 }, { y: "b" }],
  },
  older: {
    v: { type: "array", items: [{ type: "string" }, { type: "number" }], additionalItems: false },
    root: { $schema: "http://json-schema.org/draft-07/schema#" },
    yes: [["a", 1]],
    no: [["a", 1, 2], [1]],
  },
};

const files = {
  "schemas/order.json": {
    $id: "https://example.com/schemas/order.json",
    type: "object",
    properties: { total: { $ref: "money.json" } },
    required: ["total"],
  },
  "schemas/money.json": { $id: "https://example.com/schemas/money.json", type: "number" },
};
const $defs = {
  Point: { type: "array", prefixItems: [{ type: "number" }, { type: "number" }], minItems: 2, items: false },
  Money: { type: "number" },
  Order: {
    $id: "https://example.com/order",
    type: "object",
    properties: { total: { $ref: "#/$defs/Money" } },
    required: ["total"],
  },
  One: {
    type: "object",
    properties: { a: { $ref: "#v" } },
    required: ["a"],
    $defs: { V: { $anchor: "v", type: "number" } },
  },
  Two: {
    type: "object",
    properties: { b: { $ref: "#v" } },
    required: ["b"],
    $defs: { V: { $anchor: "v", type: "string" } },
  },
};

test("validators and types agree with the schemas", async () => {
  const tools = Object.entries(cases).map(([name, { v, own, root }]) => ({
    name,
    inputSchema: { ...root, type: "object", properties: { v }, required: ["v"], ...(own && { $defs: own }) },
  }));
  const folder = project({
    ...files,
    "a.mcp.json": { server: { name: "schemas", version: "1.0.0" }, build: { lint: { profiles: [] } }, $defs, tools },
  });
  const pascal = (name: string): string =>
    name
      .split("_")
      .map((word) => word[0]!.toUpperCase() + word.slice(1))
      .join("");
  // Every value that a schema takes is assignable to its type.
  const values = Object.entries(cases).flatMap(([name, { yes }]) =>
    yes.map(
      (value, index) =>
        `export const ${name}_${index}: types.${pascal(name)}Input = ${JSON.stringify({ v: value })};\n`,
    ),
  );
  const handler = `import type * as types from "../../generated/types.js";\n${values.join("")}export const tuple: types.Tuple = () => "";\n`;
  expect(mcpc(folder, "build")).toMatchObject({ code: 0, stderr: "" });
  writeFileSync(join(folder, "src/tools/tuple.ts"), handler);
  expect(mcpc(folder, "build")).toMatchObject({ code: 0, stderr: "" });

  const server = rawStdio("node", [join(folder, "dist", "server.js")]);
  await server.initialize();
  const refused = async (name: string, v: unknown): Promise<boolean> => {
    const { result } = await server.request("tools/call", { name, arguments: { v } });
    return result.isError === true && !result.content[0].text.includes("is not implemented");
  };
  for (const [name, { yes, no }] of Object.entries(cases)) {
    for (const value of yes) expect([name, value, await refused(name, value)]).toEqual([name, value, false]);
    for (const value of no) expect([name, value, await refused(name, value)]).toEqual([name, value, true]);
  }
  await server.end();
});
