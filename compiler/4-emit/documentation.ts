import type { Json, JsonObject } from "../model/source.js";

/** Prints the doc comment of a schema: its description, then the rules that TypeScript cannot express. */
export function documentation(schema: Json): string {
  if (!isObject(schema)) return "";
  return [description(schema), ...rules(schema), ...annotations(schema)].filter((line) => line !== "").join("\n");
}

function description(schema: JsonObject): string {
  const { description, title } = schema;
  if (typeof description === "string") return description;
  return typeof title === "string" ? title : "";
}

/** Returns the rules of a schema that TypeScript cannot express, one short line each. */
function rules(schema: JsonObject): string[] {
  const lines: string[] = [];
  const types = [schema["type"]].flat().filter((type) => type !== "null");
  if (types.length === 1 && types[0] === "integer") lines.push("@type integer");
  for (const keyword of spoken) {
    const value = schema[keyword];
    if (value === undefined || typeof value === "object" || value === false) continue;
    // Schema generators write this bound for "any safe integer", so it carries no information.
    if (Math.abs(Number(value)) === Number.MAX_SAFE_INTEGER) continue;
    lines.push(`@${keyword}${value === true ? "" : ` ${short(value)}`}`);
  }
  for (const keyword of mentionedKeywords) {
    const value = schema[keyword];
    // Every property name is a string, so this rule carries no information.
    if (value === undefined || (keyword === "propertyNames" && short(value) === '{"type":"string"}')) continue;
    lines.push(`@${keyword} ${short(value)}`);
  }
  for (const [name, needed] of entries(schema["dependentRequired"]))
    if (Array.isArray(needed) && needed.length > 0) lines.push(`@dependentRequired ${name}: ${needed.join(", ")}`);
  const patterns = entries(schema["patternProperties"]).map(([pattern]) => pattern);
  if (patterns.length > 0) lines.push(`@patternProperties ${short(patterns.join(", "))}`);
  if (Array.isArray(schema["oneOf"]) && schema["oneOf"].length > 1) lines.push(...branches(schema["oneOf"]));
  if (Array.isArray(schema["anyOf"])) lines.push(...branches(schema["anyOf"]));
  const { items } = schema;
  if (isObject(items) && !("$ref" in items)) {
    const inner = [description(items).replaceAll(/\s+/g, " "), ...rules(items).map((line) => line.slice(1))];
    const text = inner.filter((line) => line !== "").join("; ");
    if (text !== "") lines.push(`@items ${text}`);
  }
  return lines;
}

/** Returns the rules of a choice's branches. The rules of a nullable schema count as rules of the whole. */
function branches(all: readonly Json[]): string[] {
  const real = all.filter((branch) => !(isObject(branch) && branch["type"] === "null"));
  const found = real.map((branch) => (isObject(branch) && !("properties" in branch) ? rules(branch) : []));
  if (real.length === 1) return found[0]!;
  return found.flatMap((lines, index) => {
    const type = (real[index] as JsonObject)["type"];
    const text = lines.map((line) => line.slice(1)).join("; ");
    return text === "" || typeof type !== "string" ? [] : [`@${type} ${text.replace(/^type integer(; )?/, "")}`.trim()];
  });
}

function annotations(schema: JsonObject): string[] {
  const lines: string[] = [];
  if (schema["default"] !== undefined) lines.push(`@default ${short(JSON.stringify(schema["default"]))}`);
  const { examples } = schema;
  if (Array.isArray(examples))
    lines.push(...examples.slice(0, 2).map((example) => `@example ${short(JSON.stringify(example))}`));
  if (schema["deprecated"] === true) lines.push("@deprecated");
  return lines;
}

/** Keywords whose values are plain. */
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
  "minContains",
  "maxContains",
  "minProperties",
  "maxProperties",
  "contentEncoding",
  "contentMediaType",
  "readOnly",
  "writeOnly",
] as const;

/** Keywords whose values are schemas that no type can express. */
const mentionedKeywords = ["contains", "propertyNames", "not", "if", "then", "else"] as const;

function short(value: Json | undefined): string {
  const text = (typeof value === "string" ? value : JSON.stringify(value)).replaceAll(/\s+/g, " ");
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

function entries(value: Json | undefined): [string, Json][] {
  return isObject(value) ? Object.entries(value) : [];
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
