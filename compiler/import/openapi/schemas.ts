import { isObject } from "../../diff/schemas/classes.js";
import type { Json, JsonObject } from "../../model/source.js";
import { itemsOf, membersOf, NotImportable, resolveReference, type OpenApiDocument } from "./document.js";

/** Translates the schemas of one tool into JSON Schema 2020-12. */
export interface SchemaTranslator {
  translate(schema: Json | undefined): Json;
  /** Returns the definitions that the translated schemas refer to, or `undefined` if there are none. */
  definitions(): JsonObject | undefined;
}

/** Keywords whose value is a schema, a list of schemas, or schemas by name. */
const one = new Set(
  "not if then else items contains additionalProperties unevaluatedItems unevaluatedProperties propertyNames contentSchema".split(
    " ",
  ),
);
const several = new Set(["allOf", "anyOf", "oneOf", "prefixItems"]);
const named = new Set(["properties", "patternProperties", "dependentSchemas", "$defs"]);
/** Keywords that are taken over as they are. */
const plain = new Set(
  (
    "type title description default enum const multipleOf maximum minimum exclusiveMaximum exclusiveMinimum maxLength minLength " +
    "pattern format maxItems minItems uniqueItems maxContains minContains maxProperties minProperties dependentRequired " +
    "contentEncoding contentMediaType deprecated"
  ).split(" "),
);
const types = new Set(["null", "boolean", "object", "array", "number", "string", "integer"]);
/** Formats of OpenAPI and JSON Schema. Others check nothing, and many are misspelled. */
const formats = new Set(
  (
    "date-time date time duration email hostname ipv4 ipv6 uri uri-reference uri-template uuid json-pointer regex " +
    "int32 int64 float double byte binary password"
  ).split(" "),
);

/**
 * Creates a translator for the arguments or the result of a tool. Arguments have no properties that are `readOnly`,
 * results none that are `writeOnly`. `report` gets a sentence about each keyword that is left out because it is wrong.
 */
export function schemaTranslator(
  document: OpenApiDocument,
  direction: "input" | "output",
  report: (sentence: string) => void,
): SchemaTranslator {
  const names = new Map<string, string>();
  const references: string[] = [];
  const definitions: [name: string, schema: Json][] = [];
  const hidden = direction === "input" ? "readOnly" : "writeOnly";

  function nameOf(reference: string): string {
    const known = names.get(reference);
    if (known !== undefined) return known;
    const taken = new Set(names.values());
    const base =
      reference
        .split("/")
        .at(-1)!
        .replace(/[^A-Za-z0-9_.-]+/g, "_")
        .slice(0, 60) || "Schema";
    let name = base === "__proto__" ? "Schema" : base;
    for (let count = 2; taken.has(name); count++) name = `${base}${count}`;
    names.set(reference, name);
    references.push(reference);
    return name;
  }

  function translate(schema: Json | undefined): Json {
    // Generators write `null` for a schema that they do not know.
    if (schema === undefined || schema === null || schema === true) return {};
    if (schema === false) return false;
    if (!isObject(schema)) throw new NotImportable("a schema is neither an object nor a boolean");
    const reference = schema["$ref"];
    if (typeof reference === "string") {
      resolveReference(document, reference);
      const target = { $ref: `#/$defs/${nameOf(reference)}` };
      // In OpenAPI 3.0, members beside a reference do not count.
      const beside = document.is30 ? {} : (keywordsOf(schema) as JsonObject);
      return { ...beside, ...target };
    }
    return nullable(schema, keywordsOf(schema));
  }

  function keywordsOf(schema: JsonObject): JsonObject {
    const entries: [string, Json][] = [];
    for (const [keyword, value] of Object.entries(schema)) {
      if (one.has(keyword)) entries.push([keyword, typeof value === "boolean" ? value : translate(value)]);
      else if (several.has(keyword)) entries.push([keyword, itemsOf(value).map(translate)]);
      else if (keyword === "properties") entries.push([keyword, propertiesOf(value)]);
      else if (named.has(keyword))
        entries.push([keyword, Object.fromEntries(membersOf(value).map(([name, each]) => [name, translate(each)]))]);
      else if (keyword === "required") {
        const properties = new Map(membersOf(schema["properties"]));
        const required = [...new Set(itemsOf(value))].filter(
          (name) => typeof name === "string" && !isHidden(properties.get(name)),
        );
        if (required.length > 0) entries.push([keyword, required]);
      } else if (keyword === "$dynamicRef" || keyword === "$recursiveRef")
        throw new NotImportable(`a schema has ${JSON.stringify(keyword)}`);
      else if (plain.has(keyword)) {
        const kept = plainKeyword(keyword, value, schema);
        if (kept !== undefined) entries.push([keyword, kept]);
      }
    }
    const keywords = withoutDefault(Object.fromEntries(entries));
    return keywords["type"] === "array" && !("items" in keywords) && !("prefixItems" in keywords)
      ? { ...keywords, items: {} }
      : keywords;
  }

  /** A server would put the default of an argument into the request, where a PATCH would overwrite what is there. */
  function withoutDefault(keywords: JsonObject): JsonObject {
    if (direction === "output" || !Object.hasOwn(keywords, "default")) return keywords;
    const { default: standard, description, ...rest } = keywords;
    if (typeof standard === "object" || standard === undefined) return { ...rest, ...(description && { description }) };
    const text = `Default: ${String(standard)}.`;
    return { ...rest, description: typeof description === "string" ? `${description.trimEnd()} ${text}` : text };
  }

  function propertiesOf(value: Json | undefined): JsonObject {
    const shown = membersOf(value).filter(([, property]) => !isHidden(property));
    return Object.fromEntries(shown.map(([name, property]) => [name, translate(property)]));
  }

  function isHidden(property: Json | undefined): boolean {
    return isObject(property) && property[hidden] === true;
  }

  function plainKeyword(keyword: string, value: Json, schema: JsonObject): Json | undefined {
    switch (keyword) {
      case "type":
        return typeOf(value);
      case "format":
        return typeof value === "string" && formats.has(value) ? value : undefined;
      case "enum": {
        const values = [...new Map(itemsOf(value).map((item) => [JSON.stringify(item), item])).values()];
        return values.length > 0 ? values : undefined;
      }
      case "exclusiveMinimum":
      case "exclusiveMaximum": {
        const bound = schema[keyword === "exclusiveMinimum" ? "minimum" : "maximum"];
        return typeof value === "boolean" ? (value && typeof bound === "number" ? bound : undefined) : value;
      }
      case "minimum":
      case "maximum":
        return schema[keyword === "minimum" ? "exclusiveMinimum" : "exclusiveMaximum"] === true ? undefined : value;
      case "pattern":
        return patternOf(value);
      case "title":
      case "description":
        return typeof value === "string" && value !== "" ? value : undefined;
      default:
        return value;
    }
  }

  function typeOf(value: Json): Json | undefined {
    const given = (Array.isArray(value) ? itemsOf(value) : [value]) as readonly string[];
    const known = given.filter((type) => types.has(type));
    if (known.length < given.length)
      report(`the type ${JSON.stringify(value)} is none of JSON Schema, and is left out`);
    return known.length > 1 ? known : known[0];
  }

  function patternOf(value: Json): Json | undefined {
    if (typeof value !== "string") return undefined;
    try {
      new RegExp(value, "u");
      return value;
    } catch {
      report(`the pattern ${JSON.stringify(value)} is no regular expression of ECMAScript, and is left out`);
      return undefined;
    }
  }

  /** Writes alternatives of types as `anyOf`: many clients read only one word as `type`. */
  function nullable(schema: JsonObject, keywords: JsonObject): Json {
    const list = Array.isArray(keywords["type"]) ? (keywords["type"] as readonly string[]) : undefined;
    const isNullable = document.is30 && schema["nullable"] === true;
    if (!list && !isNullable) return keywords;
    const { title, description, default: standard, type, ...rest } = keywords;
    const annotations = {
      ...(title !== undefined && { title }),
      ...(description !== undefined && { description }),
      ...(standard !== undefined && { default: standard }),
    };
    const alternatives = (list ?? (type === undefined ? [undefined] : [type as string])).filter(
      (each) => each !== "null",
    );
    // By the letter, `enum` must list null, too; but many APIs answer null where it does not.
    const isListed = direction === "output" || !Array.isArray(rest["enum"]) || itemsOf(rest["enum"]).includes(null);
    const isNull = isListed && (isNullable || list?.includes("null") === true);
    const possible = alternatives.flatMap((each): JsonObject[] => {
      const keywordsOfType = ofType(rest, each, isNull);
      return keywordsOfType ? [{ ...(each !== undefined && { type: each }), ...keywordsOfType }] : [];
    });
    const all = [...possible, ...(isNull ? [{ type: "null" }] : [])];
    return all.length === 1 ? { ...annotations, ...all[0] } : { ...annotations, anyOf: all };
  }

  return {
    translate,
    definitions() {
      // A definition may refer to further ones.
      for (let at = definitions.length; at < references.length; at++) {
        const reference = references[at]!;
        definitions.push([names.get(reference)!, translate(resolveReference(document, reference))]);
      }
      return definitions.length > 0 ? Object.fromEntries(definitions) : undefined;
    },
  };
}

/** Keywords that apply to values of one type. */
const typed: Readonly<Record<string, readonly string[]>> = {
  string: ["maxLength", "minLength", "pattern", "format", "contentEncoding", "contentMediaType", "contentSchema"],
  number: ["multipleOf", "maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum"],
  array: [
    "items",
    "prefixItems",
    "contains",
    "maxItems",
    "minItems",
    "uniqueItems",
    "maxContains",
    "minContains",
    "unevaluatedItems",
  ],
  object: [
    ...[
      "properties",
      "patternProperties",
      "additionalProperties",
      "unevaluatedProperties",
      "propertyNames",
      "required",
    ],
    ...["maxProperties", "minProperties", "dependentRequired", "dependentSchemas"],
  ],
};

/** Returns the keywords that matter for one of several types; undefined if `enum` has no value of the type. */
function ofType(keywords: JsonObject, type: string | undefined, isNullable: boolean): JsonObject | undefined {
  if (type === undefined) return keywords;
  const own = type === "integer" ? "number" : type;
  const foreign = new Set(Object.entries(typed).flatMap(([name, list]) => (name === own ? [] : list)));
  const kept = Object.entries(keywords).filter(([keyword]) => !foreign.has(keyword) || keyword === "format");
  const choices = kept.map(([keyword, value]): [string, Json] => [
    keyword,
    keyword === "enum"
      ? itemsOf(value).filter((item) => !(isNullable && item === null) && isOfType(item, type))
      : value,
  ]);
  const hasNone = choices.some(([keyword, value]) => keyword === "enum" && itemsOf(value).length === 0);
  return hasNone ? undefined : Object.fromEntries(choices);
}

function isOfType(value: Json, type: string): boolean {
  if (type === "integer" || type === "number") return typeof value === "number";
  if (type === "array") return Array.isArray(value);
  return type === "object" ? isObject(value) : typeof value === type;
}
