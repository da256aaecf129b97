import type { Json, JsonObject } from "../../model/source.js";
import { nounOf, phraseOf } from "../phrases.js";
import type { Step } from "../step.js";

/** Keywords without which another keyword would refuse more. */
const dependents: Readonly<Record<string, readonly string[]>> = {
  properties: ["additionalProperties"],
  patternProperties: ["additionalProperties"],
  prefixItems: ["items"],
  minContains: ["contains", "maxContains"],
  contains: ["minContains", "maxContains"],
  if: ["then", "else"],
  then: ["if", "else"],
  else: ["if", "then"],
};

/** The protocol's own keyword, which its clients read themselves. */
const protocolKeywords: ReadonlySet<string> = new Set(["x-mcp-header"]);

/** Drops keywords into the description. */
export function without(...keywords: readonly string[]): Step {
  const dropped = new Set(keywords);
  return dropping((keyword) => dropped.has(keyword));
}

/** Drops all other keywords into the description. */
export function only(...keywords: readonly string[]): Step {
  const kept = new Set([...keywords, ...protocolKeywords]);
  return dropping((keyword) => !kept.has(keyword));
}

function dropping(isDropped: (keyword: string) => boolean): Step {
  return (schema, place) => {
    const given = Object.keys(schema).filter(isDropped);
    if (given.length === 0) return schema;
    const dropped = new Set([...given, ...given.flatMap((keyword) => dependents[keyword] ?? [])]);
    for (const keyword of Object.keys(schema)) {
      const phrase = dropped.has(keyword) ? phraseOf(schema, keyword) : undefined;
      if (phrase !== undefined) place.lose(phrase);
    }
    return Object.fromEntries(Object.entries(schema).filter(([keyword]) => !dropped.has(keyword)));
  };
}

/** Drops formats other than these into the description. Formats of numbers stay if `keepsNumbers`. */
export function formats(...kept: readonly string[]): Step {
  return (schema, place) => {
    const { format, ...rest } = schema;
    if (typeof format !== "string" || kept.includes(format)) return schema;
    place.lose(phraseOf(schema, "format")!);
    return rest;
  };
}

/** Turns `oneOf` into `anyOf`. */
export const anyOfForOneOf: Step = (schema, place) => {
  const { oneOf, ...rest } = schema;
  if (oneOf === undefined) return schema;
  place.lose(phraseOf(schema, "oneOf")!);
  return rest["anyOf"] === undefined ? { ...rest, anyOf: oneOf } : rest;
};

/** Turns a list with a schema for each of the first items into one with a schema for any item. */
export const itemsForTuples: Step = (schema, place) => {
  const { prefixItems, items, ...rest } = schema;
  if (!Array.isArray(prefixItems)) return schema;
  const tuple = prefixItems as readonly Json[];
  place.lose(`the items are, in order: ${tuple.map(nounOf).join("; ")}`);
  if (items === undefined || items === true || tuple.includes(true)) return rest;
  const each = items === false ? tuple : [...tuple, items];
  const distinct = [...new Map(each.map((one) => [JSON.stringify(one), one])).values()];
  const { maxItems } = rest;
  const most = typeof maxItems === "number" ? Math.min(maxItems, tuple.length) : tuple.length;
  return {
    ...rest,
    items: distinct.length === 1 ? distinct[0]! : { anyOf: distinct },
    ...(items === false && { maxItems: most }),
  };
};

/** Replaces `const` by an `enum` of one value. */
export const enumForConst: Step = (schema) => {
  const { const: fixed, ...rest } = schema;
  return fixed === undefined || rest["enum"] !== undefined ? schema : { ...rest, enum: [fixed] };
};

/** Keeps `enum` only for texts, with their type. */
export const textEnums: Step = (schema, place) => {
  const { enum: values, ...rest } = schema;
  if (!Array.isArray(values)) return schema;
  if (values.every((value) => typeof value === "string")) return { type: "string", ...schema };
  place.lose(phraseOf(schema, "enum")!);
  const types = new Set(values.map((value) => (typeof value === "number" ? "number" : typeof value)));
  const type = types.size === 1 ? [...types][0]! : "object";
  return type === "object" ? rest : { type, ...rest };
};

/** Replaces exclusive bounds by inclusive ones: exactly for integers. */
export const inclusiveBounds: Step = (schema, place) => {
  let result: JsonObject = schema;
  for (const [keyword, name, choose, step] of [
    ["exclusiveMinimum", "minimum", Math.max, 1],
    ["exclusiveMaximum", "maximum", Math.min, -1],
  ] as const) {
    const { [keyword]: bound, ...rest } = result;
    if (typeof bound !== "number") continue;
    const isExact = schema["type"] === "integer" && Number.isSafeInteger(bound + step);
    if (!isExact) place.lose(phraseOf(schema, keyword)!);
    const inclusive = isExact ? bound + step : bound;
    const other = rest[name];
    result = { ...rest, [name]: typeof other === "number" ? choose(other, inclusive) : inclusive };
  }
  return result;
};

/** Keeps `minItems` only up to 1. */
export const fewItems: Step = (schema, place) => {
  const { minItems } = schema;
  if (typeof minItems !== "number" || minItems <= 1) return schema;
  place.lose(phraseOf(schema, "minItems")!);
  return { ...schema, minItems: 1 };
};

/** Drops patterns that look ahead or behind. */
export const withoutLookaround: Step = (schema, place) => {
  const { pattern, ...rest } = schema;
  if (typeof pattern !== "string" || !/\(\?<?[=!]/.test(pattern)) return schema;
  place.lose(phraseOf(schema, "pattern")!);
  return rest;
};
