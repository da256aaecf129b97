import type { Json, JsonObject } from "../model/source.js";
import { mapped } from "./walk.js";

/** Words to which ajv gives a meaning that 2020-12 does not: of older drafts, of OpenAPI, of its own. */
const foreign: ReadonlySet<string> = new Set(["$async", "dependencies", "id", "nullable"]);

/**
 * The schema as ajv is to read it: without words that mean nothing in JSON Schema; an empty `enum` lets nothing pass, and
 * a property may be called `__proto__`, which ajv passes over.
 */
export function withoutForeignKeywords(written: Json): Json {
  if (typeof written !== "object" || written === null || Array.isArray(written)) return written;
  const schema = withPrototypeNames(written as JsonObject);
  const given = Object.entries(schema);
  if (given.some(([key, value]) => key === "enum" && Array.isArray(value) && value.length === 0)) {
    const { enum: _, ...others } = schema;
    return withoutForeignKeywords({ ...others, not: {} });
  }
  const kept = given
    .filter(([key]) => !foreign.has(key))
    .map(([key, value]) => [key, mapped(key, value, withoutForeignKeywords)] as const);
  const same = kept.length === given.length && kept.every(([, value], index) => value === given[index]![1]);
  return same ? schema : Object.fromEntries(kept);
}

const prototype = "__proto__";

/** Rules for a property called `__proto__`, said by keywords that heed the name. */
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

/** Keywords that name properties; those of patterns match the name. */
const named: ReadonlySet<string> = new Set(["properties", "dependentRequired", "dependentSchemas"]);
