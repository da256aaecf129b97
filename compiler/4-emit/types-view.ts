import type { JsonSchema } from "../model/schema.js";
import type { Json, JsonObject } from "../model/source.js";
import { commentText, literal } from "./code.js";
import { rules } from "./rules.js";

type JsonType = "null" | "boolean" | "number" | "integer" | "string" | "array" | "object";
const allTypes: readonly JsonType[] = ["null", "boolean", "number", "string", "array", "object"];

/** A schema in the words that json-schema-to-typescript gets right; `tsType` is printed as it is. */
export type View = JsonObject;

export const unknownView: View = { tsType: "unknown" };
const neverView: View = { tsType: "never" };

/**
 * The types view of a schema: whatever TypeScript can say soundly, and nothing else. Every valid value is assignable
 * to the type; where a keyword cannot be said, the view is wider than the schema. Only known keywords are carried over,
 * so nothing of the user's reaches the printer but names, descriptions and literals.
 *
 * @param typeOf the name of the type that a `$ref` leads to; undefined when there is none
 */
export function typesView(schema: JsonSchema, typeOf: (reference: string) => string | undefined): View {
  return view(schema, allTypes, typeOf);
}

function view(
  schema: Json | undefined,
  allowed: readonly JsonType[],
  typeOf: (reference: string) => string | undefined,
): View {
  if (schema === false) return neverView;
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return unknownView;
  const keywords = schema as JsonObject;
  const types = typesOf(keywords, allowed);
  const parts: View[] = [];
  const reference = keywords["$ref"];
  if (typeof reference === "string") {
    const name = typeOf(reference);
    parts.push(name === undefined ? unknownView : { tsType: name });
  }
  if (keywords["const"] !== undefined) parts.push(literals([keywords["const"]]));
  else if (Array.isArray(keywords["enum"])) parts.push(literals(keywords["enum"]));
  else if (types.length < allowed.length || types.some((type) => says(keywords, type)))
    parts.push(union(types.map((type) => single(keywords, type, typeOf))));
  for (const branch of list(keywords["allOf"])) parts.push(view(branch, types, typeOf));
  for (const keyword of ["anyOf", "oneOf"]) {
    if (Array.isArray(keywords[keyword]))
      parts.push(union(list(keywords[keyword]).map((branch) => view(branch, types, typeOf))));
  }
  return intersection(parts);
}

function typesOf(keywords: JsonObject, allowed: readonly JsonType[]): readonly JsonType[] {
  const declared = keywords["type"];
  if (typeof declared !== "string" && !Array.isArray(declared)) return allowed;
  const names = [declared].flat().map((name) => (name === "integer" ? "number" : name));
  return allowed.filter((type) => names.includes(type));
}

/** Whether the schema restricts values of a type in a way that its type shows. */
function says(keywords: JsonObject, type: JsonType): boolean {
  if (type === "object")
    return ["properties", "required", "additionalProperties", "patternProperties"].some((key) => key in keywords);
  if (type === "array") return ["items", "prefixItems"].some((key) => key in keywords);
  return false;
}

function single(keywords: JsonObject, type: JsonType, typeOf: (reference: string) => string | undefined): View {
  if (type === "object") return object(keywords, typeOf);
  if (type === "array") return array(keywords, typeOf);
  return { type };
}

function object(keywords: JsonObject, typeOf: (reference: string) => string | undefined): View {
  const declared = entries(keywords["properties"]);
  const required = list(keywords["required"]).filter((name) => typeof name === "string");
  const names = new Set(declared.map(([name]) => name));
  const implied = required.filter((name) => !names.has(name)).map((name): [string, Json] => [name, true]);
  const { additionalProperties: additional } = keywords;
  const open = entries(keywords["patternProperties"]).length > 0 || (additional !== undefined && additional !== false);
  const properties = [...declared, ...implied].map(([name, schema]): [string, View] => [
    encoded(name),
    described(schema, typeOf),
  ]);
  if (properties.length === 0 && !open) return { tsType: additional === false ? "Record<string, never>" : "object" };
  const onlyAdditional = properties.length === 0 && keywords["patternProperties"] === undefined;
  return {
    type: "object",
    properties: Object.fromEntries(properties),
    required: required.map(encoded),
    // An index signature must fit every property, so beside properties it can only say `unknown`.
    additionalProperties: open && (onlyAdditional ? view(additional, allTypes, typeOf) : unknownView),
  };
}

const mark = "$mcpc_";

/** A property's name that cannot be mistaken for a member of `Object.prototype` or for syntax. */
function encoded(name: string): string {
  if (/^[A-Za-z][\w-]*$/.test(name) && !(name in {})) return name;
  return mark + [...Buffer.from(name)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Printed declarations with the names of their properties as literals. A line of a comment begins with a star. */
export function decodedNames(text: string): string {
  return text.replace(/^(\s*)\$mcpc_([0-9a-f]*)(?=\??:)/gm, (_, indent: string, hex: string) => {
    return indent + literal(Buffer.from(hex, "hex").toString());
  });
}

function array(keywords: JsonObject, typeOf: (reference: string) => string | undefined): View {
  const { items, prefixItems, additionalItems } = keywords;
  const tuple = Array.isArray(prefixItems) ? prefixItems : Array.isArray(items) ? items : undefined;
  if (!tuple) return { type: "array", items: view(items, allTypes, typeOf) };
  const rest = Array.isArray(prefixItems) ? items : additionalItems;
  if (tuple.length > 12) return { type: "array", items: unknownView };
  return {
    type: "array",
    items: tuple.map((item) => view(item, allTypes, typeOf)),
    additionalItems: rest === false ? false : view(rest, allTypes, typeOf),
    ...(typeof keywords["minItems"] === "number" && { minItems: Math.min(keywords["minItems"], tuple.length) }),
  };
}

/** A property's view with its description, and the rules that its type cannot say. */
function described(schema: Json, typeOf: (reference: string) => string | undefined): View {
  const result = view(schema, allTypes, typeOf);
  const description = commentText(documentation(schema)).replaceAll("*\\/", "* /");
  return description === "" ? result : { ...result, description };
}

/** What a doc comment says of a schema: its description, then the rules that TypeScript cannot say. */
export function documentation(schema: Json): string {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return "";
  const { description, title } = schema as JsonObject;
  const text = typeof description === "string" ? description : typeof title === "string" ? title : "";
  return [text, ...rules(schema as JsonObject)].filter((line) => line !== "").join("\n");
}

function literals(values: readonly Json[]): View {
  if (values.length === 0) return neverView;
  const printable = values.every((value) => value === null || typeof value !== "object");
  return printable ? { enum: [...new Set(values)] } : unknownView;
}

function union(views: readonly View[]): View {
  const useful = views.filter((each) => each["tsType"] !== "never");
  if (useful.length === 0) return neverView;
  if (useful.some(isUnknown)) return unknownView;
  return useful.length === 1 ? useful[0]! : { anyOf: [...useful] };
}

function intersection(views: readonly View[]): View {
  if (views.some((each) => each["tsType"] === "never")) return neverView;
  const useful = views.filter((each) => !isUnknown(each));
  if (useful.length === 0) return unknownView;
  return useful.length === 1 ? useful[0]! : { allOf: [...useful] };
}

function isUnknown(each: View): boolean {
  return each["tsType"] === "unknown";
}

function list(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

function entries(value: Json | undefined): [string, Json][] {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.entries(value as JsonObject)
    : [];
}
