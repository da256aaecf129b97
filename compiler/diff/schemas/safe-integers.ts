import { mapped } from "../../json-schema/walk.js";
import type { JsonSchema } from "../../model/schema.js";
import type { Json, JsonObject } from "../../model/source.js";
import { isObject } from "./classes.js";

/**
 * Returns a schema without bounds of integers that are those of exact numbers in JSON, which generators of schemas
 * write for any integer: nobody means to send larger ones. Returns the same object if there are none.
 */
export function withoutSafeBounds(schema: JsonSchema): JsonSchema {
  return cleared(schema as Json) as JsonSchema;
}

function cleared(node: Json): Json {
  if (!isObject(node)) return node;
  let isChanged = false;
  const members = Object.entries(node as JsonObject).flatMap(([keyword, value]): [string, Json][] => {
    if (node["type"] === "integer" && isSafeBound(keyword, value)) {
      isChanged = true;
      return [];
    }
    const kept = mapped(keyword, value, cleared);
    isChanged ||= kept !== value;
    return [[keyword, kept]];
  });
  return isChanged ? Object.fromEntries(members) : node;
}

function isSafeBound(keyword: string, value: Json): boolean {
  return (
    (keyword === "maximum" && value === Number.MAX_SAFE_INTEGER) ||
    (keyword === "minimum" && value === Number.MIN_SAFE_INTEGER)
  );
}
