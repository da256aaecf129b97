import fc from "fast-check";
import { compile, type JSONSchema, type Options } from "json-schema-to-typescript";
import { expect, test } from "vitest";
import { literal } from "../../compiler/4-emit/code.js";
import { createAjv } from "../../compiler/json-schema/ajv.js";
import type { JsonSchema } from "../../compiler/model/schema.js";
import type { Json } from "../../compiler/model/source.js";
import { arbitrarySchema, candidates, closed, sayable } from "./arbitrary-schema.js";
import { compiled } from "./compiled.js";
import { diagnosticsOf } from "./typescript.js";

/** A value, and whether the types of two printers take it. */
interface Verdict {
  readonly index: number;
  readonly value: Json;
  readonly ours: boolean;
  readonly theirs: boolean;
}

const options: Partial<Options> = { bannerComment: "", format: false, $refOptions: { resolve: { external: false } } };

/** The type of json-schema-to-typescript, in a namespace of its own; `undefined` where it fails. */
async function witnessOf(schema: JsonSchema, index: number): Promise<string | undefined> {
  try {
    const types = await compile(structuredClone(schema) as JSONSchema, "Type", options);
    return `export namespace N${index} {\n${types}\n}\n`;
  } catch {
    return undefined;
  }
}

async function compared(cases: readonly { readonly schema: JsonSchema; readonly values: readonly Json[] }[]) {
  const { types, validators, refused } = await compiled(cases.map(({ schema }) => schema));
  expect(refused).toEqual(new Map());
  const witnesses = await Promise.all(cases.map(({ schema }, index) => witnessOf(schema, index)));
  const values = cases.flatMap(({ values }, index) =>
    witnesses[index] === undefined ? [] : values.map((value) => ({ index, value })),
  );
  const moduleOf = (from: string, typeOf: (index: number) => string): string =>
    [
      `import type * as types from "./${from}.js";`,
      ...values.map(({ value, index }, line) => `export const v${line}: types.${typeOf(index)} = ${literal(value)};`),
    ].join("\n");
  const found = diagnosticsOf({
    "ours.ts": types,
    "theirs.ts": witnesses.join(""),
    "to-ours.ts": moduleOf("ours", (index) => `Case${index}Output`),
    "to-theirs.ts": moduleOf("theirs", (index) => `N${index}.Type`),
  });
  expect(found.filter(({ file }) => file === "ours.ts")).toEqual([]);
  const refusedLines = (name: string): Set<number> =>
    new Set(found.filter(({ file }) => file === name).map(({ line }) => line - 2));
  const [ours, theirs] = [refusedLines("to-ours.ts"), refusedLines("to-theirs.ts")];
  const verdicts = values.map((each, line): Verdict => ({ ...each, ours: !ours.has(line), theirs: !theirs.has(line) }));
  return { verdicts, validators, failures: witnesses.filter((one) => one === undefined).length };
}

test("where json-schema-to-typescript prints another type, the schema speaks for ours", async () => {
  const schemas = fc.sample(arbitrarySchema, { numRuns: 60, seed: Number(process.env["FC_SEED"] ?? 1) });
  const { verdicts, validators, failures } = await compared(
    schemas.map((schema) => ({ schema, values: candidates(schema) })),
  );
  const isSaid = schemas.map((schema) => createAjv("2020-12", { validateSchema: false }).compile(sayable(schema)));
  const isClosed = schemas.map((schema) => createAjv("2020-12", { validateSchema: false }).compile(closed(schema)));
  /** Whether a type should take the value; `undefined` where TypeScript cannot say what the schema does. */
  const expected = ({ index, value }: Verdict): boolean | undefined => {
    if (validators[index]!(value)) return isClosed[index]!(value) ? true : undefined;
    return isSaid[index]!(value) ? undefined : false;
  };
  const differing = verdicts.filter(({ ours, theirs }) => ours !== theirs);
  const against = differing.filter((each) => expected(each) === !each.ours);
  expect(against.map(({ index, value }) => ({ schema: schemas[index], value }))).toEqual([]);
  expect(failures).toBeLessThan(schemas.length / 10);
  expect(verdicts.length).toBeGreaterThan(500);
  expect(differing.length).toBeLessThan(verdicts.length / 4);
});

const text = { type: "string" };
/** Kinds of its faults: a schema, and a value that its type judges wrongly. */
const faults: readonly (readonly [kind: string, schema: JsonSchema, value: Json, isValid: boolean])[] = [
  ["a closed tuple", { type: "array", prefixItems: [text], items: false }, ["a"], true],
  ["an item of a tuple", { type: "array", prefixItems: [text] }, [1], false],
  ["names of members", { type: "object", propertyNames: { enum: ["id"] } }, { other: 1 }, false],
  ["a type beside an enumeration", { type: "string", enum: ["a", true] }, true, false],
  [
    "a member that is required, and declared elsewhere",
    { allOf: [{ properties: { a: text } }, { required: ["a"] }] },
    {},
    false,
  ],
  [
    "members beside a pattern",
    { type: "object", properties: { a: text }, patternProperties: { "^x": { type: "number" } } },
    { a: "a", x: 1 },
    true,
  ],
];

test("its faults, by kind", async () => {
  const { verdicts, validators } = await compared(faults.map(([, schema, value]) => ({ schema, values: [value] })));
  const judged = verdicts.map(({ index, value, ours, theirs }) => ({
    kind: faults[index]![0],
    ours,
    theirs,
    isValid: validators[index]!(value),
  }));
  expect(judged).toEqual(faults.map(([kind, , , isValid]) => ({ kind, ours: isValid, theirs: !isValid, isValid })));
});
