import { expect, test } from "vitest";
import { createAjv } from "../../compiler/json-schema/ajv.js";
import type { JsonObject } from "../../compiler/model/source.js";
import { plain } from "./plain.js";

/** Words to which ajv alone gives a meaning; what passes is what JSON Schema says without them. */
const cases: readonly [schema: JsonObject, passes: unknown[], fails: unknown[]][] = [
  [{ id: "x" }, [1], []],
  [
    { type: "object", properties: { id: { id: "y", type: "string" } }, required: ["id"] },
    [{ id: "a" }],
    [{}, { id: 1 }],
  ],
  [{ nullable: true }, [null, 1], []],
  [{ type: "string", nullable: true }, ["a"], [null]],
  [{ $async: true, type: "string" }, ["a"], [1]],
  [{ anyOf: [{ $async: true, type: "string" }, { items: { nullable: true } }] }, ["a", [null]], []],
  [{ dependencies: { a: ["b"] } }, [{ a: 1 }], []],
  [{ enum: [] }, [], [1, null]],
  [{ properties: { a: { enum: [], not: { type: "null" } } } }, [{}], [{ a: 1 }, { a: null }]],
  [{ const: { id: 1, nullable: true } }, [{ id: 1, nullable: true }], [{}]],
  [{ enum: [{ $async: true }] }, [{ $async: true }], [{}]],
];

test.each(cases)("%j means what JSON Schema says", (schema, passes, fails) => {
  const validate = createAjv("2020-12").compile(plain(schema));
  for (const value of passes) expect([value, validate(value)]).toEqual([value, true]);
  for (const value of fails) expect([value, validate(value)]).toEqual([value, false]);
});
