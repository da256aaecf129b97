import type { Json, JsonObject } from "../model/source.js";
import { phraseOf } from "./phrases.js";

type Lose = (rule: string) => void;

const annotations: ReadonlySet<string> = new Set([
  "title",
  "description",
  "default",
  "examples",
  "deprecated",
  "readOnly",
  "writeOnly",
  "$comment",
]);

/** Keywords that mean something only together: they come from one of two schemas. */
const groups: readonly (readonly string[])[] = [
  ["if", "then", "else"],
  ["contains", "minContains", "maxContains"],
  ["prefixItems", "items"],
  ["unevaluatedProperties"],
  ["unevaluatedItems"],
];

/**
 * Merges two schemas that both apply to a value into one. Keywords of the first one come before those of the second.
 * A rule that one schema cannot state is lost.
 */
export function intersection(first: JsonObject, second: JsonObject, lose: Lose): JsonObject {
  let merged: JsonObject = first;
  const isOpening = opens(first, second) || opens(second, first);
  if (isOpening) lose(isOpening);
  for (const [keyword, value] of Object.entries(second)) {
    const own = merged[keyword];
    const group = groups.find((each) => each.includes(keyword));
    const isTaken = group?.some((each) => first[each] !== undefined) === true;
    if (own === undefined && !isTaken) merged = { ...merged, [keyword]: value };
    else if (JSON.stringify(own) === JSON.stringify(value) || annotations.has(keyword)) continue;
    else if (isTaken) lose(phraseOf(second, keyword) ?? `${keyword} of another schema`);
    else merged = { ...merged, [keyword]: combine(keyword, own!, value, second, lose) };
  }
  return merged;
}

/**
 * Returns the rule that is lost because the properties of `other` become properties of a schema that refuses or
 * restricts properties other than its own.
 */
function opens(schema: JsonObject, other: JsonObject): string | undefined {
  const keyword = ["additionalProperties", "unevaluatedProperties"].find(
    (each) => schema[each] !== undefined && schema[each] !== true,
  );
  const evaluates = ["properties", "patternProperties", "anyOf", "oneOf", "allOf", "if", "dependentSchemas", "$ref"];
  const adds = evaluates.some(
    (each) => other[each] !== undefined && JSON.stringify(schema[each]) !== JSON.stringify(other[each]),
  );
  if (keyword !== undefined && adds) return phraseOf(schema, keyword);
  const items = schema["unevaluatedItems"];
  return items !== undefined && items !== true && Object.keys(other).some((each) => !annotations.has(each))
    ? phraseOf(schema, "unevaluatedItems")
    : undefined;
}

const tighter: Readonly<Record<string, (one: number, other: number) => number>> = {
  minimum: Math.max,
  exclusiveMinimum: Math.max,
  minLength: Math.max,
  minItems: Math.max,
  minProperties: Math.max,
  maximum: Math.min,
  exclusiveMaximum: Math.min,
  maxLength: Math.min,
  maxItems: Math.min,
  maxProperties: Math.min,
};

function combine(keyword: string, first: Json, second: Json, schema: JsonObject, lose: Lose): Json {
  if (keyword === "properties" || keyword === "patternProperties")
    return properties(first as JsonObject, second as JsonObject, lose);
  if (keyword === "required") return [...new Set([...(first as Json[]), ...(second as Json[])])];
  if (keyword === "allOf") return [...(first as Json[]), ...(second as Json[])];
  if (keyword === "additionalProperties" && (first === false || second === true)) return first;
  if (keyword === "additionalProperties" && (second === false || first === true)) return second;
  if (keyword === "type" || keyword === "enum") {
    const common = commonValues(keyword, first, second);
    if (common.length > 0) return keyword === "type" && common.length === 1 ? common[0]! : common;
  }
  const choose = tighter[keyword];
  if (choose !== undefined && typeof first === "number" && typeof second === "number") return choose(first, second);
  lose(phraseOf(schema, keyword) ?? keyword);
  return first;
}

function commonValues(keyword: string, first: Json, second: Json): Json[] {
  const texts = new Set([second].flat().map((value) => JSON.stringify(value)));
  const integers = keyword === "type" && texts.has('"number"');
  return [first]
    .flat()
    .filter((value) => texts.has(JSON.stringify(value)) || (integers && value === "integer")) as Json[];
}

function properties(first: JsonObject, second: JsonObject, lose: Lose): JsonObject {
  const merged = Object.entries(second).map(([name, schema]): [string, Json] => {
    if (!Object.hasOwn(first, name)) return [name, schema];
    const own = first[name]!;
    if (own === true || own === false || schema === true) return [name, own === true ? schema : own];
    if (schema === false) return [name, false];
    if (JSON.stringify(own) === JSON.stringify(schema)) return [name, own];
    return [
      name,
      intersection(own as JsonObject, schema as JsonObject, (rule) => lose(`${JSON.stringify(name)}: ${rule}`)),
    ];
  });
  return Object.fromEntries([...Object.entries(first), ...merged]);
}
