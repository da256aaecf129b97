import { registerSchema, validate, type SchemaObject } from "@hyperjump/json-schema/draft-2020-12";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createAjv } from "../../compiler/json-schema/ajv.js";
import type { JsonSchema } from "../../compiler/model/schema.js";
import type { Json } from "../../compiler/model/source.js";
import { compiled } from "./compiled.js";
import { schemaCases, type SchemaCase } from "./schema-cases.js";

const emitted = await compiled(schemaCases.map(({ schema }) => schema));

const values = ({ valid, invalid }: SchemaCase): (readonly [value: Json, expected: boolean])[] => [
  ...valid.map((value) => [value, true] as const),
  ...invalid.map((value) => [value, false] as const),
];

test("the cases say what another implementation of the specification says", async () => {
  const differing: unknown[] = [];
  // It looks for identifiers in enum and const, too, where the specification sees data.
  for (const [index, one] of schemaCases.filter(({ keyword }) => keyword !== "$id").entries()) {
    const id = `https://cases.example/${index}`;
    registerSchema(one.schema as SchemaObject, id, "https://json-schema.org/draft/2020-12/schema");
    const reference = await validate(id);
    for (const [value, expected] of values(one)) {
      if (reference(value as Parameters<typeof reference>[0]).valid !== expected)
        differing.push([one.keyword, one.says, value]);
    }
  }
  expect(differing).toEqual([]);
});

test("emitted validators give ajv's verdict where ajv is right; what it misjudges is documented", async () => {
  expect(schemaCases.flatMap(values).length).toBeGreaterThan(900);
  expect(emitted.refused).toEqual(new Map());
  const misjudged: string[] = [];
  for (const [index, one] of schemaCases.entries()) {
    const ajv = createAjv("2020-12").compile(one.schema);
    const emit = emitted.validators[index]!;
    for (const [value, expected] of values(one)) {
      const verdicts = { ajv: ajv(value), emitted: emit(value) };
      if (verdicts.ajv === expected) expect({ ...one, value, ...verdicts }).toMatchObject({ emitted: expected });
      else if (verdicts.emitted !== expected)
        misjudged.push(
          `| \`${one.keyword}\` | ${one.says} | ${code(one.schema)} | ${expected ? "refuses" : "takes"} ${code(value)} |`,
        );
    }
  }
  const guide = join(import.meta.dirname, "..", "..", "docs", "schemas.md");
  const text = readFileSync(guide, "utf8");
  const table = /(?<=\| Keyword \| Case \|.*\n\|---.*\n)(?:\|.*\n)*/;
  expect(table.test(text)).toBe(true);
  await expect(text.replace(table, () => misjudged.map((line) => `${line}\n`).join(""))).toMatchFileSnapshot(guide);
});

const code = (value: Json): string => `\`${JSON.stringify(value).replaceAll("|", "\\|")}\``;

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
