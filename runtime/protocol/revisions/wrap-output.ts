import { isObject } from "../json-rpc.js";
import type { Json, JsonObject } from "../types.js";

const references = new Set(["$ref", "$dynamicRef", "$recursiveRef"]);

/** Members whose value is data, not a schema: a `$ref` in it is no reference. */
const dataMembers = new Set(["const", "enum", "default", "examples"]);

/** Members whose members are schemas under names of the user's. */
const schemaMaps = new Set(["$defs", "definitions", "dependentSchemas", "patternProperties", "properties"]);

/**
 * An output schema of any root as one of an object whose `result` it is, for revisions that know only objects.
 * References within the document follow the schema to its new place.
 */
export function wrapOutputSchema(schema: Json): JsonObject {
  const { $schema: dialect, ...rest } = isObject(schema) ? schema : {};
  // Older clients take no boolean as the schema of a property.
  const inner = isObject(schema) ? (rebase(rest) as JsonObject) : schema === false ? { not: {} } : {};
  return {
    ...(dialect !== undefined && { $schema: dialect }),
    type: "object",
    properties: { result: inner },
    required: ["result"],
  };
}

function rebase(node: Json | undefined): Json | undefined {
  if (Array.isArray(node)) return (node as readonly Json[]).map((item) => rebase(item) as Json);
  // With an `$id` of its own a schema is the base of its references, wherever it stands.
  if (!isObject(node) || (typeof node["$id"] === "string" && !node["$id"].startsWith("#"))) return node;
  const entries = Object.entries(node).map(([key, value]) => {
    if (references.has(key) && typeof value === "string") return moveReference(key, value);
    if (dataMembers.has(key)) return [key, value] as const;
    if (schemaMaps.has(key) && isObject(value)) {
      const members = Object.entries(value).map(([name, schema]) => [name, rebase(schema)] as const);
      return [key, Object.fromEntries(members)] as const;
    }
    return [key, rebase(value)] as const;
  });
  return Object.fromEntries(entries);
}

/** `$recursiveRef` can say nothing but `#`. */
function moveReference(key: string, reference: string): readonly [string, Json] {
  const place = "#/properties/result";
  if (reference === "#") return [key === "$recursiveRef" ? "$ref" : key, place];
  return [key, reference.startsWith("#/") ? place + reference.slice(1) : reference];
}
