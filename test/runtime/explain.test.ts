import fc from "fast-check";
import { expect, test } from "vitest";
import { createAjv } from "../../compiler/json-schema/dialect.js";
import { explain } from "../../runtime/protocol/explain.js";
import type { ValidationError } from "../../runtime/protocol/surface.js";

const told = (schema: object, value: unknown): string => {
  const validate = createAjv("2020-12", { messages: false }).compile(schema);
  expect(validate(value)).toBe(false);
  return explain(validate.errors as ValidationError[], "arguments").replace("invalid arguments: ", "");
};
const a = (schema: object) => ({ type: "object", properties: { a: schema } });

test.each<[object, unknown, string]>([
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
  [a({ type: "string" }), { a: 1 }, '"a" must be of type string'],
  [a({ type: ["string", "null"] }), { a: 1 }, '"a" must be of type string or null'],
  [a({ enum: ["x", 1, null] }), { a: 2 }, '"a" must be one of "x",1,null'],
  [a({ const: "x" }), { a: 2 }, '"a" must be "x"'],
  [a({ minLength: 2 }), { a: "x" }, '"a" must have at least 2 characters'],
  [a({ maxLength: 1 }), { a: "xy" }, '"a" must have at most 1 character'],
  [a({ minItems: 1 }), { a: [] }, '"a" must have at least 1 item'],
  [a({ maxItems: 1 }), { a: [1, 2] }, '"a" must have at most 1 item'],
  [a({ prefixItems: [{}], items: false }), { a: [1, 2] }, '"a" must have at most 1 item'],
  [a({ minProperties: 2 }), { a: {} }, '"a" must have at least 2 properties'],
  [a({ minimum: 3 }), { a: 1 }, '"a" must be >= 3'],
  [a({ exclusiveMaximum: 3 }), { a: 3 }, '"a" must be < 3'],
  [a({ multipleOf: 5 }), { a: 3 }, '"a" must be a multiple of 5'],
  [a({ pattern: "^x" }), { a: "y" }, '"a" must match the pattern "^x"'],
  [a({ format: "email" }), { a: "y" }, '"a" must be a valid email'],
  [a({ uniqueItems: true }), { a: [1, 2, 1] }, '"a" must not hold the same item twice (items 0 and 2)'],
  [a({ contains: { const: 1 } }), { a: [2] }, '"a[0]" must be 1; "a" must hold at least 1 item of the declared form'],
  [
    a({ propertyNames: { maxLength: 1 } }),
    { a: { bc: 1 } },
    expect.stringContaining('must not have the property "bc": its name is not allowed') as never,
  ],
  [{ dependentRequired: { a: ["b"] } }, { a: 1 }, 'the arguments must have the property "b" when "a" is present'],
  [
    a({ anyOf: [{ type: "string" }, { type: "number" }] }),
    { a: null },
    '"a" must match one of the declared forms: must be of type string, or must be of type number',
  ],
  [
    { oneOf: [{ required: ["a"] }, { required: ["b"] }] },
    { a: 1, b: 1 },
    "the arguments must match exactly one of the declared forms; it matches several",
  ],
  [
    a({ anyOf: [{ type: "object", required: ["x"] }] }),
    { a: {} },
    '"a" must match one of the declared forms: must have the property "x"',
  ],
  [a({ not: {} }), { a: 1 }, '"a" must not have the excluded form'],
  [{ properties: { a: false } }, { a: 1 }, '"a" must not be present'],
  [{ if: { required: ["a"] }, then: { required: ["b"] } }, { a: 1 }, 'the arguments must have the property "b"'],
  [
    a({ items: { properties: { "b c": { type: "string" }, d: { type: "string" } } } }),
    { a: [{ d: 1, "b c": 1 }] },
    '"a[0][\\"b c\\"]" must be of type string; "a[0].d" must be of type string',
  ],
])("%j", (schema, value, expected) => {
  expect(told(schema, value)).toEqual(expected);
});

test("a value is never repeated: it may be a secret", () => {
  const secret = "hunter2-hunter2";
  const schema = a({
    type: "string",
    maxLength: 3,
    pattern: "^x",
    format: "email",
    enum: ["x"],
    not: { type: "string" },
  });
  expect(told(schema, { a: secret })).not.toContain("hunter2");
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
