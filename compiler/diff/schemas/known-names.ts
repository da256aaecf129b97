import type { JsonSchema } from "../../model/schema.js";
import type { Json, JsonObject } from "../../model/source.js";
import { isObject } from "./classes.js";
import { decodedToken } from "./differences.js";

/** Limit of the places of a schema that are examined. */
const maxPlaces = 2000;

/**
 * Returns the schemas that apply to the same values as one object of a plain schema, itself included: those beside it in
 * `allOf`, `anyOf`, `oneOf`, conditions, `dependentSchemas` and references. Returns undefined for a schema with too many
 * places.
 */
export function schemasBeside(root: JsonSchema, schema: JsonObject): ReadonlySet<JsonObject> | undefined {
  const found = new Set<JsonObject>([schema]);
  const visited = new Set<string>();
  const ids = new Map<JsonObject, number>();
  const idOf = (each: JsonObject): number => {
    if (!ids.has(each)) ids.set(each, ids.size);
    return ids.get(each)!;
  };
  const pending: Json[][] = [[root as Json]];
  for (let group = pending.pop(); group !== undefined; group = pending.pop()) {
    const place = applied(root, group);
    const key = [...place].map(idOf).sort().join();
    if (visited.has(key)) continue;
    visited.add(key);
    if (visited.size > maxPlaces) return undefined;
    if (place.has(schema)) place.forEach((each) => found.add(each));
    pending.push(...childPlaces(place));
  }
  return found;
}

/** Returns the names of properties that a schema itself has rules about. */
export function namesIn(schema: JsonObject): ReadonlySet<string> {
  const names = new Set<string>();
  for (const keyword of ["properties", "dependentSchemas", "dependentRequired"]) {
    const map = schema[keyword];
    if (isObject(map)) Object.keys(map).forEach((name) => names.add(name));
  }
  const dependent = isObject(schema["dependentRequired"]) ? Object.values(schema["dependentRequired"]) : [];
  for (const list of [schema["required"], ...dependent])
    if (Array.isArray(list)) (list as readonly Json[]).forEach((name) => names.add(String(name)));
  return names;
}

/** Returns the schemas of a place, and those that they apply to the same value. */
function applied(root: JsonSchema, schemas: readonly Json[]): ReadonlySet<JsonObject> {
  const found = new Set<JsonObject>();
  const add = (schema: Json | undefined): void => {
    if (!isObject(schema) || found.has(schema)) return;
    found.add(schema);
    for (const keyword of ["allOf", "anyOf", "oneOf"])
      if (Array.isArray(schema[keyword])) (schema[keyword] as readonly Json[]).forEach(add);
    for (const keyword of ["if", "then", "else", "not"]) add(schema[keyword]);
    if (isObject(schema["dependentSchemas"])) Object.values(schema["dependentSchemas"]).forEach(add);
    if (typeof schema["$ref"] === "string") add(target(root, schema["$ref"]));
  };
  schemas.forEach(add);
  return found;
}

function target(root: JsonSchema, reference: string): Json | undefined {
  if (reference === "#") return root as Json;
  const name = decodedToken(/^#\/\$defs\/([^/]+)$/.exec(reference)?.[1] ?? "");
  const definitions = isObject(root) && isObject(root["$defs"]) ? root["$defs"] : {};
  return Object.hasOwn(definitions, name) ? definitions[name] : undefined;
}

/** Returns the schemas of the properties and items of a place, by property. */
function childPlaces(place: ReadonlySet<JsonObject>): Json[][] {
  const properties = new Map<string, Json[]>();
  const others: Json[] = [];
  const items: Json[] = [];
  for (const schema of place) {
    const { properties: own, patternProperties: patterns, prefixItems } = schema;
    for (const [name, each] of Object.entries(isObject(own) ? own : {}))
      properties.set(name, [...(properties.get(name) ?? []), each]);
    others.push(...Object.values(isObject(patterns) ? patterns : {}));
    for (const keyword of ["additionalProperties", "unevaluatedProperties"])
      if (isObject(schema[keyword])) others.push(schema[keyword]);
    if (Array.isArray(prefixItems)) items.push(...(prefixItems as readonly Json[]));
    for (const keyword of ["items", "contains", "unevaluatedItems"])
      if (isObject(schema[keyword])) items.push(schema[keyword]);
  }
  return [...[...properties.values()].map((each) => [...each, ...others]), others, items];
}
