import type { JsonSchema } from "../model/schema.js";
import type { Json, JsonObject } from "../model/source.js";
import { withoutForeignKeywords } from "./foreign.js";
import { pointer } from "./pointer.js";

/**
 * The schema as ajv is to read it, with references to anchors as pointers, where only one target is possible: an anchor that one schema
 * declares. A `$dynamicRef` to such a one, or to a pointer, means what a `$ref` means (JSON Schema 2020-12, core,
 * section 8.2.3.2); ajv does not always see it.
 */
export function withStaticReferences(written: JsonSchema): JsonSchema {
  const schema = withoutForeignKeywords(written) as JsonSchema;
  const anchors = new Map<string, string[]>();
  const embedded = collect(schema, [], anchors);
  const targetOf = (reference: string): string | undefined => {
    if (reference.startsWith("#/") || reference === "#") return reference;
    const places = reference.startsWith("#") ? anchors.get(reference.slice(1)) : undefined;
    return places?.length === 1 ? `#${places[0]}` : undefined;
  };
  // Within an `$id` of its own a pointer would start elsewhere.
  return embedded ? schema : (replaced(schema, targetOf) as JsonSchema);
}

/** Notes where each anchor stands; true when a part of the schema has an `$id` of its own. */
function collect(node: Json, tokens: readonly (string | number)[], anchors: Map<string, string[]>): boolean {
  if (Array.isArray(node)) {
    return node.map((item: Json, index) => collect(item, [...tokens, index], anchors)).includes(true);
  }
  if (typeof node !== "object" || node === null) return false;
  const { $anchor, $dynamicAnchor, $id } = node as JsonObject;
  for (const anchor of new Set([$anchor, $dynamicAnchor])) {
    if (typeof anchor === "string") anchors.set(anchor, [...(anchors.get(anchor) ?? []), encodeURI(pointer(tokens))]);
  }
  const inside = Object.entries(node).map(([key, value]) => collect(value as Json, [...tokens, key], anchors));
  return (tokens.length > 0 && typeof $id === "string") || inside.includes(true);
}

function replaced(node: Json, targetOf: (reference: string) => string | undefined): Json {
  if (Array.isArray(node)) return node.map((item: Json) => replaced(item, targetOf));
  if (typeof node !== "object" || node === null) return node;
  const entries = Object.entries(node as JsonObject).map(([key, value]): [string, Json] => {
    const isReference = key === "$ref" || (key === "$dynamicRef" && !("$ref" in node));
    const target = isReference && typeof value === "string" ? targetOf(value) : undefined;
    return target === undefined ? [key, replaced(value, targetOf)] : ["$ref", target];
  });
  return Object.fromEntries(entries);
}
