import type { Json, JsonObject } from "../model/source.js";

export type JsonType = "null" | "boolean" | "number" | "string" | "array" | "object";
export const allTypes: readonly JsonType[] = ["boolean", "number", "string", "array", "object", "null"];

export const choices = ["anyOf", "oneOf"] as const;

/** Resolves references to types. */
export interface Schemas {
  schemaAt(reference: string): Json | undefined;
  /** Returns the types that the target of a reference allows. */
  typesAt(reference: string): readonly JsonType[];
}

export function schemasAt(schemaAt: Schemas["schemaAt"]): Schemas {
  const typesOf = new Map<string, readonly JsonType[]>();
  const typesAt = (reference: string): readonly JsonType[] => {
    const before = typesOf.get(reference);
    if (before) return before;
    // A recursive reference allows all types.
    typesOf.set(reference, allTypes);
    const types = possibleTypes(schemaAt(reference), allTypes, schemas);
    typesOf.set(reference, types);
    return types;
  };
  const schemas = { schemaAt, typesAt };
  return schemas;
}

/** The schemas that apply to each property, by name. */
export type Properties = ReadonlyMap<string, ReadonlySet<Json>>;

/** Narrows the types by the schema, its reference and its `allOf`. */
export function togetherTypes(schema: JsonObject, allowed: readonly JsonType[], schemas: Schemas): readonly JsonType[] {
  const { $ref: reference } = schema;
  const declared = declaredTypes(schema, allowed);
  const referenced = typeof reference === "string" ? schemas.typesAt(reference) : allTypes;
  return list(schema["allOf"]).reduce<readonly JsonType[]>(
    (left, branch) => possibleTypes(branch, left, schemas),
    declared.filter((type) => referenced.includes(type)),
  );
}

/** Narrows the types by the branches of each choice as well. */
export function possibleTypes(
  schema: Json | undefined,
  allowed: readonly JsonType[],
  schemas: Schemas,
): readonly JsonType[] {
  if (schema === false) return [];
  if (!isObject(schema)) return allowed;
  return choices.reduce(
    (left, keyword) => {
      if (!(keyword in schema)) return left;
      const some = new Set(list(schema[keyword]).flatMap((branch) => possibleTypes(branch, left, schemas)));
      return left.filter((type) => some.has(type));
    },
    togetherTypes(schema, allowed, schemas),
  );
}

/** Returns the declared types, in the order of the schema. */
function declaredTypes(schema: JsonObject, allowed: readonly JsonType[]): readonly JsonType[] {
  const declared = schema["type"];
  if (typeof declared !== "string" && !Array.isArray(declared)) return allowed;
  const names = [declared].flat().map((name) => (name === "integer" ? "number" : name));
  return [...new Set(names)].flatMap((name) => allowed.filter((type) => type === name));
}

/** Returns the properties that a schema, its reference and its `allOf` declare, together with `around`. */
export function propertiesOf(schema: JsonObject, schemas: Schemas, inherited: Properties): Properties {
  const properties = new Map<string, Set<Json>>([...inherited].map(([name, values]) => [name, new Set(values)]));
  const seen = new Set<Json>();
  const visit = (one: Json | undefined): void => {
    if (!isObject(one) || seen.has(one)) return;
    seen.add(one);
    for (const [name, property] of entries(one["properties"])) {
      const values = properties.get(name);
      if (values) values.add(property);
      else properties.set(name, new Set([property]));
    }
    const { $ref: reference } = one;
    if (typeof reference === "string") visit(schemas.schemaAt(reference));
    list(one["allOf"]).forEach(visit);
  };
  visit(schema);
  return properties;
}

export function typeOfValue(value: Json): JsonType {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value as "boolean" | "number" | "string" | "object";
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function list(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

export function entries(value: Json | undefined): [string, Json][] {
  return isObject(value) ? Object.entries(value) : [];
}
