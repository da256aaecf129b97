import { isObject } from "../json-rpc.js";
import type { Json, JsonObject } from "../types.js";

/**
 * Converts a form to 2025-06-18: choices are an `enum` with `enumNames`, and only booleans have defaults. Returns
 * `undefined` for a form with a multiple choice, which came later.
 */
export function olderForm(requestedSchema: JsonObject): JsonObject | undefined {
  const fields = Object.entries(isObject(requestedSchema["properties"]) ? requestedSchema["properties"] : {});
  if (fields.some(([, field]) => isObject(field) && field["type"] === "array")) return undefined;
  const properties = Object.fromEntries(fields.map(([name, field]) => [name, olderField(field)] as const));
  return { ...requestedSchema, properties };
}

function olderField(field: Json | undefined): Json | undefined {
  if (!isObject(field)) return field;
  const { oneOf, default: preset, ...rest } = field;
  const kept = field["type"] === "boolean" && preset !== undefined ? { ...rest, default: preset } : rest;
  if (!Array.isArray(oneOf)) return kept;
  const choices = (oneOf as readonly Json[]).filter(isObject);
  return {
    ...kept,
    enum: choices.map((choice) => choice["const"] ?? null),
    enumNames: choices.map((choice) => choice["title"] ?? choice["const"] ?? null),
  };
}
