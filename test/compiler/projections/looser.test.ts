import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ValidateFunction } from "ajv";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createPlainAjv } from "../../../compiler/json-schema/ajv.js";
import type { JsonSchema } from "../../../compiler/model/schema.js";
import type { Json, JsonObject } from "../../../compiler/model/source.js";
import { profiles, type ProfileName } from "../../../compiler/projections/profiles.js";
import { projectSchema } from "../../../compiler/projections/project-schema.js";
import { entryOf } from "../../../compiler/lint/entry.js";
import { ruleTable } from "../../../compiler/lint/rules.js";
import { refusals } from "./refused.js";
import type { Step } from "../../../compiler/projections/step.js";
import { arbitrarySchema, candidates } from "../arbitrary-schema.js";
import { plain } from "../plain.js";

const names = Object.keys(profiles) as ProfileName[];

const ajv = createPlainAjv("2020-12", { allErrors: false, validateSchema: false });

function judge(schema: JsonSchema): ValidateFunction {
  const validate = ajv.compile(schema);
  ajv.removeSchema(schema);
  return validate;
}

/** Rules about schemas. Projections do not add what strict modes demand, and change no names. */
const schemaRules = [...ruleTable].filter(([code]) =>
  /^(gemini|keyword|moonshot|root|strict\/keyword-.*|reference\/(blind|recursive))(\/|$)/.test(code),
);

/** Returns the findings of lint in a schema, for the rules of a profile. */
function lintFindings(inputSchema: JsonSchema, profile: ProfileName): string[] {
  // Any other root is an error of the language.
  if (typeof inputSchema === "boolean" || inputSchema["type"] !== "object") return [];
  const entry = entryOf("tools", { kind: "tool", name: "search", listing: { name: "search", inputSchema } } as never);
  const context = { server: { name: "shop" }, profiles: new Set([profile]) };
  return schemaRules
    .filter(([, rule]) => rule.entry && rule.profiles.includes(profile))
    .flatMap(([code, rule]) => [...rule.entry!(entry, context)].map(({ at }) => `${code} ${at}`));
}

const ways = ["as it is", "oneOf", "anyOf", "allOf", "not", "property", "closed"] as const;

/** Roots as tools have them: objects with arbitrary schemas as branches, members or properties. */
const inputSchema: fc.Arbitrary<JsonObject> = fc
  .tuple(arbitrarySchema, fc.constantFrom(...ways), arbitrarySchema)
  .map(([schema, way, other]) => {
    const { $defs, ...one } = schema as JsonObject;
    const { $defs: _, ...two } = other as JsonObject;
    const root = (members: JsonObject): JsonObject => ({ type: "object", ...members, $defs: $defs! });
    if (way === "as it is") return schema as JsonObject;
    if (way === "not") return root({ properties: { name: { not: one } }, not: { required: ["kind"], ...two } });
    if (way === "property") return root({ properties: { id: one, name: two }, required: ["id"] });
    if (way === "closed") return root({ oneOf: [one, two], unevaluatedProperties: false });
    return root({ [way]: [one, two], properties: { id: { type: ["string", "integer"] } } });
  });

const numRuns = Number(process.env["MCPC_PROPERTY_RUNS"] ?? 25);

function refused(values: readonly Json[], schema: JsonSchema): Json[] {
  const validate = judge(schema);
  return values.filter((value) => !validate(value));
}

test("a projection accepts what the author's schema accepts, and has nothing that the profile refuses", () => {
  let accepted = 0;
  fc.assert(
    fc.property(inputSchema, (schema) => {
      const before = judge(schema);
      const values = candidates(schema).filter((value) => before(value));
      accepted += values.length;
      const byText = new Map<string, ProfileName>();
      for (const name of names) {
        const { schema: projected } = projectSchema(schema, profiles[name]);
        expect(refusals(projected as Json, name), `${name} refuses ${JSON.stringify(projected)}`).toEqual([]);
        expect(lintFindings(projected, name), `lint of ${name} for ${JSON.stringify(projected)}`).toEqual([]);
        byText.set(JSON.stringify(projected), name);
      }
      for (const [text, name] of byText) {
        const projected = JSON.parse(text) as JsonSchema;
        expect(ajv.validateSchema(projected), `a valid schema: ${text}`).toBe(true);
        expect(refused(values, projected), `${name} projects ${JSON.stringify(schema)} to ${text}`).toEqual([]);
      }
    }),
    { numRuns },
  );
  expect(accepted).toBeGreaterThan(numRuns);
});

const folder = join(import.meta.dirname, "..", "..", "e2e", "real-surfaces");
const surfaces = readdirSync(folder).filter((name) => name.endsWith(".json"));

test.each(surfaces)("%s: projections of its schemas accept what they accept", (name) => {
  const { tools } = JSON.parse(readFileSync(join(folder, name), "utf8"));
  let accepted = 0;
  for (const { inputSchema, outputSchema } of tools)
    for (const written of [inputSchema, outputSchema].filter((each) => each !== undefined)) {
      const schema = plain(written);
      const before = judge(schema);
      const values = candidates(schema).filter((value) => before(value));
      accepted += values.length;
      for (const profile of names) {
        const { schema: projected } = projectSchema(schema, profiles[profile]);
        expect(refusals(projected as Json, profile), `${profile} refuses ${JSON.stringify(projected)}`).toEqual([]);
        expect(refused(values, projected), `${profile} projects ${JSON.stringify(schema)}`).toEqual([]);
      }
    }
  expect(accepted).toBeGreaterThan(tools.length);
});

test("the comparison notices a step that makes every property required", () => {
  const allRequired: Step = (schema) =>
    schema["properties"] === undefined
      ? schema
      : { ...schema, required: Object.keys(schema["properties"] as JsonObject) };
  const found = fc.check(
    fc.property(inputSchema, (schema) => {
      const before = judge(schema);
      const values = candidates(schema).filter((value) => before(value));
      return refused(values, projectSchema(schema, { steps: [allRequired] }).schema).length === 0;
    }),
    { numRuns, endOnFailure: true },
  );
  expect(found.failed).toBe(true);
});
