import type { Json, JsonObject } from "../../model/source.js";
import { intersection } from "../intersection.js";
import { phraseOf } from "../phrases.js";
import type { Step } from "../step.js";

const numeric = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "format"];

/** Keywords that concern one type alone. A schema of another type can do without them. */
const keywordsOfType: Readonly<Record<string, readonly string[]>> = {
  string: ["minLength", "maxLength", "pattern", "format", "contentEncoding", "contentMediaType", "contentSchema"],
  number: numeric,
  integer: numeric,
  array: ["items", "prefixItems", "contains", "minContains", "maxContains", "minItems", "maxItems", "uniqueItems"],
  object: [
    "properties",
    "patternProperties",
    "additionalProperties",
    "propertyNames",
    "required",
    "minProperties",
    "maxProperties",
    "dependentRequired",
    "dependentSchemas",
  ],
  boolean: [],
  null: [],
};
const ofSomeType: ReadonlySet<string> = new Set(Object.values(keywordsOfType).flat());

function typeOf(value: Json): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value;
}

/** Splits a schema into a union with a branch for each type. It accepts the same values. */
function split(schema: JsonObject, types: readonly string[]): JsonObject | undefined {
  if (schema["anyOf"] !== undefined) return undefined;
  const { type: _, const: fixed, enum: values = fixed === undefined ? undefined : [fixed], ...rest } = schema;
  const shared = Object.entries(rest).filter(([keyword]) => !ofSomeType.has(keyword));
  const branches = types.flatMap((type): JsonObject[] => {
    const own = Object.entries(rest).filter(([keyword]) => keywordsOfType[type]?.includes(keyword) === true);
    const allowed = (values as readonly Json[] | undefined)?.filter((value) =>
      type === "integer" || type === "number" ? typeof value === "number" : typeOf(value) === type,
    );
    if (allowed?.length === 0) return [];
    return [{ type, ...Object.fromEntries(own), ...(allowed && type !== "null" && { enum: allowed }) }];
  });
  return branches.length === 0 ? undefined : { ...Object.fromEntries(shared), anyOf: branches };
}

/** Turns a list of types into a union: some clients drop tools with `"type": ["string", "null"]`. */
export const singleTypes: Step = (schema, place) => {
  const { type, ...rest } = schema;
  if (!Array.isArray(type)) return schema;
  if (type.length === 1) return { ...rest, type: type[0] as Json };
  const divided = split(schema, type as string[]);
  if (divided !== undefined) return divided;
  place.lose(phraseOf(schema, "type")!);
  return rest;
};

const allTypes = ["string", "number", "boolean", "object", "array", "null"];
const combining = ["type", "$ref", "anyOf", "oneOf", "allOf"];

/** Gives each property a type, or a union of all types. */
export const typedProperties: Step = (schema, { keyword }) =>
  keyword !== "properties" || combining.some((each) => schema[each] !== undefined)
    ? schema
    : (unwrapped(split(schema, allTypes)) ?? schema);

/** A union with one branch is that branch. */
function unwrapped(schema: JsonObject | undefined): JsonObject | undefined {
  const { anyOf: branches, ...rest } = schema ?? {};
  return Array.isArray(branches) && branches.length === 1 ? { ...rest, ...(branches[0] as JsonObject) } : schema;
}

/** Moves `type` from beside a union into its branches. */
export const typesInBranches: Step = (schema, place) => {
  const { type, ...rest } = schema;
  const keyword = ["anyOf", "oneOf"].find((each) => Array.isArray(schema[each]));
  if (typeof type !== "string" || keyword === undefined) return schema;
  const branches = (schema[keyword] as readonly Json[]).flatMap((branch): Json[] => {
    if (typeof branch === "boolean") return branch ? [{ type }] : [];
    const own = (branch as JsonObject)["type"];
    // A branch of another type accepts nothing.
    const isOther = own !== undefined && own !== type && isAtomic(own) && isAtomic(type);
    return isOther ? [] : [intersection(branch as JsonObject, { type }, place.lose)];
  });
  return branches.length === 0 ? { ...rest, not: {} } : { ...rest, [keyword]: branches };
};

/** Whether a type overlaps with no other one: an integer is a number. */
function isAtomic(type: Json): boolean {
  return typeof type === "string" && type !== "number" && type !== "integer";
}

/** Adds `items` to lists: some clients refuse a list without it, even if it has `prefixItems`. */
export const arrayItems: Step = (schema, place) => {
  const { type, items } = schema;
  const isList = type === "array" || (Array.isArray(type) && type.includes("array"));
  if (!isList || items !== undefined) return schema;
  // With `items`, no item is unevaluated.
  const unevaluated = phraseOf(schema, "unevaluatedItems");
  if (unevaluated !== undefined) place.lose(unevaluated);
  return { ...schema, items: {} };
};

/** Adds `properties` to the root: some providers refuse a tool without it. */
export const rootProperties: Step = (schema, { isRoot }) =>
  isRoot && schema["type"] === "object" && schema["properties"] === undefined ? { ...schema, properties: {} } : schema;

/** Declares each required property. */
export const declaredRequired: Step = (schema) => {
  const { required, properties = {}, additionalProperties = {} } = schema;
  if (!Array.isArray(required) || schema["unevaluatedProperties"] !== undefined) return schema;
  const missing = (required as readonly string[]).filter((name) => !Object.hasOwn(properties as JsonObject, name));
  if (missing.length === 0) return schema;
  const declared = missing.map((name): [string, Json] => [
    name,
    typeof additionalProperties === "boolean" || schema["patternProperties"] !== undefined ? {} : additionalProperties,
  ]);
  return { ...schema, properties: Object.fromEntries([...Object.entries(properties as JsonObject), ...declared]) };
};
