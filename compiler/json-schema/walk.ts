import type { Json, JsonObject, Located, LocatedObject } from "../model/source.js";

/**
 * The way in which a keyword contains schemas: one, a list, a map by name, or (older dialects) depending on its value.
 */
type Applicator = "schema" | "list" | "map" | "schema-or-list" | "map-or-names";

/** Keywords that contain schemas, in all supported dialects. */
export const applicators: ReadonlyMap<string, Applicator> = new Map<string, Applicator>([
  ["additionalItems", "schema"],
  ["additionalProperties", "schema"],
  ["allOf", "list"],
  ["anyOf", "list"],
  ["contains", "schema"],
  ["contentSchema", "schema"],
  ["definitions", "map"],
  ["$defs", "map"],
  ["dependencies", "map-or-names"],
  ["dependentSchemas", "map"],
  ["else", "schema"],
  ["if", "schema"],
  ["items", "schema-or-list"],
  ["not", "schema"],
  ["oneOf", "list"],
  ["patternProperties", "map"],
  ["prefixItems", "list"],
  ["properties", "map"],
  ["propertyNames", "schema"],
  ["then", "schema"],
  ["unevaluatedItems", "schema"],
  ["unevaluatedProperties", "schema"],
]);

/** Yields the direct subschemas of a schema, of all keywords or some, in document order. */
export function* heldSchemas({ members }: LocatedObject, only?: ReadonlySet<string>): Generator<Located> {
  for (const { key, node } of members) {
    const how = applicators.get(key);
    if (how === undefined || (only && !only.has(key))) continue;
    if (node.kind === "array" && (how === "list" || how === "schema-or-list")) yield* node.items;
    else if (node.kind === "object" && (how === "map" || how === "map-or-names")) {
      for (const member of node.members) yield member.node;
    } else if (how === "schema" || how === "schema-or-list") yield node;
  }
}

/** Yields every object schema in a schema, itself first, in document order. */
export function* subschemas(root: Located): Generator<LocatedObject> {
  if (root.kind !== "object") return;
  yield root;
  for (const schema of heldSchemas(root)) yield* subschemas(schema);
}

/** Maps each schema in the value of a keyword. Returns the same object if nothing has changed. */
export function mapped(keyword: string, value: Json, map: (schema: Json) => Json): Json {
  const how = applicators.get(keyword);
  if (how === undefined) return value;
  if (Array.isArray(value)) {
    const items = (value as readonly Json[]).map(map);
    return items.every((each, index) => each === value[index]) ? value : items;
  }
  if ((how !== "map" && how !== "map-or-names") || typeof value !== "object" || value === null) return map(value);
  const members = Object.entries(value as JsonObject).map(([name, each]) => [name, map(each)] as const);
  return members.every(([name, each]) => each === (value as JsonObject)[name]) ? value : Object.fromEntries(members);
}
