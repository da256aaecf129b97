import { expect, test } from "vitest";
import type { JsonSchema } from "../../compiler/model/schema.js";
import type { Json, JsonObject } from "../../compiler/model/source.js";
import { compiled } from "./compiled.js";

/** The value, and how often anything of it is read. */
function counted(value: unknown): { readonly value: unknown; readonly reads: () => number } {
  let reads = 0;
  const wrap = (part: unknown): unknown => {
    if (typeof part !== "object" || part === null) return part;
    const inner = Array.isArray(part)
      ? part.map(wrap)
      : Object.fromEntries(Object.entries(part).map(([key, each]) => [key, wrap(each)]));
    return new Proxy(inner, {
      get: (target, key) => {
        reads += 1;
        return Reflect.get(target, key) as unknown;
      },
    });
  };
  return { value: wrap(value), reads: () => reads };
}

interface Case {
  readonly says: string;
  readonly schema: JsonSchema;
  /** A value of this size, and whether it is valid. */
  readonly value: (size: number) => unknown;
  readonly valid: boolean;
}

const list = (size: number, item: (index: number) => unknown): unknown[] =>
  Array.from({ length: size }, (_, i) => item(i));
const id = { type: "object", properties: { id: { type: "number" } } };

const leaf = (kind: string): JsonObject => ({
  type: "object",
  properties: { kind: { const: kind }, value: { type: "number" } },
  required: ["kind", "value"],
  additionalProperties: false,
});
const ref = (name: string): JsonObject => ({ $ref: `#/$defs/${name}` });
const node = (kind: string | JsonObject): JsonObject => ({
  type: "object",
  properties: {
    kind: typeof kind === "string" ? { const: kind } : kind,
    left: ref("Expr"),
    right: ref("Expr"),
  },
  required: ["kind", "left", "right"],
  additionalProperties: false,
});
const untyped = (schema: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(schema).filter(([key]) => key !== "type"));

/** A recursive union, with a valid value of so many levels and one that is wrong at its end. */
function recursive(says: string, schema: { readonly [keyword: string]: Json }): Case[] {
  const { $defs, ...Expr } = schema;
  const tree = (levels: number, end: Json): Json =>
    levels === 0 ? end : { kind: "add", left: tree(levels - 1, end), right: { kind: "number", value: 1 } };
  const whole: JsonSchema = { $ref: "#/$defs/Expr", $defs: { ...($defs as JsonObject | undefined), Expr } };
  return [
    { says, schema: whole, value: (size) => tree(size, { kind: "number", value: 1 }), valid: true },
    {
      says: `${says}: invalid`,
      schema: whole,
      value: (size) => tree(size, { kind: "number", value: "x" }),
      valid: false,
    },
    { says: `${says}: none`, schema: whole, value: (size) => tree(size, { kind: "none" }), valid: false },
  ];
}

const discriminated: readonly Case[] = [
  {
    says: "unique objects",
    schema: { type: "array", uniqueItems: true, items: id },
    value: (size) => list(size, (index) => ({ id: index })),
    valid: true,
  },
  {
    says: "unique lists of objects",
    schema: { type: "array", uniqueItems: true },
    value: (size) => list(size, (index) => [{ id: index }]),
    valid: true,
  },
  {
    says: "objects of which the first two are equal",
    schema: { type: "array", uniqueItems: true, items: id },
    value: (size) => list(size, (index) => ({ id: Math.max(index, 1) })),
    valid: false,
  },
  ...recursive("oneOf, a const that tells its branches apart", {
    oneOf: [leaf("number"), node("add"), node("multiply")],
  }),
  ...recursive("anyOf, likewise", { anyOf: [node("multiply"), node("add"), leaf("number")] }),
  ...recursive("without a type", { oneOf: [untyped(leaf("number")), untyped(node("add")), untyped(node("multiply"))] }),
  ...recursive("branches by reference", {
    oneOf: [ref("Number"), ref("Add"), ref("Multiply")],
    $defs: { Number: leaf("number"), Add: node("add"), Multiply: node("multiply") },
  }),
  ...recursive("a base that all branches share", {
    type: "object",
    required: ["kind"],
    oneOf: [leaf("number"), node("add"), node("multiply")].map((branch) => ({
      allOf: [{ ...branch, required: ["kind"] }],
    })),
  }),
  ...recursive("unions within a union", { oneOf: [leaf("number"), { oneOf: [node("add"), node("multiply")] }] }),
  ...recursive("a union in a list of conditions", {
    allOf: [{ oneOf: [leaf("number"), node("add"), node("multiply")] }],
  }),
  ...recursive("an enum that tells apart", {
    oneOf: [leaf("number"), node({ enum: ["add", "plus"] }), node({ enum: ["multiply", "times"] })],
  }),
  ...recursive("names that are required here and excluded there", {
    oneOf: [
      leaf("number"),
      { ...node("add"), required: ["kind", "left", "right"] },
      {
        type: "object",
        properties: { other: true, left: ref("Expr"), right: ref("Expr") },
        required: ["other"],
        additionalProperties: false,
      },
    ],
  }),
];

/** A recursive schema without a discriminator, and a value of so many levels that it comes to by several ways. */
function runaway(says: string, node: JsonObject, value: (size: number) => unknown, more: JsonObject = {}): Case[] {
  const schema = { $ref: "#/$defs/Node", $defs: { ...more, Node: node } };
  const wrong = (size: number, end: unknown): unknown =>
    JSON.parse(JSON.stringify(value(size)).replace('"end"', JSON.stringify(end))) as unknown;
  return [
    { says, schema, value: (size) => wrong(size, {}), valid: true },
    { says: `${says}: invalid`, schema, value: (size) => wrong(size, { bad: 1 }), valid: false },
  ];
}
const nested = (wrap: (inner: unknown) => unknown) => (size: number) =>
  Array.from({ length: size }).reduce<unknown>(wrap, "end");
const self = ref("Node");
const fine = { properties: { bad: false } };
const next = { properties: { next: self } };
const chain = nested((inner) => ({ next: inner }));

const runaways: readonly Case[] = [
  ...runaway("anyOf without a discriminator", { ...fine, anyOf: [{ ...next, required: ["x"] }, next] }, chain),
  ...runaway("oneOf without a discriminator", { ...fine, oneOf: [{ ...next, required: ["x"] }, next] }, chain),
  ...runaway("allOf", { ...fine, allOf: [next, next] }, chain),
  ...runaway("if and then", { ...fine, if: next, then: next, else: next }, chain),
  ...runaway("not", { ...fine, allOf: [next, { not: { not: next } }] }, chain),
  ...runaway(
    "contains and items",
    { properties: { bad: false }, items: self, contains: self },
    nested((inner) => [inner]),
  ),
  ...runaway(
    "tuples",
    { ...fine, anyOf: [{ prefixItems: [self], minItems: 2 }, { prefixItems: [self] }] },
    nested((inner) => [inner]),
  ),
  ...runaway(
    "additionalProperties",
    { ...fine, allOf: [{ additionalProperties: self }, { additionalProperties: self }] },
    chain,
  ),
  ...runaway("patternProperties", { patternProperties: { "^n": self, t$: self }, properties: { bad: false } }, chain),
  ...runaway(
    "unevaluatedProperties",
    { ...fine, anyOf: [next, { ...next, minProperties: 1 }], unevaluatedProperties: false },
    chain,
  ),
  ...runaway("dependentSchemas", { ...fine, allOf: [next], dependentSchemas: { next } }, chain),
  ...runaway(
    "members of different depth",
    { ...fine, properties: { bad: false, next: { ...next, anyOf: [self] } } },
    chain,
  ),
  ...runaway("two definitions that hold each other", { ...fine, anyOf: [ref("A"), ref("B")] }, chain, {
    A: { ...next, required: ["x"] },
    B: next,
  }),
  ...runaway("a definition that is reached twice", { ...fine, allOf: [ref("A"), ref("A")] }, chain, { A: next }),
  ...runaway(
    "a definition that a definition holds twice",
    { ...fine, properties: { bad: false, next: { allOf: [ref("A"), ref("A")] } } },
    chain,
    { A: { allOf: [self] } },
  ),
  ...runaway(
    "a discriminator deeper than is looked",
    {
      ...fine,
      anyOf: ["a", "b"].map((kind) => ({
        ...next,
        properties: { ...next.properties, x: { properties: { y: { properties: { z: { const: kind } } } } } },
      })),
    },
    chain,
  ),
];
const cases: readonly Case[] = [...discriminated, ...runaways];

const { validators, modules, refused } = await compiled(cases.map(({ schema }) => schema));

test.each(cases.map((each, index) => [each.says, index] as const))(
  "the time grows with the value: %s",
  (_says, index) => {
    const { value, valid } = cases[index]!;
    const reads = [8, 16, 32].map((size) => {
      const made = counted(value(size));
      expect(validators[index]!(made.value)).toBe(valid);
      return made.reads();
    });
    expect(refused.get(index)).toBeUndefined();
    // As much more for each doubling, but for what is read once.
    expect(reads[2]! - reads[1]!).toBeLessThanOrEqual(2 * (reads[1]! - reads[0]!));
  },
);

test("what comes to no part twice remembers nothing", async () => {
  const { modules: plain } = await compiled([
    { properties: { left: { $ref: "#" }, right: { $ref: "#" } } },
    { items: { $ref: "#" } },
    { properties: { children: { items: { $ref: "#" } }, next: { $ref: "#" } } },
  ]);
  for (const module of plain) expect(module).not.toContain("remembering");
  expect(modules.filter((module) => module!.includes("remembering")).length).toBeGreaterThanOrEqual(runaways.length);
});

test("validation keeps no more failures than an explanation reads, and counts all", async () => {
  const names = list(10, (index) => `p${index}`) as string[];
  const { validators } = await compiled([
    { items: { required: names } },
    { anyOf: [{ items: { required: names } }, { items: { required: ["x"] } }, { minItems: 2000 }] },
    { items: { $ref: "#/$defs/Item" }, $defs: { Item: { required: names } } },
    { allOf: [{ items: { required: names } }, { anyOf: [{ items: { required: ["x"] } }, true] }, { maxItems: 1 }] },
  ]);
  const outcome = (index: number, size: number): unknown => {
    const isValid = validators[index]!(list(size, () => ({})));
    const errors = validators[index]!.errors;
    return [isValid, errors?.length, new Set(errors ?? []).size];
  };
  // One more stands for all that are not kept.
  expect(outcome(0, 50)).toEqual([false, 500, 500]);
  expect(outcome(0, 1000)).toEqual([false, 10_000, 501]);
  expect(outcome(1, 1000)).toEqual([false, 11_002, 501]);
  expect(outcome(1, 2000)).toEqual([true, undefined, 0]);
  expect(outcome(2, 1000)).toEqual([false, 10_000, 501]);
  expect(outcome(3, 1000)).toEqual([false, 10_001, 501]);
});

test("failures of a definition are not copied with each that follows", async () => {
  const { modules } = await compiled([
    {
      items: { $ref: "#/$defs/Node" },
      $defs: { Node: { properties: { id: { type: "number" }, next: { $ref: "#/$defs/Node" } } } },
    },
  ]);
  expect(modules[0]).toContain("joined(vErrors, ");
  expect(modules[0]).not.toContain(".concat(");
});

test("a choice of many is looked up", async () => {
  const choices = list(300, (index) => `choice ${index}`);
  const { validators, modules } = await compiled([
    { enum: choices as string[] },
    { enum: [...(choices as string[]), { a: 1 }] },
  ]);
  expect(modules[0]).toContain("new Set(");
  for (const validate of validators) {
    expect(choices.every((choice) => validate!(choice))).toBe(true);
    expect([validate!("choice"), validate!(1)]).toEqual([false, false]);
  }
  expect(validators[1]!({ a: 1 })).toBe(true);
});
