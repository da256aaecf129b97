import fc from "fast-check";
import { expect, test } from "vitest";
import { schemaFingerprints } from "../../compiler/3-lower/entries.js";
import { validatorInputs, type ValidatorModule } from "../../compiler/4-emit/validator-modules.js";
import { printValidators } from "../../compiler/4-emit/validators.js";
import { withoutAnnotations } from "../../compiler/json-schema/without-annotations.js";
import { applicators } from "../../compiler/json-schema/walk.js";
import type { JsonSchema } from "../../compiler/model/schema.js";
import type { Identifier } from "../../compiler/model/server.js";
import type { Json, JsonObject } from "../../compiler/model/source.js";
import { arbitrarySchema } from "./arbitrary-schema.js";
import { schemaCases } from "./schema-cases.js";

const span = { path: "a.mcp.json", start: 0, end: 0 };
const module = (schema: JsonSchema): ValidatorModule => {
  const types = { shared: {}, own: {} };
  const input = { type: "Case" as Identifier, schema, types, span, ...schemaFingerprints(schema) };
  return { name: "validators/Case", schemas: { input }, answers: [], span };
};

/** Says more, wherever there is a schema. */
function wordy(schema: Json): Json {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return schema;
  const members = Object.entries(schema as JsonObject).map(([key, value]): [string, Json] => {
    const how = applicators.get(key);
    if (how === undefined) return [key, value];
    if (Array.isArray(value)) return [key, value.map(wordy)];
    if ((how !== "map" && how !== "map-or-names") || typeof value !== "object" || value === null)
      return [key, wordy(value)];
    return [key, Object.fromEntries(Object.entries(value).map(([name, each]) => [name, wordy(each as Json)]))];
  });
  const others = Object.fromEntries(members.filter(([key]) => key !== "description" && key !== "title"));
  return { description: "Said otherwise.", ...others, $comment: "*/", title: "Other" };
}

const print = (schema: JsonSchema) => printValidators(module(schema)).value;

test("what a schema says to its readers alone makes no other validator", () => {
  for (const { schema } of schemaCases) expect(print(wordy(schema) as JsonSchema)).toBe(print(schema));
  fc.assert(
    fc.property(arbitrarySchema, (schema) => {
      const other = wordy(schema) as JsonSchema;
      expect(print(other)).toBe(print(schema));
      expect(validatorInputs(module(other))).toBe(validatorInputs(module(schema)));
    }),
  );
});

test.each<[schema: JsonObject, without: JsonObject]>([
  [{ title: "A", type: "string", description: "B", $comment: "C" }, { type: "string" }],
  [
    { properties: { title: { title: "A" }, description: { type: "string" } }, required: ["title"] },
    { properties: { title: {}, description: { type: "string" } }, required: ["title"] },
  ],
  [
    { const: { title: "A" }, enum: [{ description: "B" }] },
    { const: { title: "A" }, enum: [{ description: "B" }] },
  ],
  [{ title: { type: "string" } }, { title: { type: "string" } }],
  [
    { allOf: [{ $comment: "A" }, true], not: { title: "B" }, items: [{ title: "C" }] },
    { allOf: [{}, true], not: {}, items: [{}] },
  ],
  [
    { dependencies: { a: ["title"], b: { title: "A" } }, examples: [{ title: "B" }] },
    { dependencies: { a: ["title"], b: {} }, examples: [{ title: "B" }] },
  ],
])("of %j, %j says what passes", (schema, without) => {
  expect(withoutAnnotations(schema)).toEqual(without);
});
