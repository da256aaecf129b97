import * as draft07 from "@hyperjump/json-schema/draft-07";
import * as draft2019 from "@hyperjump/json-schema/draft-2019-09";
import * as draft2020 from "@hyperjump/json-schema/draft-2020-12";
import { expect, test } from "vitest";
import { createAjv } from "../../compiler/json-schema/ajv.js";
import { dialectOf, dialectUris } from "../../compiler/json-schema/dialect.js";
import type { JsonSchema } from "../../compiler/model/schema.js";
import type { Json } from "../../compiler/model/source.js";
import { compiled } from "./compiled.js";
import { schemaCases, type SchemaCase } from "./schema-cases.js";

const emitted = await compiled(schemaCases.map(({ schema }) => schema));

const values = ({ valid, invalid }: SchemaCase): (readonly [value: Json, expected: boolean])[] => [
  ...valid.map((value) => [value, true] as const),
  ...invalid.map((value) => [value, false] as const),
];

const references = { "draft-07": draft07, "2019-09": draft2019, "2020-12": draft2020 } as const;

/** Cases that the other implementation judges otherwise than the specification, by what they say. */
const departures: ReadonlySet<string> = new Set([
  // In draft-07 an $id beside $ref is ignored (core, section 8.3).
  "an $id beside it is no base",
  // 2019-09 names what unevaluatedItems depends on (core, section 9.3.1.3), and contains is not among it.
  "contains evaluates no item",
  // It allows for 1e-8 of a rounding error, whatever the numbers.
  "a tiny step of a large number",
  "less than the step",
]);

test("the cases say what another implementation of the specification says", async () => {
  const differing: unknown[] = [];
  // It sees identifiers in enum and const, drops definitions beside $ref, and follows no pointer through another resource.
  const compared = schemaCases.filter(({ keyword, says }) => keyword !== "$id" && !departures.has(says));
  for (const [index, one] of compared.entries()) {
    const id = `https://cases.example/${index}`;
    const dialect = dialectOf(one.schema)!;
    const { registerSchema, validate } = references[dialect];
    registerSchema(one.schema as draft2020.SchemaObject & boolean, id, dialectUris[dialect]);
    const reference = await validate(id);
    for (const [value, expected] of values(one)) {
      if (reference(value as Parameters<typeof reference>[0]).valid !== expected)
        differing.push([one.keyword, one.says, value]);
    }
  }
  expect(differing).toEqual([]);
});

test("emitted validators give the specification's verdict", () => {
  expect(schemaCases.flatMap(values).length).toBeGreaterThan(1000);
  expect(emitted.refused).toEqual(new Map());
  const differing = schemaCases.flatMap((one, index) =>
    values(one)
      .filter(([value, expected]) => emitted.validators[index]!(value) !== expected)
      .map(([value, expected]) => ({ ...one, value, expected })),
  );
  expect(differing).toEqual([]);
});

test.each<[code: string, schema: JsonSchema]>([
  ["reference/remote", { $ref: "https://example.com/elsewhere.json" }],
  ["reference/remote", { $id: "https://example.com/here/", $ref: "https://example.com/elsewhere" }],
  ["reference/unresolved", { $ref: "#/$defs/nowhere" }],
  ["reference/unresolved", { $ref: "#nowhere" }],
  ["schema/unsupported-dialect", { $schema: "https://example.com/meta/own-vocabulary" }],
  ["schema/unsupported-dialect", { $schema: "http://json-schema.org/draft-04/schema#" }],
  ["schema/invalid", { type: "text" }],
  ["schema/invalid", { minLength: -1 }],
  ["schema/invalid", { required: "a" }],
  ["schema/invalid-pattern", { pattern: "(" }],
])("refused with %s: %j", async (code, schema) => {
  const { refused } = await compiled([schema]);
  expect(refused.get(0)?.map((diagnostic) => diagnostic.code)).toEqual([code]);
});

test("a text that is far too long is not matched, any other is", () => {
  const validate = createAjv("2020-12").compile({ type: "string", maxLength: 3, pattern: "^a" });
  const broken = (text: string): string[] => (validate(text) ? [] : validate.errors!.map(({ keyword }) => keyword));
  expect(broken("x".repeat(7))).toEqual(["maxLength"]);
  expect(broken("xxxx")).toEqual(["maxLength", "pattern"]);
  expect(broken("\u{1F600}".repeat(3))).toEqual(["pattern"]);
});
