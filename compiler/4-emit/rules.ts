import type { Json, JsonObject } from "../model/source.js";

/** Rules of a schema that TypeScript cannot say, one short line each, for doc comments. */
export function rules(schema: JsonObject): string[] {
  const lines: string[] = [];
  for (const keyword of spoken) {
    const value = schema[keyword];
    if (value === undefined || typeof value === "object") continue;
    if (keyword === "uniqueItems" && value === false) continue;
    lines.push(`@${keyword}${value === true ? "" : ` ${short(value)}`}`);
  }
  if (schema["type"] === "integer") lines.unshift("@type integer");
  if (schema["default"] !== undefined) lines.push(`@default ${short(schema["default"])}`);
  return lines;
}

const spoken = [
  "format",
  "pattern",
  "minLength",
  "maxLength",
  "minimum",
  "exclusiveMinimum",
  "maximum",
  "exclusiveMaximum",
  "multipleOf",
  "minItems",
  "maxItems",
  "uniqueItems",
  "minProperties",
  "maxProperties",
  "deprecated",
] as const;

function short(value: Json): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
