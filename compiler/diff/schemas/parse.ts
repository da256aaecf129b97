import * as formats from "@mcpc/runtime/codegen/v1/formats";
import type { Json, JsonObject } from "../../model/source.js";
import { asSchema, classify, isObject, targetOf, type Node } from "./classes.js";
import { itemCases, propertyCases } from "./evaluated.js";
import { createFormulas, jsonTypes, NotComparable, type Formula, type SchemaType, type Make } from "./formula.js";
import type { JsonSchema } from "../../model/schema.js";

/** The formulas of several schemas. */
export interface Formulas {
  readonly make: Make;
  /** Returns a root as one formula. */
  root(schema: JsonSchema): Formula;
  /** Returns the keywords of a class of schemas, as a conjunction. */
  keywordsOf(id: number): readonly Formula[];
}

export function formulasOf(roots: readonly JsonSchema[]): Formulas {
  const make = createFormulas();
  const classes = classify(roots);
  const known = new Map<number, readonly Formula[]>();
  const formula = (node: Node): Formula => make({ kind: "schema", id: classes.classOf(node) });
  return {
    make,
    root: (schema) => formula({ schema, root: schema }),
    keywordsOf: (id) => {
      let keywords = known.get(id);
      if (!keywords) known.set(id, (keywords = keywordsOf(classes.representative(id), id, make, formula)));
      return keywords;
    },
  };
}

export type ToFormula = (node: Node) => Formula;

function keywordsOf(node: Node, id: number, make: Make, formula: ToFormula): Formula[] {
  const { schema, root } = node;
  if (typeof schema === "boolean") return schema ? [] : [make({ kind: "any", of: [] })];
  const object: JsonObject = schema;
  const found: Formula[] = [];
  const add = (...formulas: Formula[]): void => void found.push(...formulas);
  const of = (value: Json | undefined): Formula => formula({ schema: asSchema(value), root });
  const has = (keyword: string): boolean => Object.hasOwn(object, keyword);
  const number = (keyword: string): number => numberOf(object[keyword], keyword);
  const map = (keyword: string): [string, Json][] => Object.entries(mapOf(object[keyword], keyword));

  if (has("$ref")) add(formula({ schema: targetOf(object["$ref"]!, root), root }));
  if (has("type")) add(typeFormula(object["type"]!, make));
  if (has("enum")) add(make({ kind: "enum", values: listOf(object["enum"], "enum") }));
  if (has("const")) add(make({ kind: "enum", values: [object["const"]!] }));
  if (has("minimum")) add(make({ kind: "minimum", value: number("minimum"), exclusive: false }));
  if (has("exclusiveMinimum")) add(make({ kind: "minimum", value: number("exclusiveMinimum"), exclusive: true }));
  if (has("maximum")) add(make({ kind: "maximum", value: number("maximum"), exclusive: false }));
  if (has("exclusiveMaximum")) add(make({ kind: "maximum", value: number("exclusiveMaximum"), exclusive: true }));
  if (has("multipleOf")) add(make({ kind: "multipleOf", value: number("multipleOf") }));
  for (const kind of ["minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"] as const)
    if (has(kind)) add(make({ kind, value: number(kind) }));
  if (has("pattern")) add(make({ kind: "pattern", pattern: patternOf(object["pattern"]) }));
  if (has("format")) add(...formatFormula(object["format"]!, make));
  if (object["uniqueItems"] === true) add(make({ kind: "unique" }));

  const prefix = has("prefixItems") ? listOf(object["prefixItems"], "prefixItems") : [];
  prefix.forEach((item, index) => add(make({ kind: "item", index, schema: of(item) })));
  if (has("items")) add(make({ kind: "rest", from: prefix.length, schema: of(object["items"]) }));
  if (has("contains")) {
    const schema = of(object["contains"]);
    const least = has("minContains") ? number("minContains") : 1;
    if (least > 0) add(make({ kind: "containsMin", schema, value: least }));
    if (has("maxContains")) add(make({ kind: "containsMax", schema, value: number("maxContains") }));
  }

  const names = has("properties") ? map("properties") : [];
  const patterns = has("patternProperties") ? map("patternProperties") : [];
  for (const [name, value] of names) add(make({ kind: "property", name, schema: of(value) }));
  for (const [pattern, value] of patterns)
    add(make({ kind: "matching", pattern: patternOf(pattern), schema: of(value) }));
  if (has("additionalProperties"))
    add(additional(make, new Set(keys(names)), new Set(keys(patterns)), of(object["additionalProperties"])));
  if (has("propertyNames")) add(make({ kind: "names", schema: of(object["propertyNames"]) }));
  if (has("required")) for (const name of namesOf(object["required"])) add(make({ kind: "required", name }));

  const lacks = (name: string): Formula => make({ kind: "property", name, schema: make({ kind: "any", of: [] }) });
  if (has("dependentRequired"))
    for (const [name, needed] of map("dependentRequired")) {
      const required = namesOf(needed).map((each) => make({ kind: "required", name: each }));
      add(make({ kind: "any", of: [lacks(name), make({ kind: "all", of: required })] }));
    }
  if (has("dependentSchemas"))
    for (const [name, value] of map("dependentSchemas")) add(make({ kind: "any", of: [lacks(name), of(value)] }));

  if (has("allOf")) add(...listOf(object["allOf"], "allOf").map(of));
  if (has("anyOf")) add(make({ kind: "any", of: listOf(object["anyOf"], "anyOf").map(of) }));
  if (has("oneOf")) add(make({ kind: "one", of: listOf(object["oneOf"], "oneOf").map(of) }));
  if (has("not")) add(make({ kind: "not", of: of(object["not"]) }));
  if (has("if") && (has("then") || has("else"))) {
    const condition = of(object["if"]);
    const not = make({ kind: "not", of: condition });
    if (has("then")) add(make({ kind: "any", of: [not, of(object["then"])] }));
    if (has("else")) add(make({ kind: "any", of: [condition, of(object["else"])] }));
  }
  for (const [keyword, type, cases] of [
    ["unevaluatedProperties", "object", propertyCases],
    ["unevaluatedItems", "array", itemCases],
  ] as const)
    if (has(keyword))
      add(cases(node, of(object[keyword]), make, formula) ?? make({ kind: "opaque", id, type: type as SchemaType }));
  return found;
}

export function additional(
  make: Make,
  names: ReadonlySet<string>,
  patterns: ReadonlySet<string>,
  schema: Formula,
): Formula {
  return make({ kind: "additional", names: [...names].sort(), patterns: [...patterns].sort(), schema });
}

function keys(entries: readonly (readonly [string, Json])[]): string[] {
  return entries.map(([name]) => name);
}

function typeFormula(value: Json, make: Make): Formula {
  const names = new Set([value].flat() as string[]);
  const known = [...names].every((name) => name === "integer" || (jsonTypes as readonly string[]).includes(name));
  if (!known) throw new NotComparable(`${JSON.stringify(value)} is no type`);
  const integer = names.has("integer") && !names.has("number");
  const types = jsonTypes.filter((type) => names.has(type) || (type === "number" && integer));
  return make({ kind: "type", types, integer });
}

/** Returns formulas for a format; unknown formats reject nothing. */
function formatFormula(value: Json, make: Make): Formula[] {
  if (typeof value !== "string") throw new NotComparable(`"format" is ${JSON.stringify(value)}`);
  const known = formatNamed(value);
  if (known === undefined || known === true) return [];
  const type = typeof known === "object" && "type" in known ? "number" : "string";
  return [make({ kind: "format", format: value, type })];
}

export function formatNamed(name: string): formats.Format | undefined {
  const all = formats as unknown as Readonly<Record<string, formats.Format>>;
  // No format has a name with an underscore.
  const key = name.includes("_") ? "" : `${name.replaceAll("-", "_")}_format`;
  return Object.hasOwn(all, key) ? all[key] : undefined;
}

function numberOf(value: Json | undefined, keyword: string): number {
  if (typeof value !== "number") throw new NotComparable(`"${keyword}" is ${JSON.stringify(value)}`);
  return value;
}

function listOf(value: Json | undefined, keyword: string): readonly Json[] {
  if (!Array.isArray(value)) throw new NotComparable(`"${keyword}" is no list`);
  return value as readonly Json[];
}

function mapOf(value: Json | undefined, keyword: string): JsonObject {
  if (!isObject(value)) throw new NotComparable(`"${keyword}" is no object`);
  return value;
}

function namesOf(value: Json | undefined): string[] {
  return listOf(value, "required").map(String);
}

function patternOf(value: Json | undefined): string {
  if (typeof value !== "string") throw new NotComparable(`"pattern" is ${JSON.stringify(value)}`);
  return value;
}
