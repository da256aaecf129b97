import type { Json, JsonObject } from "../model/source.js";
import { mapped } from "./walk.js";

/** Keywords that have a meaning for ajv, but none in 2020-12: of older drafts, of OpenAPI, of ajv itself. */
const foreign: ReadonlySet<string> = new Set(["$async", "dependencies", "id", "nullable"]);

/**
 * Adapts a schema for ajv: removes foreign keywords, replaces an empty `enum`, and handles properties named
 * `__proto__`, which ajv ignores.
 */
export function withoutForeignKeywords(written: Json): Json {
  if (typeof written !== "object" || written === null || Array.isArray(written)) return written;
  const schema = withPrototypeNames(written as JsonObject);
  const given = Object.entries(schema);
  if (given.some(([key, value]) => key === "enum" && Array.isArray(value) && value.length === 0)) {
    const { enum: _, ...others } = schema;
    return withoutForeignKeywords({ ...others, not: {} });
  }
  const entries = given
    .filter(([key]) => !foreign.has(key))
    .map(([key, value]) => [key, mapped(key, value, withoutForeignKeywords)] as const);
  const same = entries.length === given.length && entries.every(([, value], index) => value === given[index]![1]);
  return same ? schema : Object.fromEntries(entries);
}

const prototype = "__proto__";

/** Replaces rules for a property named `__proto__` by keywords that respect the name. */
function withPrototypeNames(schema: JsonObject): JsonObject {
  const held = Object.keys(schema).filter((key) => {
    const value = schema[key];
    return named.has(key) && typeof value === "object" && value !== null && Object.hasOwn(value, prototype);
  });
  return held.reduce((changed, key) => {
    const { [prototype]: rule, ...others } = changed[key] as JsonObject;
    const { patternProperties, allOf = [] } = changed;
    if (key === "properties") {
      const patterns = { ...(patternProperties as JsonObject), "^__proto__$": rule! };
      return { ...changed, properties: others, patternProperties: patterns };
    }
    const then = Array.isArray(rule) ? { required: rule } : rule!;
    return { ...changed, [key]: others, allOf: [...(allOf as Json[]), { if: { required: [prototype] }, then }] };
  }, schema);
}

/** Keywords whose members are property names. Patterns already match the name. */
const named: ReadonlySet<string> = new Set(["properties", "dependentRequired", "dependentSchemas"]);
