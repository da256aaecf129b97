import fc from "fast-check";
import { expect, test } from "vitest";
import { contradictions } from "../../compiler/2-check/contradictions.js";
import { createAjv } from "../../compiler/json-schema/ajv.js";
import { placeOf } from "../../compiler/json-schema/resource.js";
import { located } from "../../compiler/json-schema/located.js";
import type { Json, JsonObject, LocatedObject } from "../../compiler/model/source.js";
import { nothingElse } from "./plain.js";

function found(schema: JsonObject): string[] {
  const node = located(schema, { path: "a.mcp.json", start: 0, end: 0 }) as LocatedObject;
  return contradictions(placeOf({ node, file: "a.mcp.json" }), nothingElse).map(({ reason }) => reason);
}

const low = fc.constantFrom(undefined, 0, 2, 4);
const high = fc.constantFrom(undefined, 1, 3);
const number = { minimum: low, maximum: high, exclusiveMinimum: low, exclusiveMaximum: high };
const names = fc.subarray(["a", "b"]);
const part: fc.Arbitrary<JsonObject> = fc
  .oneof(
    fc.record({ type: fc.constantFrom("number", "integer"), ...number }),
    fc.record({ type: fc.constant("string"), minLength: low, maxLength: high }),
    fc.record({ type: fc.constant("array"), minItems: low, maxItems: high }),
    fc.record({
      type: fc.constant("object"),
      required: names,
      properties: fc.record({ a: fc.constantFrom(true, false), b: fc.constant(true) }, { requiredKeys: [] }),
      additionalProperties: fc.constantFrom(undefined, false),
      patternProperties: fc.constantFrom(undefined, undefined, { "^b": true }),
      maxProperties: fc.constantFrom(undefined, 0),
      minProperties: fc.constantFrom(undefined, 1),
    }),
    fc.record({ enum: fc.subarray(["x", "xyz", 1, 2.5, null], { minLength: 1 }) }),
    fc.record({ const: fc.constantFrom<Json>("x", 1, true, []) }),
  )
  .map((record) => JSON.parse(JSON.stringify(record)) as JsonObject);

const together = fc
  .tuple(part, part, part)
  .chain(([one, two, three]) =>
    fc.constantFrom<JsonObject>(
      { allOf: [one, two] },
      { ...one, allOf: [two] },
      { ...one, $ref: "#/$defs/Two", $defs: { Two: two } },
      { allOf: [one, { allOf: [two, { $ref: "#/$defs/Three" }] }], $defs: { Three: three } },
    ),
  );

const values: readonly Json[] = [
  ...["", "x", "xy", "xyz", "wxyz", "vwxyz"],
  ...[-1, 0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 5],
  ...[[], [1], [1, 2], [1, 2, 3], [1, 2, 3, 4]],
  ...[{}, { a: 1 }, { b: 1 }, { a: 1, b: 1 }, { c: 1 }],
  ...[true, false, null],
];

test("what is reported takes no value", () => {
  const wrong: Json[] = [];
  let [reported, taking, silent] = [0, 0, 0];
  for (const schema of fc.sample(together, { seed: Number(process.env["FC_SEED"] ?? 1), numRuns: 2000 })) {
    const takes = createAjv("2020-12", { validateSchema: false }).compile(schema);
    const some = values.filter((value) => takes(value));
    if (found(schema).length > 0) {
      reported += 1;
      if (some.length > 0) wrong.push({ schema, some });
    } else if (some.length > 0) taking += 1;
    else silent += 1;
  }
  expect(wrong).toEqual([]);
  expect(reported).toBeGreaterThan(800);
  expect(taking).toBeGreaterThan(200);
  // What only three schemas together, or finer rules, forbid.
  expect(silent).toBeLessThan(reported / 2);
}, 120_000);

test.each<[JsonObject, string[]]>([
  [
    { allOf: [{ type: "string" }, { type: ["number", "null"] }] },
    ["no value is of type number or null and of type string"],
  ],
  [{ type: "number", allOf: [{ type: "integer" }] }, []],
  [{ $ref: "#", minimum: 1 }, []],
  [{ minimum: 3, allOf: [{ maximum: 2 }] }, ['no number has "minimum" 3 and "maximum" 2']],
  [
    { required: ["b"], properties: { b: {} }, allOf: [{ properties: { a: {} }, additionalProperties: false }] },
    ['"b" is required, but "additionalProperties": false forbids it'],
  ],
  [{ anyOf: [{ type: "string" }, { type: "number" }] }, []],
  [{ allOf: [{ enum: ["a"] }, { const: "b" }] }, ["the two have no value in common"]],
  [{ allOf: [{ enum: ["a", 1] }, { type: "boolean" }] }, ["no value that it names is of type boolean"]],
])("%j: %j", (schema, expected) => {
  expect(found(schema)).toEqual(expected);
});
