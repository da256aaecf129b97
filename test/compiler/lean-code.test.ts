import fc from "fast-check";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { leanCode } from "../../compiler/4-emit/lean-code.js";
import { createAjv, createPlainAjv } from "../../compiler/json-schema/ajv.js";
import type { JsonSchema } from "../../compiler/model/schema.js";
import type { Json, JsonObject } from "../../compiler/model/source.js";
import { arbitrarySchema, candidates } from "./arbitrary-schema.js";
import { compiled } from "./compiled.js";
import { plain } from "./plain.js";
import { schemaCases } from "./schema-cases.js";

type Case = readonly [schema: JsonSchema, values: readonly Json[]];

const many = (count: number): string[] => Array.from({ length: count }, (_, index) => `p${index}`);
const each = (names: readonly string[], schema: Json): JsonObject =>
  Object.fromEntries(names.map((name) => [name, schema]));
/** Names and texts that look like what is looked for in the code. */
const lookalikes = [
  "schema0",
  "schema0.properties.a",
  "rootData",
  "parentData",
  "data",
  'errors"',
  "\\",
  ', {instancePath:"",parentData:data,parentDataProperty:0,rootData})',
  "};\nif(vErrors === null){\nvErrors = [err0];\n}",
  "},propertyName:key0",
  '"0"',
  "__proto__",
  "a]b",
  "a\u2028b",
];

/** Where ajv reads the schema at run time, hands on its arguments, or writes another form than elsewhere. */
const special: readonly Case[] = [
  [{ enum: many(300) }, ["p7", "p", 1]],
  [{ properties: each(many(12), { type: "string" }), additionalProperties: false }, [{ p1: "", q: 1 }, { p1: 1 }, 1]],
  [
    { properties: { ...each(many(9), {}), ...each(lookalikes, { type: "string" }) }, additionalProperties: false },
    [each(lookalikes, 1), each(lookalikes, ""), { toString: 1 }, { schema0: 1 }, JSON.parse('{"__proto__":1}')],
  ],
  [{ type: "object", required: many(300) }, [each(many(299), 1), each(many(300), 1), {}]],
  [{ type: "object", required: lookalikes }, [{}, each(lookalikes, 1)]],
  [{ enum: [...lookalikes, { a: lookalikes }, null] }, [...lookalikes, "other", { a: lookalikes }, { a: [] }, null]],
  [{ items: { const: { a: lookalikes } } }, [[{ a: lookalikes }, { a: 1 }]]],
  [{ const: null }, [null, 0]],
  [{ properties: each(lookalikes, { const: { x: [1] } }) }, [each(lookalikes, { x: [1] }), each(lookalikes, 1)]],
  [{ propertyNames: { maxLength: 2, pattern: "^a" } }, [{ a: 1, abc: 1, b: 1, bcd: 1 }]],
  [{ propertyNames: { anyOf: [{ const: "a" }, { minLength: 3 }] } }, [{ a: 1, b: 2, abc: 3 }]],
  [{ dependentRequired: { a: ["b", "c"] }, dependentSchemas: { a: { minProperties: 3 } } }, [{ a: 1 }, { a: 1, b: 1 }]],
  [
    {
      $ref: "#/$defs/node",
      $defs: { node: { properties: { v: { type: "number" }, next: { $ref: "#/$defs/node" } } } },
    },
    [{ next: { next: { v: "x" }, v: 1 }, v: "y" }, { next: { next: {} } }],
  ],
  [
    {
      properties: { all: { additionalProperties: { $ref: "#" } }, list: { items: { $ref: "#" } }, v: { type: "null" } },
    },
    [{ all: { "a/b~": { v: 1 } }, list: [{ v: null }, { list: [{ v: 2 }] }] }],
  ],
  [
    {
      $dynamicAnchor: "node",
      type: "object",
      properties: { v: { type: "null" }, next: { anyOf: [{ $dynamicRef: "#node" }, { type: "string" }] } },
      $defs: { other: { $id: "other", $dynamicAnchor: "node" } },
      unevaluatedProperties: false,
    },
    [{ next: { next: "x", v: 1 } }, { next: { next: { w: 1 } } }, { w: 1 }],
  ],
  [
    {
      $schema: "https://json-schema.org/draft/2019-09/schema",
      $recursiveAnchor: true,
      properties: { next: { $recursiveRef: "#" }, v: { type: "null" } },
      unevaluatedProperties: false,
    },
    [{ next: { next: { v: 1, w: 1 } } }, { w: 1 }],
  ],
  [
    {
      $schema: "http://json-schema.org/draft-07/schema#",
      dependencies: { a: ["b"], c: { required: ["d"] } },
      items: [{ type: "null" }],
      additionalItems: false,
    },
    [{ a: 1, c: 1 }, [1, 2]],
  ],
];

const generated = fc.sample(arbitrarySchema, { seed: Number(process.env["FC_SEED"] ?? 2), numRuns: 200 });
const cases: readonly Case[] = [
  ...special,
  ...schemaCases.map(({ schema, valid, invalid }): Case => [schema, [...valid, ...invalid]]),
  ...generated.map((schema): Case => [schema, candidates(schema)]),
];
const { validators, modules, refused } = await compiled(cases.map(([schema]) => schema));

test("what fails, and where, is what ajv says", () => {
  expect(refused).toEqual(new Map());
  let failures = 0;
  for (const [index, [schema, values]] of cases.entries()) {
    const ajv = createAjv("2020-12", { messages: false, validateSchema: false }).compile(plain(schema));
    const validate = validators[index]!;
    for (const value of values) {
      const expected = ajv(value) ? null : ajv.errors!.map(({ schemaPath: _, ...error }) => error);
      expect({ schema, value, valid: validate(value), errors: validate.errors }).toEqual({
        schema,
        value,
        valid: expected === null,
        errors: expected,
      });
      failures += expected?.length ?? 0;
    }
  }
  expect(failures).toBeGreaterThan(3000);
});

test("the verdicts are those of ajv without our own code for unions, lists and choices", () => {
  let valid = 0;
  let unions = 0;
  for (const [index, [schema, values]] of cases.entries()) {
    if (!/let tried|repeatedItems|new Set/.test(modules[index]!)) continue;
    const ajv = createPlainAjv("2020-12", { messages: false, validateSchema: false }).compile(plain(schema));
    unions += modules[index]!.includes("let tried") ? 1 : 0;
    for (const value of values) {
      // ajv itself does not see that these are equal.
      if (JSON.stringify(value) === '["__proto__","__proto__"]') continue;
      const verdict = validators[index]!(value);
      expect({ schema, value, valid: verdict }).toEqual({ schema, value, valid: ajv(value) });
      valid += verdict ? 1 : 0;
    }
  }
  expect(Math.min(valid, unions)).toBeGreaterThan(50);
});

const fixtures = join(import.meta.dirname, "..", "..", "fixtures");
const built = readdirSync(fixtures, { recursive: true, encoding: "utf8" })
  .filter((path) => /^[^/]+\/generated\/(validators\/\w+|settings)\.ts$/.test(path))
  .map((path) => readFileSync(join(fixtures, path), "utf8"));

test("the code of validators holds nothing that is never read", () => {
  expect(built.length).toBeGreaterThan(60);
  let functions = 0;
  for (const module of [...built, ...modules]) {
    const code = module!.replace(/"(?:[^"\\]|\\.)*"/g, '""');
    expect(/(?<!\.)\b(?:vErrors\.push|schemaPath|parentData|rootData|schema\d)|\/\*/.exec(code)?.[0]).toBeUndefined();
    for (const [body] of code.matchAll(/^function [^]*?^return .*;\n\}$/gm)) {
      functions += 1;
      const locals = new Set([...body.matchAll(/\b(?:const|let|var) (\w+)/g)].map(([, name]) => name!));
      const unread = [...locals].filter((name) => !new RegExp(`(?<!\\.)\\b${name}\\b(?! = )`).test(body));
      expect([unread, unread.length && module]).toEqual([[], 0]);
    }
  }
  expect(functions).toBeGreaterThan(built.length + modules.length);
});

const header = 'function validate0(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){';
test.each([
  ["arguments that are read", `${header}\nreturn check(data, parentData);\n}\n`],
  ["a failure with more to it", 'const err0 = {instancePath,schemaPath:"#/a",message:"b"};\nvErrors.push(err0);\n'],
  ["a read of what a schema does not hold", 'const schema0 = {"a":[1]};\nif(schema0.b.c === schema0["d"])\n'],
  ["a schema as a whole", 'const schema0 = {"a":[1]};\nf({...schema0});\n'],
])("%s: code that is not known stays as it is", (_says, code) => {
  expect(leanCode(code)).toBe(code);
});
