import fc from "fast-check";
import type { ValidateFunction } from "ajv";
import { createAjv } from "../../compiler/json-schema/ajv.js";
import type { JsonSchema } from "../../compiler/model/schema.js";
import type { Json, JsonObject } from "../../compiler/model/source.js";

const names = ["id", "name", "kind", "x-y", "a b", "class", "prototype", "1st", "ünïcode", "*/", "$ref"];
const texts = [
  "",
  "a",
  "abc",
  "2024-02-29",
  "a@b.io",
  "0b8ed1b0-5a3b-4a36-8b5e-5b0c9a3b6f10",
  "*/ }",
  "`${x}`",
  "\u2028",
];
const numbers = [0, 1, -1, 1.5, 10];

const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined });
const schema = (members: { readonly [keyword: string]: fc.Arbitrary<unknown> }): fc.Arbitrary<JsonObject> =>
  fc.record(members).map((record) => withoutUndefined(record) as JsonObject);

/** An own property even where the name is `__proto__`. */
const named = <T>(entries: readonly (readonly [string, T])[]): { readonly [name: string]: T } =>
  Object.fromEntries(entries);

function withoutUndefined(record: object): object {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}

const annotations = {
  description: optional(fc.constantFrom("What it is.", "Ends a comment */ here.", "Two\nlines.", "@default 3")),
  title: optional(fc.constantFrom("Title", "Case0Output")),
};
const primitive = fc.constantFrom<Json>("a", "abc", 1, 1.5, true, false, null);

const leaf: fc.Arbitrary<JsonSchema> = fc.oneof(
  schema({
    type: fc.constant("string"),
    minLength: optional(fc.constantFrom(0, 1, 3)),
    maxLength: optional(fc.constantFrom(3, 10)),
    pattern: optional(fc.constantFrom("^a", "b", "^\\p{L}*$")),
    format: optional(fc.constantFrom("date", "email", "uuid")),
    ...annotations,
  }),
  schema({
    type: fc.constantFrom("number", "integer"),
    minimum: optional(fc.constantFrom(0, 1)),
    exclusiveMaximum: optional(fc.constantFrom(10, 1.5)),
    multipleOf: optional(fc.constantFrom(1, 0.5)),
    ...annotations,
  }),
  schema({ type: fc.constantFrom("boolean", "null") }),
  schema({ type: fc.subarray(["string", "integer", "boolean", "null", "array"], { minLength: 1 }), ...annotations }),
  schema({ enum: fc.uniqueArray(primitive, { minLength: 1, maxLength: 4 }), type: optional(fc.constant("string")) }),
  schema({ enum: fc.constant(["a", { a: 1 }, [1]]) }),
  schema({ const: fc.oneof(primitive, fc.constant<Json>({ a: [1] })) }),
  fc.constantFrom<JsonSchema>({}, true, { not: { type: "string" } }, { minLength: 1, minimum: 1 }),
);

const ownReference = fc.constantFrom("#/$defs/First", "#/$defs/Second");
const anyReference = fc.constantFrom("#/$defs/First", "#/$defs/Second", "#");

const composite = (inner: fc.Arbitrary<JsonSchema>): fc.Arbitrary<JsonSchema> => {
  const properties = fc.uniqueArray(fc.tuple(fc.constantFrom(...names), inner), {
    selector: ([name]) => name,
    maxLength: 4,
  });
  const object = properties.chain((declared) =>
    schema({
      type: optional(fc.constant("object")),
      properties: fc.constant(named(declared)),
      required: optional(fc.subarray([...declared.map(([name]) => name), "id"]).map((all) => [...new Set(all)])),
      additionalProperties: optional(fc.oneof(fc.constant(false), fc.constant(false), fc.constant(true), inner)),
      patternProperties: fc.option(
        inner.map((one) => ({ "^x": one })),
        { nil: undefined, freq: 6 },
      ),
      minProperties: fc.option(fc.constant(1), { nil: undefined, freq: 6 }),
      dependentRequired: fc.option(fc.constant({ id: ["name"] }), { nil: undefined, freq: 6 }),
      ...annotations,
    }),
  );
  const discriminated = fc.tuple(object, object).map((branches) =>
    branches.map((branch, index) => ({
      ...branch,
      type: "object",
      properties: { ...(branch["properties"] as JsonObject), kind: { const: `kind${index}` } },
      required: ["kind"],
    })),
  );
  return fc.oneof(
    { weight: 4, arbitrary: object },
    schema({
      type: fc.constant("array"),
      items: inner,
      minItems: optional(fc.constant(1)),
      uniqueItems: optional(fc.boolean()),
    }),
    schema({
      type: fc.constant("array"),
      prefixItems: fc.array(inner, { minLength: 1, maxLength: 3 }),
      items: optional(fc.oneof(fc.constant(false), inner)),
      minItems: optional(fc.constantFrom(1, 2, 3)),
      maxItems: optional(fc.constantFrom(3, 4)),
    }),
    schema({ anyOf: fc.array(inner, { minLength: 1, maxLength: 3 }), ...annotations }),
    schema({ oneOf: fc.array(inner, { minLength: 1, maxLength: 3 }), ...annotations }),
    discriminated.chain((oneOf) => schema({ oneOf: fc.constant(oneOf), ...annotations })),
    fc.tuple(object, object).map((allOf) => ({ allOf }) as JsonObject),
    fc.tuple(object, inner).map(([one, then]) => ({ ...one, if: { required: ["name"] }, then }) as JsonObject),
    fc.tuple(inner, object).map(([one, two]) => ({ anyOf: [one, { type: "null" }], ...two }) as JsonObject),
    schema({ type: fc.constant("array"), items: inner, contains: inner }),
    schema({ $ref: anyReference, ...annotations }),
    { weight: 2, arbitrary: fc.tuple(object, ownReference).map(([one, $ref]) => ({ ...one, $ref }) as JsonObject) },
    fc.tuple(ownReference, object, inner).map(([$ref, one, two]) => ({ allOf: [{ $ref }, one, two] }) as JsonObject),
    fc.tuple(object, ownReference, inner).map(([one, $ref, two]) => ({ ...one, allOf: [{ $ref }, two] }) as JsonObject),
    fc
      .tuple(ownReference, ownReference, object)
      .map(([one, two, base]) => ({ ...base, anyOf: [{ $ref: one }, { $ref: two, required: ["id"] }] }) as JsonObject),
    schema({
      type: fc.constant("object"),
      propertyNames: fc.constantFrom<Json>({ enum: ["id", "name", "x-y"] }, { const: "id" }, { minLength: 2 }),
      properties: properties.map((declared) => named(declared)),
      required: optional(fc.constant(["id"])),
      additionalProperties: optional(fc.oneof(fc.constant(false), inner)),
    }),
    schema({ type: fc.constantFrom("object", "string", "array"), $ref: ownReference, ...annotations }),
  );
};

const { any } = fc.letrec<{ any: JsonSchema }>((tie) => ({
  any: fc.oneof({ maxDepth: 2 }, leaf, composite(tie("any"))),
}));
const root = composite(any);

/** A schema of any form that people write, and of some that they do not; `#/$defs/First` and `Second` are its own. */
export const arbitrarySchema: fc.Arbitrary<JsonSchema> = fc.tuple(root, any, any).map(([one, First, Second]) => ({
  ...(grounded(one) as JsonObject),
  $defs: { First: grounded(First), Second: grounded(Second) },
}));

/** What refers to anything stands below a property, so that no reference leads in a circle at one place. */
function grounded(schema: JsonSchema): JsonSchema {
  const refers = JSON.stringify(schema).includes('"$ref":"#');
  return refers ? { type: "object", properties: { next: schema, text: { type: "string" } } } : schema;
}

/** Values that a schema probably takes, and values near them. */
export function candidates(schema: JsonSchema): Json[] {
  const found = [...guesses(schema, schema, 3), null, true, "text", 7, [], {}];
  const distinct = new Map(found.map((value) => [JSON.stringify(value), value]));
  return [...distinct.values()].slice(0, 24);
}

function guesses(schema: JsonSchema, root: JsonSchema, depth: number): Json[] {
  if (depth === 0 || typeof schema === "boolean") return ["a", 1, null];
  const of = (one: Json | undefined): Json[] => guesses((one ?? true) as JsonSchema, root, depth - 1);
  const list = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : []);
  const found: Json[] = [];
  if (typeof schema["$ref"] === "string") {
    const name = schema["$ref"].split("/")[2];
    const target = name === undefined ? root : ((root as JsonObject)["$defs"] as JsonObject)[name]!;
    found.push(...guesses(target as JsonSchema, root, depth - 1));
  }
  if (schema["const"] !== undefined) found.push(schema["const"]);
  found.push(...list(schema["enum"]));
  for (const key of ["anyOf", "oneOf"]) found.push(...list(schema[key]).flatMap((branch) => of(branch).slice(0, 6)));
  const parts = list(schema["allOf"]).map(of);
  if (parts.length > 0) found.push(...combined(parts));
  const types = schema["type"] === undefined ? [] : [schema["type"]].flat();
  if (types.includes("string")) found.push(...fittingFirst(schema, texts));
  if (types.some((type) => type === "number" || type === "integer")) found.push(...fittingFirst(schema, numbers));
  if (types.includes("boolean")) found.push(true, false);
  if (types.includes("null")) found.push(null);
  if (types.includes("array")) found.push(...lists(schema, of));
  if (types.includes("object") || "properties" in schema) found.push(...objects(schema, of));
  return found.length > 0 ? found : ["a", 1, null];
}

/** Parts that are taken make a whole that may be taken. */
function fittingFirst(schema: JsonObject, values: readonly Json[]): Json[] {
  const { type: _, $ref: _reference, allOf: _all, anyOf: _any, ...rules } = schema;
  const key = JSON.stringify(rules);
  const fits = validators.get(key) ?? createAjv("2020-12", { validateSchema: false }).compile(rules);
  validators.set(key, fits);
  return [...values.filter((value) => fits(value)), ...values.filter((value) => !fits(value))];
}

const validators = new Map<string, ValidateFunction>();

function combined(parts: readonly Json[][]): Json[] {
  return [0, 1, 2].map((index) => {
    const chosen = parts.map((part) => part[index % part.length]!);
    return named(chosen.flatMap((value) => Object.entries((value ?? {}) as JsonObject)));
  });
}

function lists(schema: JsonObject, of: (one: Json | undefined) => Json[]): Json[] {
  const first = (schema["prefixItems"] as readonly Json[] | undefined)?.map(of) ?? [];
  const rest = schema["items"] === false ? of(true) : of(schema["items"]);
  const whole = [...first, rest, rest, rest];
  const cut = (count: number, index: number): Json =>
    whole.slice(0, count).map((options, place) => options[(index + place) % options.length]!);
  return [0, 1, 2, 3, 4, 5].flatMap((count) => (count > whole.length ? [] : [cut(count, 0), cut(count, 1)]));
}

function objects(schema: JsonObject, of: (one: Json | undefined) => Json[]): Json[] {
  const declared = Object.entries((schema["properties"] ?? {}) as JsonObject).map(
    ([name, one]) => [name, of(one)] as const,
  );
  const required = ((schema["required"] ?? []) as readonly string[]).filter(
    (name) => !declared.some(([own]) => own === name),
  );
  const members = [...declared, ...required.map((name) => [name, of(true)] as const)];
  const pick = (index: number) => members.map(([name, options]) => [name, options[index % options.length]!] as const);
  const whole = pick(0);
  const open = schema["additionalProperties"];
  const more = of(open === false ? true : open).slice(0, 2);
  return [
    ...[0, 1, 2, 3].map((index) => named(pick(index))),
    ...whole.map((_, index) => named(whole.toSpliced(index, 1))),
    ...more.map((one) => named([...whole, ["extra", one]])),
    {},
  ];
}

/**
 * The schema with no property but those that it declares: of a value that is written down, TypeScript refuses others,
 * although a schema that says nothing of them takes them.
 */
export function closed(schema: Json, inBranch = false): JsonSchema {
  if (typeof schema !== "object" || schema === null) return schema as JsonSchema;
  const each = Object.entries(schema as JsonObject).map(([keyword, value]): [string, Json] => {
    if (["items", "additionalProperties", "contains"].includes(keyword)) return [keyword, closed(value)];
    if (keyword === "prefixItems") return [keyword, (value as readonly Json[]).map((one) => closed(one))];
    if (["allOf", "anyOf", "oneOf"].includes(keyword))
      return [keyword, (value as readonly Json[]).map((one) => closed(one, true))];
    if (["properties", "patternProperties", "$defs"].includes(keyword))
      return [keyword, named(Object.entries(value as JsonObject).map(([name, one]) => [name, closed(one)]))];
    return [keyword, value];
  });
  const declares = JSON.stringify(schema).includes('"properties"');
  return { ...named(each), ...(declares && !inBranch && { unevaluatedProperties: false }) };
}

/**
 * The schema without what TypeScript cannot say: ranges, patterns, formats, exclusive choice, conditions. What it
 * refuses, the type has to refuse.
 */
export function sayable(schema: Json, inBranch = false): JsonSchema {
  if (typeof schema !== "object" || schema === null) return schema as JsonSchema;
  const { type, properties, required, items, prefixItems, minItems, $ref, $defs, anyOf, oneOf, allOf } =
    schema as JsonObject;
  const { additionalProperties, patternProperties } = schema as JsonObject;
  const map = (value: Json, branch: boolean): JsonObject =>
    named(Object.entries(value as JsonObject).map(([name, one]) => [name, sayable(one, branch)]));
  const branches = (value: Json): Json[] => (value as readonly Json[]).map((one) => sayable(one, true));
  const primitives = (values: readonly Json[]): boolean =>
    values.every((value) => typeof value !== "object" || value === null);
  const choices = (schema as JsonObject)["enum"] as readonly Json[] | undefined;
  const fixed = (schema as JsonObject)["const"];
  const combines = anyOf !== undefined || oneOf !== undefined || allOf !== undefined || $ref !== undefined;
  const empty = properties === undefined || Object.keys(properties as JsonObject).length === 0;
  const closed = additionalProperties === false && !inBranch && !combines && patternProperties === undefined;
  return withoutUndefined({
    type: type === undefined ? undefined : [type].flat().map((one) => (one === "integer" ? "number" : one)),
    properties: properties && map(properties, inBranch || combines),
    required,
    ...(closed && { additionalProperties }),
    ...(empty &&
    required === undefined &&
    patternProperties === undefined &&
    additionalProperties !== undefined &&
    additionalProperties !== false
      ? { additionalProperties: sayable(additionalProperties, inBranch) }
      : {}),
    items: items === undefined ? undefined : sayable(items, inBranch || combines),
    prefixItems: prefixItems && (prefixItems as readonly Json[]).map((one) => sayable(one, inBranch || combines)),
    ...(prefixItems &&
      typeof minItems === "number" && { minItems: Math.min(minItems, (prefixItems as readonly Json[]).length) }),
    ...(choices && primitives(choices) && { enum: choices }),
    ...(fixed !== undefined && primitives([fixed]) && { const: fixed }),
    $ref,
    $defs: $defs && map($defs, true),
    anyOf: anyOf && branches(anyOf),
    allOf: [...(allOf ? branches(allOf) : []), ...(oneOf ? [{ anyOf: branches(oneOf) }] : []), true],
  }) as JsonSchema;
}
