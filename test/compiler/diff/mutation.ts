import type { JsonSchema } from "../../../compiler/model/schema.js";
import type { Json, JsonObject } from "../../../compiler/model/source.js";

/** A schema with a small change somewhere in it; each number makes another. */
export function mutated(schema: JsonSchema, number: number): JsonSchema {
  const places = objectsIn(schema as Json);
  const place = places[number % places.length];
  if (!place) return { type: "string" };
  const change = changes[Math.floor(number / places.length) % changes.length]!;
  return replaced(schema as Json, place, change(place, number)) as JsonSchema;
}

const changes: readonly ((schema: JsonObject, number: number) => JsonObject)[] = [
  (schema, number) => without(schema, Object.keys(schema)[number % Math.max(1, Object.keys(schema).length)]),
  (schema) => ({ ...schema, type: ["string", "null"] }),
  (schema) => ({ ...schema, type: "integer" }),
  (schema) => bounds(schema, 1),
  (schema) => bounds(schema, -1),
  (schema) => ({ ...schema, required: [...names(schema).slice(0, 1), "id"] }),
  (schema) => ({ ...schema, properties: { ...(schema["properties"] as JsonObject), extra: { type: "string" } } }),
  (schema) => ({ ...schema, properties: Object.fromEntries(members(schema).slice(1)) }),
  (schema) => ({ ...schema, additionalProperties: false }),
  (schema) => ({ ...schema, additionalProperties: { type: ["string", "number"] } }),
  (schema) => ({ ...schema, minProperties: 1 }),
  (schema) => ({ ...schema, minItems: 1, uniqueItems: true }),
  (schema) => ({ ...schema, maxLength: 3, pattern: "^[a-z]*$" }),
  (schema) => ({ ...schema, enum: [...((schema["enum"] ?? []) as Json[]), "a", 1, null] }),
  (schema) => ({ anyOf: [schema, { type: "null" }] }),
  (schema) => ({ allOf: [schema, { maxLength: 5, maximum: 5 }] }),
  (schema) => ({ not: schema }),
  (schema) => ({ oneOf: [schema, { type: "integer" }] }),
  (schema) => ({ ...schema, description: "Other words." }),
  (schema) => ({ ...schema, unevaluatedProperties: false }),
];

function bounds(schema: JsonObject, by: number): JsonObject {
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, typeof value === "number" ? Math.max(0, value + by) : value]),
  );
}

function members(schema: JsonObject): [string, Json][] {
  return Object.entries((schema["properties"] ?? {}) as JsonObject);
}

function names(schema: JsonObject): string[] {
  return members(schema).map(([name]) => name);
}

function without(schema: JsonObject, key: string | undefined): JsonObject {
  return Object.fromEntries(Object.entries(schema).filter(([each]) => each !== key));
}

/** The schemas in a schema, its definitions too. */
function objectsIn(value: Json): JsonObject[] {
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) return (value as readonly Json[]).flatMap(objectsIn);
  const object = value as JsonObject;
  const inner = Object.entries(object).flatMap(([key, each]) => {
    if (["enum", "const", "required", "default", "examples", "dependentRequired"].includes(key)) return [];
    if (["properties", "patternProperties", "$defs"].includes(key))
      return Object.values(each as JsonObject).flatMap(objectsIn);
    return objectsIn(each);
  });
  return [object, ...inner];
}

function replaced(value: Json, place: JsonObject, by: JsonObject): Json {
  // What the whole schema defines is referred to from anywhere.
  if (value === place) return { ...by, ...(place["$defs"] !== undefined && { $defs: place["$defs"] }) };
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return (value as readonly Json[]).map((each) => replaced(each, place, by));
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, replaced(each as Json, place, by)]));
}
