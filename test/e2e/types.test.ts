import fc from "fast-check";
import { expect, test } from "vitest";
import { createAjv } from "../../compiler/json-schema/ajv.js";
import { literal } from "../../compiler/4-emit/code.js";
import { arbitrarySchema, candidates, closed, sayable } from "../compiler/arbitrary-schema.js";
import { compiled } from "../compiler/compiled.js";
import { diagnosticsOf } from "../compiler/typescript.js";

const schemas = fc.sample(arbitrarySchema, { seed: Number(process.env["FC_SEED"] ?? 1), numRuns: 500 });
const emitted = await compiled(schemas);

test("emitted validators judge generated values as ajv does", () => {
  const differing: unknown[] = [];
  let judged = 0;
  for (const [index, schema] of schemas.entries()) {
    const ajv = createAjv("2020-12", { validateSchema: false }).compile(schema);
    for (const value of candidates(schema)) {
      judged += 1;
      if (emitted.validators[index]?.(value) !== ajv(value)) differing.push({ schema, value });
    }
  }
  expect(emitted.refused).toEqual(new Map());
  expect(judged).toBeGreaterThan(5000);
  expect(differing).toEqual([]);
});

test("types take what validators take, and refuse what TypeScript can refuse", () => {
  const assignments = schemas.flatMap((schema, index) => {
    const valid = emitted.validators[index]!;
    const said = createAjv("2020-12", { validateSchema: false }).compile(sayable(schema));
    const declared = createAjv("2020-12", { validateSchema: false }).compile(closed(schema));
    return candidates(schema).flatMap((value) => {
      const expected = valid(value) ? declared(value) || undefined : said(value) ? undefined : false;
      return expected === undefined ? [] : [{ index, schema, value, expected }];
    });
  });
  const lines = assignments.map(
    ({ index, value }, line) => `export const v${line}: t.Case${index}Output = ${literal(value)};`,
  );
  const found = diagnosticsOf({
    "types.ts": emitted.types,
    "values.ts": `import type * as t from "./types.js";\n${lines.join("\n")}\n`,
  });
  expect(found.filter(({ file }) => file !== "values.ts")).toEqual([]);
  const refused = new Map(found.map(({ line, message }) => [line - 2, message]));
  const wrong = assignments
    .filter(({ expected }, line) => refused.has(line) === expected)
    .sort((a, b) => JSON.stringify(a.schema).length - JSON.stringify(b.schema).length);
  const report = wrong.slice(0, 12).map(({ index, value, schema, expected }) => ({
    schema: JSON.stringify(schema),
    value: JSON.stringify(value),
    expected: expected ? "assignable" : "an error",
    type: new RegExp(`^export (?:interface|type) Case${index}Output\\b[\\s\\S]*?\\n(?=\\n)`, "m").exec(
      emitted.types,
    )?.[0],
    said: refused.get(assignments.findIndex((one) => one.index === index && one.value === value)),
  }));
  expect([wrong.length, report]).toEqual([0, []]);
  expect(assignments.length).toBeGreaterThan(4000);
  expect(assignments.filter(({ expected }) => expected).length).toBeGreaterThan(800);
  expect(assignments.filter(({ expected }) => !expected).length).toBeGreaterThan(3000);
});
