import type { Json, JsonObject } from "../model/source.js";
import { mapped } from "./walk.js";

/** Words to which ajv gives a meaning that JSON Schema does not: of draft-04, of OpenAPI, of its own. */
const foreign: ReadonlySet<string> = new Set(["$async", "id", "nullable"]);

/** The schema as ajv is to read it: without words that mean nothing in JSON Schema; an empty `enum` lets nothing pass. */
export function withoutForeignKeywords(schema: Json): Json {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return schema;
  const given = Object.entries(schema as JsonObject);
  if (given.some(([key, value]) => key === "enum" && Array.isArray(value) && value.length === 0)) {
    const { enum: _, ...others } = schema as JsonObject;
    return withoutForeignKeywords({ ...others, not: {} });
  }
  const kept = given
    .filter(([key]) => !foreign.has(key))
    .map(([key, value]) => [key, mapped(key, value, withoutForeignKeywords)] as const);
  const same = kept.length === given.length && kept.every(([, value], index) => value === given[index]![1]);
  return same ? schema : Object.fromEntries(kept);
}
