import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Diagnostic } from "../../compiler/diagnostics/diagnostic.js";
import { fixed } from "../../compiler/fixes.js";
import { createAjv } from "../../compiler/json-schema/ajv.js";
import { annotationFormats, keywordsOf, knownFormats, uncheckedFormats } from "../../compiler/json-schema/dialect.js";
import type { JsonSchema } from "../../compiler/model/schema.js";
import type { Json, JsonObject } from "../../compiler/model/source.js";
import { arbitrarySchema, candidates } from "./arbitrary-schema.js";
import { compileManifests } from "../../compiler/compile-manifests.js";
import { memoryHost } from "./memory-host.js";

const path = "a.mcp.json";
const manifest = (schema: JsonSchema): string =>
  JSON.stringify({
    server: { name: "fixed", version: "1.0.0" },
    tools: [{ name: "t", inputSchema: { type: "object", properties: { value: schema } } }],
  });

function diagnosticsOf(text: string): readonly Diagnostic[] {
  const host = memoryHost({ [path]: text });
  return compileManifests(host).diagnostics;
}

/** The schema as `check --fix` leaves it. */
function fix(schema: JsonSchema): Json {
  let text = manifest(schema);
  for (let round = 0; round < 10; round++) {
    const [change] = fixed(diagnosticsOf(text), memoryHost({ [path]: text })).changes;
    if (!change) break;
    text = new TextDecoder().decode(change.bytes);
  }
  const { tools } = JSON.parse(text) as { tools: { inputSchema: { properties: { value: Json } } }[] };
  return tools[0]!.inputSchema.properties.value;
}

/** What a validator says of values that the schema probably takes, and of others. */
function verdicts(schema: JsonSchema, values: readonly Json[]): boolean[] {
  const validate = createAjv("2020-12").compile(schema);
  return values.map((value) => validate(value));
}

/** Where a keyword stands, or the name of a format: what can be misspelt. */
type Place = { readonly of: JsonObject; readonly key: string; readonly isFormat: boolean };
const maps = new Set(["properties", "patternProperties", "$defs"]);
function places(schema: Json): Place[] {
  if (typeof schema !== "object" || schema === null) return [];
  if (Array.isArray(schema)) return schema.flatMap(places);
  const of = schema as JsonObject;
  return Object.entries(of).flatMap(([key, value]) => [
    { of, key, isFormat: false },
    ...(key === "format" ? [{ of, key, isFormat: true }] : []),
    ...(["enum", "const", "default"].includes(key)
      ? []
      : maps.has(key)
        ? Object.values(value as JsonObject).flatMap(places)
        : places(value)),
  ]);
}

/** A copy in which the word at a place is another one. */
function respelt(schema: Json, at: number, change: (word: string) => string): Json {
  const copy = structuredClone(schema);
  const { of, key, isFormat } = places(copy)[at]!;
  const entries = Object.entries(of).map(([name, value]) => {
    if (name !== key) return [name, value] as const;
    return isFormat ? ([name, change(String(value))] as const) : ([change(name), value] as const);
  });
  for (const name of Object.keys(of)) delete (of as Record<string, Json>)[name];
  Object.assign(of, Object.fromEntries(entries));
  return copy;
}

const letters = fc.constantFrom(..."abcdefghijklmnopqrstuvwxyzXY23-_");
const slip = fc
  .record({ how: fc.constantFrom("swap", "drop", "double", "other", "more", "case"), at: fc.nat(40), letter: letters })
  .map(({ how, at, letter }) => (word: string): string => {
    const index = at % word.length;
    const [before, here, after] = [word.slice(0, index), word[index]!, word.slice(index + 1)];
    if (how === "swap") return before + (after[0] ?? "") + here + after.slice(1);
    if (how === "drop") return before + after;
    if (how === "double") return before + here + here + after;
    if (how === "other") return before + letter + after;
    if (how === "more") return before + letter + here + after;
    return before + (here === here.toLowerCase() ? here.toUpperCase() : here.toLowerCase()) + after;
  });
const runs = Number(process.env["MCPC_EDITS"] ?? 12) * 5;

describe("check --fix", () => {
  test("leaves a schema without slips as it is", () => {
    fc.assert(
      fc.property(arbitrarySchema, (schema) => {
        expect(fix(schema)).toEqual(JSON.parse(JSON.stringify(schema)));
      }),
      { numRuns: runs / 4 },
    );
  });

  test("gives a misspelt schema back what it took before the slip, or leaves it as it is", () => {
    let mended = 0;
    fc.assert(
      fc.property(arbitrarySchema, fc.nat(), slip, (schema, at, change) => {
        const original = JSON.parse(JSON.stringify(schema)) as Json;
        const all = places(original);
        if (all.length === 0) return;
        const misspelt = respelt(original, at % all.length, change) as JsonSchema;
        const result = fix(misspelt) as JsonSchema;
        if (JSON.stringify(result) === JSON.stringify(misspelt)) return;
        mended += 1;
        const values = candidates(schema);
        expect(verdicts(result, values)).toEqual(verdicts(schema, values));
      }),
      { numRuns: runs },
    );
    expect(mended).toBeGreaterThan(runs / 20);
  });

  /** Words of other languages of schemas, near to ours or not. */
  const words: readonly JsonObject[] = [
    ...[...annotationFormats, ...uncheckedFormats, "data", "uri-ref", "uid", "emails", "int31", "dat", "tim"].map(
      (format) => ({ format }),
    ),
    { cost: 5 },
    { when: { type: "string" } },
    { note: {} },
    { ref: "#/$defs/First" },
    { requires: ["id"] },
    { tsType: "string" },
    { someOf: [{ type: "string" }] },
    { types: ["string"] },
    { enums: ["a"] },
    { patterns: "^a" },
    { defs: {} },
    { form: "date" },
    { optional: true },
    { nullable: true },
    { id: "here" },
    { extends: {} },
  ];
  test("leaves words of other languages as they are", () => {
    for (const word of words) expect(fix(word)).toEqual(word);
    fc.assert(
      fc.property(arbitrarySchema, fc.constantFrom(...words), (schema, word) => {
        const both = { ...(schema as JsonObject), ...word };
        expect(fix(both)).toEqual(JSON.parse(JSON.stringify(both)));
      }),
      { numRuns: runs / 4 },
    );
  });

  test.each<[JsonSchema, JsonSchema]>([
    [{ minimun: 1 }, { minimum: 1 }],
    [{ minlength: 1 }, { minLength: 1 }],
    [{ max_items: 1 }, { maxItems: 1 }],
    [{ requierd: ["a"] }, { required: ["a"] }],
    [{ additonalProperties: false }, { additionalProperties: false }],
    [{ cosnt: 1 }, { const: 1 }],
    [{ format: "datetime" }, { format: "date-time" }],
    [{ format: "DateTime" }, { format: "date-time" }],
    [{ format: "emial" }, { format: "email" }],
    [{ format: "hostnamme" }, { format: "hostname" }],
    [{ format: "UUID" }, { format: "uuid" }],
  ])("puts the slip in %j right", (before, after) => expect(fix(before)).toEqual(after));

  test.each([
    ["(?P<year>\\d{4})-(?P=year)", "(?<year>\\d{4})-\\k<year>"],
    ["\\A[a-z]+\\Z", "^[a-z]+$"],
    ["^a{,3}$", "^a{0,3}$"],
    ["^\\U0001F600$", "^\\u{1F600}$"],
    ["^a(?#note)b$", "^ab$"],
    ["^\\Aa\\_b\\Z", "^^a_b$"],
    ["^\\_\\-\\@$", "^_-@$"],
  ])("puts the pattern %s right, whose remedy is %s", (pattern, instead) => {
    expect(fix({ pattern })).toEqual({ pattern: instead });
  });
  test.each(["(?i)abc", "a++", "(?>a)b", "[\\A]", "\\Gx", "[]\\A]", "(?P>x)", "\\\\A(", "(?P<1>a)", "*"])(
    "leaves the pattern %s, which has no one remedy",
    (pattern) => expect(fix({ pattern })).toEqual({ pattern }),
  );
});

test("formats that generators write are known, those that are not checked are reported", () => {
  const report = (format: string) => diagnosticsOf(manifest({ format })).map(({ message }) => message);
  for (const format of [...annotationFormats, ...knownFormats]) expect([format, report(format)]).toEqual([format, []]);
  for (const format of uncheckedFormats) expect(report(format)).toEqual([`the format "${format}" is not checked`]);
  expect(report("colour")).toEqual(['the format "colour" is not known and will not be checked']);
  expect([...keywordsOf["2020-12"]].every((word) => !annotationFormats.has(word))).toBe(true);
});
