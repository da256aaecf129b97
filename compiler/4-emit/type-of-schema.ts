import type { JsonSchema } from "../model/schema.js";
import type { Json, JsonObject } from "../model/source.js";
import { literal } from "./code.js";
import { documentation } from "./documentation.js";
import { intersection, is, named, never, union, unknown, type Member, type Type } from "./type.js";

type JsonType = "null" | "boolean" | "number" | "string" | "array" | "object";
const allTypes: readonly JsonType[] = ["boolean", "number", "string", "array", "object", "null"];

/** The name of the type that a `$ref` leads to; undefined when there is none. */
export type TypeOf = (reference: string) => string | undefined;

/**
 * The type of a schema: whatever TypeScript can say soundly, and nothing else. Every valid value is assignable to it;
 * where a keyword cannot be said, the type is wider than the schema.
 */
export function typeOfSchema(schema: JsonSchema, typeOf: TypeOf): Type {
  return typed(schema, allTypes, {}, typeOf);
}

/**
 * @param allowed the types that are left by what the schema stands in
 * @param around the properties that the schema stands beside: what `required` alone says is the type of these
 */
function typed(schema: Json | undefined, allowed: readonly JsonType[], around: JsonObject, typeOf: TypeOf): Type {
  if (schema === false) return never;
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return unknown;
  const keywords = schema as JsonObject;
  // What a choice leaves is said by its branches.
  const together = togetherTypes(keywords, allowed);
  const types = possibleTypes(keywords, allowed);
  const properties = { ...around, ...(isObject(keywords["properties"]) && keywords["properties"]) };
  const branches = (keyword: string, left: readonly JsonType[]): Type[] =>
    list(keywords[keyword]).map((one) => typed(one, left, properties, typeOf));
  const reference = keywords["$ref"];
  const name = typeof reference === "string" ? typeOf(reference) : undefined;
  const others = intersection([
    ...(name === undefined ? [] : [named(name)]),
    ...branches("allOf", types),
    ...choices.flatMap((keyword) => (keyword in keywords ? [union(branches(keyword, together))] : [])),
  ]);
  if (keywords["const"] !== undefined) return intersection([literals([keywords["const"]], types), others]);
  if (Array.isArray(keywords["enum"])) return intersection([literals(keywords["enum"], types), others]);
  const says = types.some((type) => saysMore(keywords, type));
  // Branches that say something say the types, too.
  if (!says && (types.length === allowed.length || !is(others, "unknown"))) return others;
  return intersection([union(types.map((type) => single(keywords, type, properties, typeOf))), others]);
}

/** In the order in which the schema names them. */
function declaredTypes(keywords: JsonObject, allowed: readonly JsonType[]): readonly JsonType[] {
  const declared = keywords["type"];
  if (typeof declared !== "string" && !Array.isArray(declared)) return allowed;
  const names = [declared].flat().map((name) => (name === "integer" ? "number" : name));
  return [...new Set(names)].flatMap((name) => allowed.filter((type) => type === name));
}

/** What is left of the types by all that the schema and `allOf` say together. */
function togetherTypes(keywords: JsonObject, allowed: readonly JsonType[]): readonly JsonType[] {
  return list(keywords["allOf"]).reduce<readonly JsonType[]>(
    (left, branch) => possibleTypes(branch, left),
    declaredTypes(keywords, allowed),
  );
}

/** What is left by some branch of each choice, too. */
function possibleTypes(schema: Json, allowed: readonly JsonType[]): readonly JsonType[] {
  if (schema === false) return [];
  if (!isObject(schema)) return allowed;
  return choices.reduce(
    (left, keyword) => {
      if (!(keyword in schema)) return left;
      const some = new Set(list(schema[keyword]).flatMap((branch) => possibleTypes(branch, left)));
      return left.filter((type) => some.has(type));
    },
    togetherTypes(schema, allowed),
  );
}

const choices = ["anyOf", "oneOf"] as const;

/** Whether the schema restricts values of a type in a way that its type shows. */
function saysMore(keywords: JsonObject, type: JsonType): boolean {
  if (type === "object")
    return ["properties", "required", "additionalProperties", "patternProperties"].some((key) => key in keywords);
  if (type === "array") return ["items", "prefixItems"].some((key) => key in keywords);
  return false;
}

function single(keywords: JsonObject, type: JsonType, around: JsonObject, typeOf: TypeOf): Type {
  if (type === "object") return object(keywords, around, typeOf);
  if (type === "array") return array(keywords, typeOf);
  return named(type);
}

function object(keywords: JsonObject, around: JsonObject, typeOf: TypeOf): Type {
  const declared = entries(keywords["properties"]);
  const required = new Set(list(keywords["required"]).filter((name) => typeof name === "string"));
  const names = new Set(declared.map(([name]) => name));
  const implied = [...required].filter((name) => !names.has(name));
  const { additionalProperties: additional } = keywords;
  const patterns = entries(keywords["patternProperties"]).map(([, schema]) => schema);
  // A name that is required and not declared is one of the additional properties, unless a pattern takes it.
  const more = patterns.length > 0 ? unknown : typed(additional, allTypes, {}, typeOf);
  const members = [
    ...declared.map(([name, schema]): Member => ({
      name,
      optional: !required.has(name),
      type: typed(schema, allTypes, {}, typeOf),
      documentation: documentation(schema),
    })),
    ...implied.map((name): Member => {
      const beside = typed(Object.hasOwn(around, name) ? around[name] : true, allTypes, {}, typeOf);
      return { name, optional: false, type: intersection([beside, more]), documentation: "" };
    }),
  ];
  if (members.length === 0) {
    if (patterns.length === 0 && additional === false) return named("Record<string, never>");
    const all = [...patterns, ...(additional === false ? [] : [additional])];
    const index = union(all.map((schema) => typed(schema, allTypes, {}, typeOf)));
    // Beside `Record`, an index signature may refer to the type that it is part of.
    return is(index, "unknown") ? named("Record<string, unknown>") : { kind: "object", members, index };
  }
  // An index signature must fit every property, so beside properties it can only say `unknown`.
  const open = patterns.length > 0 || (additional !== undefined && additional !== false);
  return { kind: "object", members, ...(open && { index: unknown }) };
}

const longestTuple = 24;

function array(keywords: JsonObject, typeOf: TypeOf): Type {
  const { items, prefixItems, additionalItems, minItems, maxItems } = keywords;
  const all = Array.isArray(prefixItems) ? prefixItems : Array.isArray(items) ? items : undefined;
  if (!all) return { kind: "array", items: typed(items, allTypes, {}, typeOf) };
  if (all.length > longestTuple) return { kind: "array", items: unknown };
  const most = typeof maxItems === "number" ? maxItems : Infinity;
  const tuple = all.slice(0, most);
  const rest = typed(Array.isArray(prefixItems) ? items : additionalItems, allTypes, {}, typeOf);
  return {
    kind: "tuple",
    items: tuple.map((item) => typed(item, allTypes, {}, typeOf)),
    required: Math.min(typeof minItems === "number" ? minItems : 0, tuple.length),
    ...(!is(rest, "never") && most > all.length && { rest }),
  };
}

function literals(values: readonly Json[], allowed: readonly JsonType[]): Type {
  return union(values.filter((value) => allowed.includes(typeOfValue(value))).map((value) => named(literal(value))));
}

function typeOfValue(value: Json): JsonType {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value as "boolean" | "number" | "string" | "object";
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function list(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

function entries(value: Json | undefined): [string, Json][] {
  return isObject(value) ? Object.entries(value) : [];
}
