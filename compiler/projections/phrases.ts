import type { Json, JsonObject } from "../model/source.js";

/** The maximum number of characters of JSON in a phrase: descriptions cost tokens in every conversation. */
const maxJsonLength = 200;

export function jsonText(value: Json): string {
  const text = JSON.stringify(value);
  return text.length <= maxJsonLength ? text : `${text.slice(0, maxJsonLength)}…`;
}

/** Joins JSON texts by commas, as many as fit. */
export function jsonList(values: readonly Json[]): string {
  const texts = values.map((value) => JSON.stringify(value));
  let length = 0;
  const shown = texts.filter((text, index) => (length += text.length + 2) <= maxJsonLength || index === 0);
  const more = texts.length - shown.length;
  return more === 0
    ? shown.join(", ")
    : `${shown.map((text) => text.slice(0, maxJsonLength)).join(", ")} and ${more} more`;
}

/** Returns a noun phrase for a schema: its type, its values, or its alternatives. */
export function nounOf(schema: Json): string {
  if (typeof schema !== "object" || schema === null) return schema === false ? "nothing" : "any value";
  const { title, const: fixed, enum: values, type, anyOf, oneOf, $ref } = schema as JsonObject;
  if (fixed !== undefined) return jsonText(fixed);
  if (Array.isArray(values)) return `one of ${jsonList(values)}`;
  if (typeof type === "string") return type;
  if (Array.isArray(type)) return type.join(" or ");
  const branches = anyOf ?? oneOf;
  if (Array.isArray(branches)) return [...new Set(branches.map(nounOf))].join(" or ").slice(0, maxJsonLength);
  if (typeof title === "string") return title;
  if (typeof $ref === "string") return $ref.split("/").at(-1)!;
  return Object.keys(schema).length === 0 ? "any value" : jsonText(schema);
}

type Describe = (value: Json) => string;

const noun =
  (text: (noun: string) => string): Describe =>
  (value) =>
    text(nounOf(value));
const list = (value: Json): readonly Json[] => (Array.isArray(value) ? value : [value]);
const entries = (value: Json): [string, Json][] => Object.entries((value ?? {}) as JsonObject);
const quoted = (names: readonly Json[]): string => names.map((name) => JSON.stringify(name)).join(", ");
const atLeast =
  (unit: string): Describe =>
  (value) =>
    `at least ${String(value)}${unit && ` ${value === 1 ? unit.replace(/ies$/, "y").replace(/s$/, "") : unit}`}`;
const atMost =
  (unit: string): Describe =>
  (value) =>
    atLeast(unit)(value).replace("least", "most");

/** Phrases for the rules that keywords state. A keyword without a phrase states no rule for readers. */
const phrases: Readonly<Record<string, Describe>> = {
  const: (value) => `must be ${jsonText(value)}`,
  enum: (value) => `must be one of ${jsonList(list(value))}`,
  type: (value) => `type ${list(value).join(" or ")}`,
  minLength: atLeast("characters"),
  maxLength: atMost("characters"),
  pattern: (value) => `matches the pattern ${jsonText(value)}`,
  format: (value) => `format ${String(value)}`,
  contentEncoding: (value) => `encoded as ${String(value)}`,
  contentMediaType: (value) => `media type ${String(value)}`,
  minimum: atLeast(""),
  maximum: atMost(""),
  exclusiveMinimum: (value) => `more than ${String(value)}`,
  exclusiveMaximum: (value) => `less than ${String(value)}`,
  multipleOf: (value) => `a multiple of ${String(value)}`,
  minItems: atLeast("items"),
  maxItems: atMost("items"),
  uniqueItems: () => "no two items are equal",
  prefixItems: (value) => `the first items are, in order: ${list(value).map(nounOf).join("; ")}`,
  items: noun((each) => (each === "nothing" ? "no other items" : `each other item: ${each}`)),
  unevaluatedItems: noun((each) => (each === "nothing" ? "no other items" : `each other item: ${each}`)),
  contains: noun((each) => `contains ${each}`),
  minProperties: atLeast("properties"),
  maxProperties: atMost("properties"),
  required: (value) => `requires ${quoted(list(value))}`,
  additionalProperties: noun((each) => (each === "nothing" ? "no other properties" : `other properties: ${each}`)),
  unevaluatedProperties: noun((each) => (each === "nothing" ? "no other properties" : `other properties: ${each}`)),
  patternProperties: (value) =>
    entries(value)
      .map(([pattern, each]) => `properties that match ${jsonText(pattern)}: ${nounOf(each)}`)
      .join("; "),
  propertyNames: (value) => `names of properties: ${jsonText(value)}`,
  dependentRequired: (value) =>
    entries(value)
      .map(([name, others]) => `${JSON.stringify(name)} requires ${quoted(list(others))}`)
      .join("; "),
  dependentSchemas: (value) =>
    entries(value)
      .map(([name, rule]) => `with ${JSON.stringify(name)}: ${jsonText(rule)}`)
      .join("; "),
  allOf: (value) => `all of ${jsonText(value)}`,
  anyOf: (value) => `at least one of: ${list(value).map(nounOf).join("; ")}`,
  oneOf: (value) => `exactly one of: ${list(value).map(nounOf).join("; ")}`,
  not: (value) => (jsonText(value) === "{}" ? "no value is valid" : `must not match ${jsonText(value)}`),
  if: (value) => `if it matches ${jsonText(value)}`,
  default: (value) => `default ${jsonText(value)}`,
  examples: (value) => `for example ${jsonList(list(value))}`,
  deprecated: (value) => (value === true ? "deprecated" : ""),
  readOnly: (value) => (value === true ? "read-only" : ""),
  writeOnly: (value) => (value === true ? "write-only" : ""),
};

/** Returns the phrase for a keyword of a schema; `undefined` if it states no rule. */
export function phraseOf(schema: JsonObject, keyword: string): string | undefined {
  const value = schema[keyword];
  if (value === undefined || !Object.hasOwn(phrases, keyword) || isVoid(keyword, value)) return undefined;
  const phrase = phrases[keyword]!(value);
  return phrase === "" ? undefined : phrase + consequence(schema, keyword);
}

/** Keywords whose value `true` accepts everything. */
function isVoid(keyword: string, value: Json): boolean {
  if (keyword === "uniqueItems") return value !== true;
  return value === true && /^(?:additional|unevaluated)|^items$/.test(keyword);
}

function consequence(schema: JsonObject, keyword: string): string {
  const parts: string[] = [];
  if (keyword === "if") {
    if (schema["then"] !== undefined) parts.push(`, then ${jsonText(schema["then"])}`);
    if (schema["else"] !== undefined) parts.push(`, else ${jsonText(schema["else"])}`);
  }
  if (keyword === "contains") {
    if (schema["minContains"] !== undefined) parts.push(`, at least ${jsonText(schema["minContains"])} times`);
    if (schema["maxContains"] !== undefined) parts.push(`, at most ${jsonText(schema["maxContains"])} times`);
  }
  return parts.join("");
}

/** Appends rules to a description, one sentence each. */
export function withRules(description: Json | undefined, rules: readonly string[]): string {
  const text = typeof description === "string" ? description.trimEnd() : "";
  const end = text === "" || /[.!?:;…]$/.test(text) ? text : `${text}.`;
  return [...(end === "" ? [] : [end]), ...new Set(rules.map(sentence))].join(" ");
}

function sentence(rule: string): string {
  return `${rule[0]!.toUpperCase()}${rule.slice(1)}.`;
}
