import type { Json, JsonObject } from "../../model/source.js";
import { intersection } from "../intersection.js";
import { jsonText, nounOf, withRules } from "../phrases.js";
import { resolved } from "../references.js";
import type { SchemaPlace, Step } from "../step.js";
import { mergeAllOf } from "./all-of.js";

/**
 * Merges a union of objects into one object with the properties of all branches. A property keeps its type only if no
 * branch takes any value for it: without `additionalProperties: false`, a branch takes the other branches' properties.
 */
export const mergeUnion: Step = (schema, place) => {
  let merged = schema;
  for (const keyword of ["oneOf", "anyOf"] as const) {
    const { [keyword]: written, ...rest } = merged;
    if (!Array.isArray(written)) continue;
    const branches = (written as readonly Json[]).flatMap((branch) => flatBranch(branch, place));
    merged = branches.includes(true) ? rest : mergeBranches(rest, branches as readonly JsonObject[]);
    place.lose(describeUnion(keyword, branches));
  }
  return merged;
};

/** Merges what a branch combines. Rules that are lost need no mention: the union itself is described. */
function flatBranch(branch: Json, place: SchemaPlace): (JsonObject | true)[] {
  const silent = { ...place, lose: () => {} };
  const own = resolved(branch, silent);
  if (own === false) return [];
  return [own === true ? true : mergeUnion(mergeAllOf(own, silent), silent)];
}

/** Keywords through which a schema may know properties that `properties` does not name. */
const evaluating = ["patternProperties", "if", "then", "else", "dependentSchemas", "anyOf", "oneOf", "allOf", "$ref"];

function mergeBranches(rest: JsonObject, branches: readonly JsonObject[]): JsonObject {
  const isPlain = (schema: JsonObject): boolean => evaluating.every((keyword) => schema[keyword] === undefined);
  const closesAll = rest["unevaluatedProperties"] === false && isPlain(rest);
  const isClosed = (branch: JsonObject): boolean =>
    (branch["additionalProperties"] === false && branch["patternProperties"] === undefined) ||
    (closesAll && branch["additionalProperties"] === undefined && isPlain(branch));
  const own = (rest["properties"] ?? {}) as JsonObject;
  const isNamed = rest["additionalProperties"] === false && rest["patternProperties"] === undefined;
  const names = new Set([
    ...Object.keys(own),
    ...(isNamed ? [] : branches.flatMap((branch) => Object.keys(propertiesOf(branch)))),
  ]);
  const merged = [...names].map((name): [string, Json] => {
    const choices = branches.flatMap((branch) => {
      const properties = propertiesOf(branch);
      if (Object.hasOwn(properties, name)) return [properties[name]!];
      if (isClosed(branch)) return [];
      const others = branch["additionalProperties"];
      return [others === undefined || branch["patternProperties"] !== undefined ? true : others];
    });
    if (!Object.hasOwn(own, name)) return [name, unionOf(choices)];
    const declared = own[name]!;
    if (declared === false || choices.length === 0) return [name, declared];
    return [name, intersection(declared === true ? {} : (declared as JsonObject), unionOf(choices), () => {})];
  });
  const required = [...list(rest["required"]), ...commonOf(branches.map(({ required }) => list(required)))];
  const types = new Set(branches.map(({ type }) => JSON.stringify(type)));
  const { unevaluatedProperties, ...others } = rest;
  const closes = branches.length > 0 && branches.every(isClosed) && rest["additionalProperties"] === undefined;
  return {
    ...(rest["type"] === undefined &&
      types.size === 1 &&
      branches[0]!["type"] !== undefined && { type: branches[0]!["type"] }),
    ...others,
    ...(merged.length > 0 && { properties: Object.fromEntries(merged) }),
    ...(required.length > 0 && { required: [...new Set(required)] }),
    ...(closes && rest["patternProperties"] === undefined && { additionalProperties: false }),
    ...(!closes && unevaluatedProperties !== undefined && { unevaluatedProperties }),
  };
}

function propertiesOf({ properties }: JsonObject): JsonObject {
  return (properties ?? {}) as JsonObject;
}

function list(value: Json | undefined): readonly string[] {
  return (value ?? []) as readonly string[];
}

function commonOf(lists: readonly (readonly string[])[]): readonly string[] {
  return lists.length === 0 ? [] : lists.reduce((common, next) => common.filter((name) => next.includes(name)));
}

const texts: ReadonlySet<string> = new Set(["title", "description"]);

function isAnything(schema: Json): boolean {
  return (
    schema === true ||
    (typeof schema === "object" && schema !== null && Object.keys(schema).every((key) => texts.has(key)))
  );
}

function withoutTexts(schema: Json): Json {
  return typeof schema === "object" && schema !== null
    ? Object.fromEntries(Object.entries(schema as JsonObject).filter(([key]) => !texts.has(key)))
    : schema;
}

/** Returns a schema for the values of any of the schemas. */
function unionOf(schemas: readonly Json[]): JsonObject {
  const distinct = [...new Map(schemas.map((schema) => [JSON.stringify(withoutTexts(schema)), schema])).values()];
  const stated = distinct.filter((schema) => !isAnything(schema) && schema !== false) as JsonObject[];
  const described = schemas.find(
    (schema) => typeof schema === "object" && (schema as JsonObject)["description"] !== undefined,
  );
  const description = described === undefined ? undefined : (described as JsonObject)["description"];
  if (distinct.some(isAnything)) {
    const nouns = stated.map(nounOf);
    return nouns.length === 0
      ? { ...(description !== undefined && { description }) }
      : { description: withRules(description, [`expected: ${[...new Set(nouns)].join(" or ")}`]) };
  }
  if (stated.length === 0) return { not: {} };
  if (stated.length === 1) return stated[0]!;
  const values = stated.map((schema) => (schema["const"] === undefined ? schema["enum"] : [schema["const"]]));
  const isListed = stated.every((schema) =>
    Object.keys(schema).every((key) => ["const", "enum", "type"].includes(key) || texts.has(key)),
  );
  if (isListed && values.every((each) => each !== undefined)) {
    const all = new Map(values.flatMap((each) => each as Json[]).map((value) => [JSON.stringify(value), value]));
    const types = new Set(stated.map(({ type }) => JSON.stringify(type)));
    return {
      ...(types.size === 1 && stated[0]!["type"] !== undefined && { type: stated[0]!["type"] }),
      enum: [...all.values()],
      ...(description !== undefined && { description }),
    };
  }
  return { anyOf: stated };
}

/** The maximum number of alternatives that a description lists. */
const maxForms = 10;

function describeUnion(keyword: "oneOf" | "anyOf", branches: readonly (JsonObject | true)[]): string {
  const forms = branches.slice(0, maxForms).map((branch) => (branch === true ? "anything" : describeForm(branch)));
  const more = branches.length > maxForms ? `; and ${branches.length - maxForms} more` : "";
  return `${keyword === "oneOf" ? "exactly one" : "at least one"} of these forms: ${[...new Set(forms)].join("; ")}${more}`;
}

function describeForm(branch: JsonObject): string {
  const properties = Object.entries(propertiesOf(branch));
  const fixed = properties.flatMap(([name, schema]) => {
    const value = (schema as JsonObject)["const"];
    return value === undefined ? [] : [[name, `${JSON.stringify(name)} is ${jsonText(value)}`] as const];
  });
  const tags = new Set(fixed.map(([name]) => name));
  const required = list(branch["required"]).filter((name) => !tags.has(name));
  const parts = [
    ...fixed.map(([, text]) => text),
    ...(required.length > 0 ? [`with ${required.map((name) => JSON.stringify(name)).join(", ")}`] : []),
  ];
  if (parts.length > 0) return parts.join(", ");
  if (typeof branch["title"] === "string") return branch["title"];
  const names = properties.map(([name]) => JSON.stringify(name));
  return names.length > 0 ? `with any of ${names.join(", ")}` : nounOf(branch);
}
