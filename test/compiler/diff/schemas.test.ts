import fc from "fast-check";
import { expect, test } from "vitest";
import { compareSchemas, type Direction, type SchemaChange } from "../../../compiler/diff/schemas/compare.js";
import type { Verdict } from "../../../compiler/diff/rules.js";
import { lengthsOfFormats, widerFormats } from "../../../compiler/diff/schemas/strings.js";
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

const [zones, fractions] = [fc.constantFrom("Z", "z", "+02:00", "-0330", "+01"), fc.constantFrom("", ".5", ".123456")];
const times = fc
  .tuple(fc.date({ noInvalidDate: true, min: new Date(0), max: new Date("2100-01-01") }), fractions, zones)
  .map(([date, fraction, zone]) => date.toISOString().slice(0, 19) + fraction + zone);
const textsOf: Readonly<Record<string, fc.Arbitrary<string>>> = {
  "date-time": times,
  ipv4: fc.ipV4(),
  "json-pointer-uri-fragment": fc.stringMatching(/^#(?:\/(?:[a-zA-Z0-9_.!$&'()*+,;:=@-]|%[0-9a-fA-F]{2}|~0|~1)*)*$/),
  time: times.map((text) => text.slice("2000-01-01T".length)),
  uri: fc.oneof(
    fc.webUrl({ withFragments: true, withQueryParameters: true }),
    fc.stringMatching(/^[a-z][a-z0-9+.-]{0,5}:[a-zA-Z0-9._~!$&'()*+,;=:@-]*$/),
    fc.ipV6().map((address) => `ftp://user@[${address}]:21/a//b?c#d`),
  ),
};

test.each(Object.entries(widerFormats).flatMap(([narrow, all]) => all.map((wide) => [narrow, wide] as const)))(
  "a text of the format %s is one of %s",
  (narrow, wide) => {
    const [isNarrow, isWide] = [narrow, wide].map((format) => takesOf({ format })) as [Takes, Takes];
    const taken = fc.sample(textsOf[narrow]!, 500).filter((text) => isNarrow(text));
    expect(taken.length).toBeGreaterThan(400);
    expect(taken.filter((text) => !isWide(text))).toEqual([]);
  },
);

test("texts of formats with a limit keep it, and reach it", () => {
  const longest: Readonly<Record<string, string>> = {
    date: "2024-02-29",
    hostname: ["a".repeat(63), "b".repeat(63), "c".repeat(63), "d".repeat(61)].join("."),
    ipv4: "255.255.255.255",
    ipv6: "1111:2222:3333:4444:5555:6666:255.255.255.255",
    uuid: "urn:uuid:0b8ed1b0-5a3b-4a36-8b5e-5b0c9a3b6f10",
  };
  const shortest: Readonly<Record<string, string>> = {
    ...{ date: "0000-01-01", hostname: "a", ipv4: "1.1.1.1", ipv6: "::", uuid: longest["uuid"]!.slice(9) },
  };
  for (const [format, [least, most]] of Object.entries(lengthsOfFormats)) {
    const takes = takesOf({ format });
    const [short, long] = [shortest[format]!, longest[format]!];
    expect([short.length, long.length, takes(short), takes(long)], format).toEqual([least, most, true, true]);
    const near = [short.slice(1), ...[...long].map((_, at) => long.slice(0, at) + long[at] + long.slice(at))];
    expect([...near, `${long}.`, `:${long}`, `${long}0`].filter(takes), format).toEqual([]);
  }
});

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
