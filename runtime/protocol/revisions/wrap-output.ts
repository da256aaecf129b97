import { isObject } from "../json-rpc.js";
import type { Json, JsonObject } from "../types.js";

const references = new Set(["$ref", "$dynamicRef", "$recursiveRef"]);

/** Members with data instead of schemas: a `$ref` there is no reference. */
const dataMembers = new Set(["const", "enum", "default", "examples"]);

/** Members whose own members are schemas, by names that users choose. */
const schemaMaps = new Set(["$defs", "definitions", "dependentSchemas", "patternProperties", "properties"]);

/**
 * Wraps an output schema with any root in an object with the member `result`, for revisions that know only objects.
 * References within the document are adapted.
 */
export function wrapOutputSchema(schema: Json): JsonObject {
  const { $schema: dialect, ...rest } = isObject(schema) ? schema : {};
  // Older clients reject boolean schemas of properties.
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
  // A schema with its own `$id` is the base of its references.
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

/** Prefixes a reference with the new place. `$recursiveRef` can only be `#`. */
function moveReference(key: string, reference: string): readonly [string, Json] {
  const place = "#/properties/result";
  if (reference === "#") return [key === "$recursiveRef" ? "$ref" : key, place];
  return [key, reference.startsWith("#/") ? place + reference.slice(1) : reference];
}
