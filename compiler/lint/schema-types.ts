import type { JsonObject } from "../model/source.js";
import type { Subschema } from "./entry.js";

/** Whether the schema's `type` is, or includes, the type. */
export function hasType(schema: JsonObject | boolean, type: string): schema is JsonObject {
  if (typeof schema === "boolean") return false;
  const written = schema["type"];
  return written === type || (Array.isArray(written) && written.includes(type));
}

const inPlace: ReadonlySet<string | undefined> = new Set(
  "allOf anyOf oneOf not if then else dependentSchemas dependencies".split(" "),
);

/** Whether a schema is about the same value as the schema around it. */
export function isInPlace({ keyword }: Subschema): boolean {
  return inPlace.has(keyword);
}
