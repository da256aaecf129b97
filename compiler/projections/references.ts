import type { JsonSchema } from "../model/schema.js";
import type { Json, JsonObject } from "../model/source.js";
import { intersection } from "./intersection.js";
import type { SchemaPlace } from "./step.js";

/**
 * Returns a schema with its own reference replaced by the target, and so on. A reference in `seen` is replaced by nothing:
 * a schema that applies already adds nothing when it applies again.
 */
export function resolved(
  schema: Json | JsonSchema,
  place: SchemaPlace,
  seen = new Set<string>(),
): JsonObject | boolean {
  if (typeof schema === "boolean") return schema;
  const { $ref: reference, ...siblings } = schema as JsonObject;
  if (typeof reference !== "string") return schema as JsonObject;
  const target = seen.has(reference) ? undefined : place.target(reference);
  seen.add(reference);
  const found = target === undefined || resolved(target, place, seen);
  if (typeof found === "boolean") return found && siblings;
  return intersection(siblings, found, place.lose);
}
