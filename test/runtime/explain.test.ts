import fc from "fast-check";
import { expect, test } from "vitest";
import type { JsonSchema } from "../../compiler/model/schema.js";
import { compiled } from "../compiler/compiled.js";
import { createAjv } from "../../compiler/json-schema/ajv.js";
import { explain } from "../../runtime/protocol/explain.js";
import type { ValidationError } from "../../runtime/protocol/surface.js";

const a = (schema: object) => ({ type: "object", properties: { a: schema } });
const draft07 = { $schema: "http://json-schema.org/draft-07/schema#" };

/** A row for each keyword of all dialects, and for what a value is told as. */
const rows: readonly [schema: object, value: unknown, told: string][] = [
  [{ required: ["city"] }, {}, 'the arguments must have the property "city"'],
  [
    { ...a({}), additionalProperties: false },
    { b: 1 },
    'the arguments must not have the property "b": no such property is declared',
  ],
  [
    { ...a({}), unevaluatedProperties: false },
    { b: 1 },
    'the arguments must not have the property "b": no such property is declared',
  ],
  [a({ type: "string" }), { a: 1 }, '"a" must be of type string, got 1'],
  [a({ type: "integer" }), { a: "twelve chars" }, '"a" must be of type integer, got a string of 12 characters'],
  [a({ type: "integer" }), { a: 2.5 }, '"a" must be of type integer, got 2.5'],
  [a({ type: "number" }), { a: true }, '"a" must be of type number, got true'],
  [a({ type: "object" }), { a: [1] }, '"a" must be of type object, got an array of 1 item'],
  [a({ type: "array" }), { a: {} }, '"a" must be of type array, got an object'],
  [a({ type: ["string", "null"] }), { a: 1 }, '"a" must be of type string or null, got 1'],
  [a({ type: "string" }), { a: null }, '"a" must be of type string, got null'],
  [a({ enum: ["x", 1, null] }), { a: 2 }, '"a" must be one of "x",1,null, got 2'],
  [a({ enum: ["celsius", "kelvin"] }), { a: "Celsius" }, '"a" must be one of "celsius","kelvin", got "Celsius"'],
  [a({ enum: ["x"] }), { a: "y".repeat(41) }, '"a" must be one of "x", got a string of 41 characters'],
  [a({ enum: ["x"] }), { a: { b: 1 } }, '"a" must be one of "x", got an object'],
  [a({ const: "x" }), { a: "y" }, '"a" must be "x", got "y"'],
  [a({ const: 1 }), { a: 2 }, '"a" must be 1, got 2'],
  [a({ minLength: 2 }), { a: "x" }, '"a" must have at least 2 characters, got 1'],
  [a({ maxLength: 1 }), { a: "😀y" }, '"a" must have at most 1 character, got 2'],
  [a({ minItems: 1 }), { a: [] }, '"a" must have at least 1 item, got 0'],
  [a({ maxItems: 1 }), { a: [1, 2] }, '"a" must have at most 1 item, got 2'],
  [a({ prefixItems: [{}], items: false }), { a: [1, 2] }, '"a" must have at most 1 item, got 2'],
  [a({ prefixItems: [{}], unevaluatedItems: false }), { a: [1, 2, 3] }, '"a" must have at most 1 item, got 3'],
  [{ ...draft07, ...a({ items: [{}], additionalItems: false }) }, { a: [1, 2] }, '"a" must have at most 1 item, got 2'],
  [a({ minProperties: 2 }), { a: {} }, '"a" must have at least 2 properties, got 0'],
  [a({ maxProperties: 1 }), { a: { b: 1, c: 2 } }, '"a" must have at most 1 property, got 2'],
  [a({ minimum: 3 }), { a: 1 }, '"a" must be >= 3, got 1'],
  [a({ maximum: 100 }), { a: 250 }, '"a" must be <= 100, got 250'],
  [a({ exclusiveMinimum: 3 }), { a: 3 }, '"a" must be > 3, got 3'],
  [a({ exclusiveMaximum: 3 }), { a: 3 }, '"a" must be < 3, got 3'],
  [a({ multipleOf: 5 }), { a: 3 }, '"a" must be a multiple of 5, got 3'],
  [a({ pattern: "^x" }), { a: "yz" }, '"a" must match the pattern "^x", got a string of 2 characters'],
  [a({ format: "email" }), { a: "y" }, '"a" must be a valid email, got a string of 1 character'],
  [a({ uniqueItems: true }), { a: [1, 2, 1] }, '"a" must not hold the same item twice (items 0 and 2)'],
  [
    a({ contains: { const: 1 } }),
    { a: [2] },
    '"a[0]" must be 1, got 2; "a" must hold at least 1 item of the declared form',
  ],
  [
    a({ contains: { const: 1 }, minContains: 0, maxContains: 1 }),
    { a: [1, 1] },
    '"a" must hold at least 0 items of the declared form, and at most 1',
  ],
  [
    a({ propertyNames: { maxLength: 1 } }),
    { a: { bc: 1 } },
    '"a" must not have the property "bc": its name must have at most 1 character',
  ],
  [{ dependentRequired: { a: ["b"] } }, { a: 1 }, 'the arguments must have the property "b" when "a" is present'],
  [
    { ...draft07, dependencies: { a: ["b"] } },
    { a: 1 },
    'the arguments must have the property "b" when "a" is present',
  ],
  [{ dependentSchemas: { a: { required: ["b"] } } }, { a: 1 }, 'the arguments must have the property "b"'],
  [
    a({ anyOf: [{ type: "string" }, { type: "number" }] }),
    { a: null },
    '"a" must be of type string or number, got null',
  ],
  [
    { oneOf: [{ required: ["a"] }, { required: ["b"] }] },
    { a: 1, b: 1 },
    "the arguments must match exactly one of the declared forms; it matches several, got an object",
  ],
  [
    a({ anyOf: [{ type: "string", minLength: 3 }, { type: "number" }] }),
    { a: "x" },
    '"a" must have at least 3 characters, got 1',
  ],
  [
    a({ oneOf: ["x", "y"].map((kind) => ({ properties: { kind: { const: kind } }, required: ["kind"] })) }),
    { a: { kind: "z" } },
    '"a.kind" must be one of "x","y", got "z"',
  ],
  [
    a({ oneOf: ["x", "y"].map((kind) => ({ properties: { kind: { const: kind } }, required: ["kind"] })) }),
    { a: {} },
    '"a" must have the property "kind"',
  ],
  [
    a({ anyOf: [{ type: "object", required: ["x"] }] }),
    { a: {} },
    '"a" must match one of the declared forms: must have the property "x", got an object',
  ],
  [a({ not: { type: "integer" } }), { a: 1 }, '"a" must not have the excluded form, got 1'],
  [{ properties: { a: false } }, { a: 1 }, '"a" must not be present'],
  [{ if: { required: ["a"] }, then: { required: ["b"] } }, { a: 1 }, 'the arguments must have the property "b"'],
  [
    a({ items: { properties: { "b c": { type: "string" }, d: { type: "string" } } } }),
    { a: [{ d: 1, "b c": false }] },
    '"a[0][\\"b c\\"]" must be of type string, got false; "a[0].d" must be of type string, got 1',
  ],
  [{ ...a({ $ref: "#/$defs/Unit" }), $defs: { Unit: { enum: ["x"] } } }, { a: "y" }, '"a" must be one of "x", got "y"'],
  // What may be a secret is told by its kind.
  [
    { type: "object", properties: { apiToken: { enum: ["x"] } } },
    { apiToken: "y" },
    '"apiToken" must be one of "x", got a string of 1 character',
  ],
  [
    { type: "object", properties: { pin: { type: "string" } } },
    { pin: 1234 },
    '"pin" must be of type string, got a number',
  ],
];

const words = (errors: unknown, value: unknown): string =>
  explain((errors ?? []) as ValidationError[], "arguments", value).replace("invalid arguments: ", "");
const told = (schema: object, value: unknown): string => {
  const dialect = "$schema" in schema ? "draft-07" : "2020-12";
  const validate = createAjv(dialect, { messages: false }).compile(schema);
  expect(validate(value)).toBe(false);
  return words(validate.errors, value);
};

test.each(rows)("%j", (schema, value, expected) => {
  expect(told(schema, value)).toEqual(expected);
});

test("the validators of a built server say the same, and hide what their schema hides", async () => {
  const hidden: typeof rows = [
    [a({ enum: ["x"], writeOnly: true }), { a: "y" }, '"a" must be one of "x", got a string of 1 character'],
    [a({ const: "x", format: "password" }), { a: "y" }, '"a" must be "x", got a string of 1 character'],
    [a({ items: { enum: [1], writeOnly: true } }), { a: [2] }, '"a[0]" must be one of 1, got a number'],
  ];
  const all = [...rows, ...hidden];
  const { validators, refused } = await compiled(all.map(([schema]) => schema as JsonSchema));
  // What nothing can satisfy is refused before.
  expect([...refused.keys()].map((index) => all[index]![2])).toEqual([]);
  for (const [index, [, value, expected]] of all.entries()) {
    const validate = validators[index] as ((value: unknown) => boolean) & { errors?: unknown };
    expect([expected, validate(value)]).toEqual([expected, false]);
    expect(words(validate.errors, value)).toBe(expected);
  }
});

test("a text is never repeated, but where one of a few was expected", () => {
  const secret = "hunter2-hunter2";
  const schema = a({ type: "integer", maxLength: 3, pattern: "^x", format: "email", not: { type: "string" } });
  expect(told(schema, { a: secret })).not.toContain("hunter2");
  const output = createAjv("2020-12", { messages: false }).compile(a({ enum: ["x"] }));
  output({ a: secret });
  expect(explain(output.errors as ValidationError[], "output")).toBe('invalid output: "a" must be one of "x"');
});

test("many failures are counted, not listed", () => {
  const required = Array.from({ length: 30 }, (_, index) => `p${index}`);
  const text = told({ required }, {});
  expect(text).toContain("and 22 more");
  expect(text.length).toBeLessThan(800);
});

test("whatever fails can be told", () => {
  const schema = fc.oneof(
    fc.constantFrom<object>(
      { type: "string" },
      { enum: [1] },
      { anyOf: [{ type: "null" }, { required: ["x"] }] },
      { items: { minimum: 5 } },
      { not: {} },
    ),
  );
  fc.assert(
    fc.property(schema, fc.jsonValue(), (one, value) => {
      const validate = createAjv("2020-12", { messages: false }).compile(one);
      if (validate(value)) return;
      expect(explain(validate.errors as ValidationError[], "arguments")).toMatch(/^invalid arguments: \S/);
    }),
  );
});
