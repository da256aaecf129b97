import type { JsonSchema } from "../model/schema.js";
import type { Json, JsonObject } from "../model/source.js";

export type Scalar = null | boolean | number | string;

/** Facts that hold for every valid value of a schema, derived from a few keywords. */
export interface Facts {
  readonly types: ReadonlySet<string>;
  /** The only possible values. */
  readonly values?: ReadonlySet<Scalar>;
  /** Facts about a property, if an object has it. */
  readonly members: ReadonlyMap<string, Facts>;
  readonly required: ReadonlySet<string>;
  /** The only possible properties of an object. */
  readonly allowed?: ReadonlySet<string>;
}

/** Resolves a reference from a place, which defines the meaning of `#`. */
export type Resolve<P> = (reference: string, place: P) => readonly [schema: Json, place: P] | undefined;

const allTypes: ReadonlySet<string> = new Set(["null", "boolean", "number", "string", "array", "object"]);
const none: ReadonlySet<string> = new Set();
const anything: Facts = { types: allTypes, members: new Map(), required: none };
const nothing: Facts = { ...anything, types: none };

/** The maximum depth: discriminators are properties of the value, or of these. */
const maxDepth = 2;

/** Returns a function that computes the facts of a schema, with a cache. */
export function factsFinder<P>(resolve: Resolve<P>): (schema: Json, place: P) => Facts {
  const cache = Array.from({ length: maxDepth + 1 }, () => new WeakMap<object, Facts>());

  const find = (schema: Json, place: P, depth: number): Facts => {
    if (schema === false) return nothing;
    if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return anything;
    const before = cache[depth]!.get(schema);
    if (before) return before;
    // A recursive schema for the same value adds no facts.
    cache[depth]!.set(schema, anything);
    const found = inPlace(schema as JsonObject, place, depth).reduce(both, own(schema as JsonObject, place, depth));
    cache[depth]!.set(schema, found);
    return found;
  };

  const inPlace = (schema: JsonObject, place: P, depth: number): Facts[] => {
    const { $ref, allOf } = schema;
    const target = typeof $ref === "string" ? resolve($ref, place) : undefined;
    const unions = ["anyOf", "oneOf"].flatMap((keyword) => {
      const branches = schema[keyword];
      return isList(branches) ? [branches.map((branch) => find(branch, place, depth)).reduce(either, nothing)] : [];
    });
    const { if: condition, then = true, else: other = true } = schema;
    const conditional = condition === undefined ? [] : [either(find(then, place, depth), find(other, place, depth))];
    return [
      ...(target ? [find(target[0], target[1], depth)] : []),
      ...(isList(allOf) ? allOf.map((part) => find(part, place, depth)) : []),
      ...unions,
      ...conditional,
    ];
  };

  const own = (schema: JsonObject, place: P, depth: number): Facts => {
    const { properties, required, additionalProperties, patternProperties } = schema;
    const declared = isObject(properties) ? Object.entries(properties) : [];
    const isClosed = additionalProperties === false && patternProperties === undefined;
    const values = valuesOf(schema);
    return {
      types: typesOf(schema),
      ...(values && { values }),
      members: new Map(depth === 0 ? [] : declared.map(([name, member]) => [name, find(member, place, depth - 1)])),
      required: new Set(isList(required) ? required.filter((name) => typeof name === "string") : []),
      ...(isClosed && { allowed: new Set(declared.map(([name]) => name)) }),
    };
  };

  return (schema, place) => find(schema, place, maxDepth);
}

/** Returns a schema without a keyword. */
export function without(schema: JsonSchema, keyword: string): JsonSchema {
  if (typeof schema === "boolean") return schema;
  const { [keyword]: _, ...rest } = schema;
  return rest;
}

function typesOf({ type, const: constant, enum: values }: JsonObject): ReadonlySet<string> {
  const listed =
    type === undefined
      ? allTypes
      : new Set([type].flat().map((each) => (each === "integer" ? "number" : String(each))));
  const chosen = constant !== undefined ? [constant] : isList(values) ? values : undefined;
  return chosen ? intersection(listed, new Set(chosen.map(typeOf))) : listed;
}

/** Returns the possible values, unless they are secret. */
function valuesOf({ const: constant, enum: values, writeOnly, format }: JsonObject): ReadonlySet<Scalar> | undefined {
  const chosen = constant !== undefined ? [constant] : isList(values) ? values : undefined;
  if (!chosen || chosen.some(isStructure) || writeOnly === true || format === "password") return undefined;
  return new Set(chosen as readonly Scalar[]);
}

/** Combines facts that both hold. */
export function both(a: Facts, b: Facts): Facts {
  const values = a.values && b.values ? intersection(a.values, b.values) : (a.values ?? b.values);
  const allowed = a.allowed && b.allowed ? intersection(a.allowed, b.allowed) : (a.allowed ?? b.allowed);
  const members = new Map(a.members);
  for (const [name, facts] of b.members) members.set(name, members.has(name) ? both(members.get(name)!, facts) : facts);
  return {
    types: intersection(a.types, b.types),
    ...(values && { values }),
    members,
    required: new Set([...a.required, ...b.required]),
    ...(allowed && { allowed }),
  };
}

/** Combines facts of which at least one holds. */
function either(a: Facts, b: Facts): Facts {
  if (a.types.size === 0) return b;
  if (b.types.size === 0) return a;
  const types = new Set([...a.types, ...b.types]);
  const values = a.values && b.values && new Set([...a.values, ...b.values]);
  // A branch without objects does not affect facts about objects.
  if (!a.types.has("object")) return { ...b, types, ...withValues(values) };
  if (!b.types.has("object")) return { ...a, types, ...withValues(values) };
  const names = [...a.members.keys()].filter((name) => b.members.has(name));
  return {
    types,
    ...withValues(values),
    members: new Map(names.map((name) => [name, either(a.members.get(name)!, b.members.get(name)!)])),
    required: intersection(a.required, b.required),
    ...(a.allowed && b.allowed && { allowed: new Set([...a.allowed, ...b.allowed]) }),
  };
}

function withValues(values: ReadonlySet<Scalar> | undefined): { values?: ReadonlySet<Scalar> } {
  return { values } as { values?: ReadonlySet<Scalar> };
}

export function intersection<T>(a: ReadonlySet<T>, b: ReadonlySet<T>): ReadonlySet<T> {
  return new Set([...a].filter((each) => b.has(each)));
}

export function typeOf(value: Json): string {
  return value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
}

function isStructure(value: Json): boolean {
  return typeof value === "object" && value !== null;
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
