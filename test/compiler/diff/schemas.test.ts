import fc from "fast-check";
import { expect, test } from "vitest";
import { compareSchemas, type Direction, type SchemaChange } from "../../../compiler/diff/schemas/compare.js";
import type { Verdict } from "../../../compiler/diff/rules.js";
import { includes } from "../../../compiler/diff/schemas/inclusion.js";
import { createAjv } from "../../../compiler/json-schema/ajv.js";
import type { JsonSchema } from "../../../compiler/model/schema.js";
import type { Json } from "../../../compiler/model/source.js";
import { arbitrarySchema, candidates } from "../arbitrary-schema.js";
import { plain } from "../plain.js";
import { mutated } from "./mutation.js";
import { rows } from "./schema-changes.js";

const severity: readonly Verdict[] = ["compatible", "unknown", "breaking"];

function worst(changes: readonly SchemaChange[]): Verdict {
  return severity[Math.max(0, ...changes.map(({ verdict }) => severity.indexOf(verdict)))]!;
}

type Takes = (value: Json) => boolean;
const options = { meta: false, validateSchema: false, messages: false };
const takesOf = (schema: JsonSchema): Takes => createAjv("2020-12", options).compile(schema) as Takes;

/** The schema that has the values, and the one that should take them. */
function sides<T>(old: T, now: T, direction: Direction): readonly [narrow: T, wide: T] {
  return direction === "input" ? [old, now] : [now, old];
}

const table = rows();

test.each(table)("$name", ({ old, new: now, change, inverse }) => {
  const [one, other] = [plain(old), plain(now)];
  const judged = (from: JsonSchema, to: JsonSchema): object => ({
    input: worst(compareSchemas(from, to, "input")),
    output: worst(compareSchemas(from, to, "output")),
  });
  expect({ change: judged(one, other), inverse: judged(other, one) }).toEqual({ change, inverse });
});

test("of the table, hardly anything is unknown", () => {
  const all = table.flatMap(({ change, inverse }) => [change.input, change.output, inverse.input, inverse.output]);
  const unknown = all.filter((verdict) => verdict === "unknown").length;
  expect(table.length).toBeGreaterThanOrEqual(150);
  expect(unknown / all.length).toBeLessThan(0.1);
});

const pairs = Number(process.env["MCPC_PAIRS"] ?? 200);
const seed = Number(process.env["MCPC_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

test(
  `of ${pairs} random pairs, none is judged against the evidence (MCPC_SEED=${seed})`,
  { timeout: 60_000 + pairs * 500 },
  () => {
    const counts = { breaking: 0, compatible: 0, unknown: 0 };
    const arbitraryPair = fc.tuple(
      arbitrarySchema,
      fc.oneof({ weight: 1, arbitrary: arbitrarySchema }, { weight: 3, arbitrary: fc.nat(1_000_000) }),
      fc.constantFrom<Direction>("input", "output"),
    );
    for (const [first, second, direction] of fc.sample(arbitraryPair, { seed, numRuns: pairs })) {
      const old = plain(first);
      const now = typeof second === "number" ? mutated(old, second) : plain(second);
      const changes = compareSchemas(old, now, direction);
      const verdict = worst(changes);
      counts[verdict]++;
      if (verdict === "unknown") continue;
      const [narrow, wide] = sides(takesOf(old), takesOf(now), direction);
      const shown = JSON.stringify({ direction, old, new: now, changes });
      for (const { witness } of changes.filter((each) => each.verdict === "breaking"))
        expect(witness !== undefined && narrow(witness) && !wide(witness), shown).toBe(true);
      if (verdict !== "compatible") continue;
      const added = changes.flatMap(({ at, isOptionalArgument }) => (isOptionalArgument ? [at.at(-1)!] : []));
      const written = [old, ...(typeof second === "number" ? [] : [now])];
      const values = [...written.flatMap(candidates), ...models(old), ...models(now)].filter(
        (value) => !added.some((name) => mentions(value, name)),
      );
      expect(
        values.filter((value) => narrow(value) && !wide(value)),
        shown,
      ).toEqual([]);
    }
    console.info(`${pairs} pairs with MCPC_SEED=${seed}: ${JSON.stringify(counts)}`);
  },
);

/** Values of a schema, found as those that refute that it has none. */
function models(schema: JsonSchema): readonly Json[] {
  const inclusion = includes(false, schema);
  return "candidates" in inclusion ? inclusion.candidates : [];
}

function mentions(value: Json, name: string): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(([key, each]) => key === name || mentions(each as Json, name));
}

const deep = (levels: number): JsonSchema => (levels === 0 ? { type: "string" } : { items: deep(levels - 1) });
const wide = (count: number, more: object = {}): JsonSchema => ({
  allOf: Array.from({ length: count }, (_, index) => ({
    anyOf: [{ required: [`a${index}`] }, { required: [`b${index}`] }, { type: "number", ...more }],
  })),
});
const hostile: Readonly<Record<string, readonly [old: JsonSchema, now: JsonSchema]>> = {
  "schemas that nest deeply": [deep(3000), deep(3001)],
  "many choices at once": [wide(60), wide(60, { minimum: 1 })],
  "a reference to itself": [{ $ref: "#" }, { $ref: "#", type: "string" }],
  "a pattern that takes for ever": [
    { pattern: "^(a+)+$", minLength: 40 },
    { pattern: "^(a+)+b$", minLength: 40 },
  ],
  "a text of a billion characters": [
    { type: "string", minLength: 1e9 },
    { type: "string", minLength: 2e9 },
  ],
  "a list of a billion items": [{ minItems: 1e9 }, { minItems: 2e9 }],
  "a thousand branches": [
    { oneOf: Array.from({ length: 1000 }, (_, index) => ({ properties: { kind: { const: index } } })) },
    { oneOf: Array.from({ length: 1001 }, (_, index) => ({ properties: { kind: { const: index } } })) },
  ],
  "no schema at all": [{ type: "text" }, { properties: [], minLength: "x" }],
};

test.each(Object.keys(hostile))("%s: the comparison ends", (name) => {
  const [old, now] = hostile[name]!;
  for (const direction of ["input", "output"] as const) {
    const changes = compareSchemas(old, now, direction);
    expect(changes.length).toBeGreaterThan(0);
    for (const { verdict, witness } of changes) if (verdict === "breaking") expect(witness).toBeDefined();
  }
});
