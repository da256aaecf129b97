import { isObject } from "../json-rpc.js";
import type { Json, JsonObject } from "../types.js";

/** Members whose value is data, not a schema: a `$ref` in it is no reference. */
const data = new Set(["const", "enum", "default", "examples"]);

/** Members whose members are schemas under names of the user's. */
const named = new Set(["$defs", "definitions", "dependentSchemas", "patternProperties", "properties"]);

/**
 * An output schema of any root as one of an object whose `result` it is, for revisions that know only objects.
 * References within the document follow the schema to its new place.
 */
export function wrapOutputSchema(schema: Json): JsonObject {
  const { $schema: dialect, ...rest } = isObject(schema) ? schema : {};
  // With an `$id` of its own the schema is the base of its references, wherever it stands.
  const based = isObject(schema) && typeof schema["$id"] === "string";
  const inner = isObject(schema) ? (based ? rest : (rebased(rest) as JsonObject)) : schema;
  return {
    ...(dialect !== undefined && { $schema: dialect }),
    type: "object",
    properties: { result: inner },
    required: ["result"],
  };
}

function rebased(node: Json | undefined): Json | undefined {
  if (Array.isArray(node)) return (node as readonly Json[]).map((item) => rebased(item) as Json);
  if (!isObject(node)) return node;
  const entries = Object.entries(node).map(([key, value]) => {
    if ((key === "$ref" || key === "$dynamicRef") && typeof value === "string") return [key, moved(value)] as const;
    if (data.has(key)) return [key, value] as const;
    if (named.has(key) && isObject(value)) {
      const members = Object.entries(value).map(([name, schema]) => [name, rebased(schema)] as const);
      return [key, Object.fromEntries(members)] as const;
    }
    // A nested resource is the base of its own references.
    if (isObject(value) && typeof value["$id"] === "string") return [key, value] as const;
    return [key, rebased(value)] as const;
  });
  return Object.fromEntries(entries);
}

function moved(reference: string): string {
  if (reference === "#") return "#/properties/result";
  return reference.startsWith("#/") ? `#/properties/result${reference.slice(1)}` : reference;
}
