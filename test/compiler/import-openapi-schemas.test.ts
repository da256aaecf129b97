import { describe, expect, test } from "vitest";
import { one, translated } from "./openapi.js";

describe("a schema becomes JSON Schema 2020-12", () => {
  test.each<[what: string, version: string, schema: unknown, result: unknown, schemas?: object]>([
    ["nullable", "3.0.3", { type: "string", nullable: true }, { anyOf: [{ type: "string" }, { type: "null" }] }],
    [
      "nullable beside enum",
      "3.0.3",
      { type: "string", nullable: true, enum: ["a", null], description: "D" },
      { description: "D", anyOf: [{ type: "string", enum: ["a"] }, { type: "null" }] },
    ],
    [
      "nullable beside an enum without null",
      "3.0.3",
      { type: "string", nullable: true, enum: ["a"], description: "D" },
      { description: "D", type: "string", enum: ["a"] },
    ],
    [
      "nullable beside an enum of null alone",
      "3.0.3",
      { type: "string", nullable: true, enum: [null] },
      { type: "null" },
    ],
    [
      "several types beside an enum without values of one",
      "3.1.0",
      { type: ["string", "integer", "null"], enum: ["a", null] },
      { anyOf: [{ type: "string", enum: ["a"] }, { type: "null" }] },
    ],
    [
      "nullable beside allOf",
      "3.0.3",
      { allOf: [{ type: "object" }], nullable: true },
      { anyOf: [{ allOf: [{ type: "object" }] }, { type: "null" }] },
    ],
    ["exclusive bounds", "3.0.3", { minimum: 1, exclusiveMinimum: true }, { exclusiveMinimum: 1 }],
    ["inclusive bounds", "3.0.3", { maximum: 1, exclusiveMaximum: false }, { maximum: 1 }],
    [
      "properties named like keywords",
      "3.0.3",
      { type: "object", properties: { nullable: { type: "boolean" }, example: { type: "string" } } },
      { type: "object", properties: { nullable: { type: "boolean" }, example: { type: "string" } } },
    ],
    [
      "what documents only",
      "3.0.3",
      { type: "string", example: "x", xml: {}, "x-y": 1, discriminator: {} },
      { type: "string" },
    ],
    [
      "members beside a reference, in 3.0",
      "3.0.3",
      { $ref: "#/components/schemas/A", maxLength: 1 },
      { $ref: "#/$defs/A", $defs: { A: { type: "string" } } },
      { A: { type: "string" } },
    ],
    [
      "members beside a reference, in 3.1",
      "3.1.0",
      { $ref: "#/components/schemas/A", maxLength: 1 },
      { $ref: "#/$defs/A", maxLength: 1, $defs: { A: { type: "string" } } },
      { A: { type: "string" } },
    ],
    [
      "lists of types",
      "3.1.0",
      { type: ["string", "null"], maxLength: 1 },
      { anyOf: [{ type: "string", maxLength: 1 }, { type: "null" }] },
    ],
    ["a list of one type", "3.1.0", { type: ["string"] }, { type: "string" }],
    [
      "keywords of 2020-12",
      "3.1.0",
      { prefixItems: [{ const: 1 }], dependentRequired: { a: ["b"] } },
      { prefixItems: [{ const: 1 }], dependentRequired: { a: ["b"] } },
    ],
    [
      "read-only properties",
      "3.1.0",
      { type: "object", properties: { id: { readOnly: true }, a: {} }, required: ["id", "a"] },
      { type: "object", properties: { a: {} }, required: ["a"] },
    ],
    ["an array of anything", "3.0.3", { type: "array" }, { type: "array", items: {} }],
    ["a pattern of another language", "3.0.3", { type: "string", pattern: "(?i)a" }, { type: "string" }],
    ["an unknown format", "3.0.3", { type: "string", format: "colour" }, { type: "string" }],
    [
      "a cycle",
      "3.0.3",
      { $ref: "#/components/schemas/N" },
      { $ref: "#/$defs/N", $defs: { N: { type: "object", properties: { next: { $ref: "#/$defs/N" } } } } },
      { N: { type: "object", properties: { next: { $ref: "#/components/schemas/N" } } } },
    ],
    ["nothing", "3.0.3", null, {}],
    ["a default", "3.1.0", { type: "integer", default: 30 }, { type: "integer", description: "Default: 30." }],
  ])("%s (%s)", (_, version, schema, result, schemas) => {
    expect(translated(schema, version, schemas)).toEqual(result);
  });
});

test("a result may be null where it is nullable and its enum lacks null, as many APIs answer", () => {
  const state = { type: "string", nullable: true, enum: ["a"] };
  const schema = { type: "object", properties: { state } };
  const { tools } = one({ responses: { 200: { content: { "application/json": { schema } } } } }, "3.0.3");
  expect(tools[0]!.tool["outputSchema"]).toMatchObject({
    properties: { state: { anyOf: [{ type: "string", enum: ["a"] }, { type: "null" }] } },
  });
});
