import type { JsonSchema } from "../model/schema.js";
import type { Json, JsonObject } from "../model/source.js";
import { literal } from "./code.js";
import { documentation } from "./documentation.js";
import {
  allTypes,
  choices,
  entries,
  isObject,
  list,
  possibleTypes,
  propertiesOf,
  togetherTypes,
  typeOfValue,
  type JsonType,
  type Properties,
  type Schemas,
} from "./possible-types.js";
import {
  intersection,
  is,
  isInline,
  named,
  never,
  union,
  unknown,
  widened,
  type TypeMember,
  type Type,
} from "./type.js";

/** Resolves references. */
export interface References extends Schemas {
  /** Returns the name of the target's type; undefined without a name. */
  typeOf(reference: string): string | undefined;
}

/** Settings for all subschemas. */
interface Context {
  readonly references: References;
  /** Number of references expanded around this schema. */
  readonly written: number;
  /** Properties whose types are repeated for the sake of `required`, in the schemas around. */
  readonly required: ReadonlySet<Json>;
}

const combining = ["$ref", "allOf", ...choices];
const none: Properties = new Map();

/**
 * Returns the narrowest type that is sound for a schema. Every valid value is assignable to it. Where TypeScript cannot
 * express a keyword, the type is wider than the schema.
 */
export function typeOfSchema(schema: JsonSchema, references: References): Type {
  return typed(schema, allTypes, none, { references, written: 0, required: new Set() });
}

/**
 * Returns the type of a schema.
 * @param allowed the types that the surrounding schemas allow
 * @param around the properties of sibling schemas: a property that only `required` names has the type from there
 */
function typed(schema: Json | undefined, allowed: readonly JsonType[], inherited: Properties, context: Context): Type {
  if (schema === false) return never;
  if (!isObject(schema)) return unknown;
  const { references } = context;
  // The branches of a choice print the types that the choice allows.
  const together = togetherTypes(schema, allowed, references);
  const types = possibleTypes(schema, allowed, references);
  const properties = propertiesOf(schema, references, inherited);
  const telling = types.filter((type) => saysMore(schema, type, references));
  const own = (some: readonly JsonType[]): Type => union(some.map((type) => single(schema, type, properties, context)));
  // Each type is printed separately: keywords for one type must not mix with branches for others.
  if (telling.length > 0 && types.length > 1 && combining.some((keyword) => keyword in schema)) {
    const rest = types.filter((type) => !telling.includes(type));
    const parts = [rest, ...telling.map((type) => [type])].filter((some) => some.length > 0);
    return union(
      parts.map((some) => {
        const type = typed(schema, some, inherited, context);
        return is(type, "unknown") ? own(some) : type;
      }),
    );
  }
  const branches = (keyword: string, left: readonly JsonType[]): Type[] =>
    list(schema[keyword]).map((one) => typed(one, left, properties, context));
  const { $ref: reference } = schema;
  const referenced = typeof reference === "string" ? typeOfReference(reference, types, context) : unknown;
  const others = [
    ...branches("allOf", types),
    ...choices.flatMap((keyword) => (keyword in schema ? [union(branches(keyword, together))] : [])),
  ];
  const whole = (type: Type): Type => intersection([referenced, type, ...others]);
  if (schema["const"] !== undefined) return whole(literals([schema["const"]], types));
  if (Array.isArray(schema["enum"])) return whole(literals(schema["enum"], types));
  const without = whole(unknown);
  // Branches with a type of their own include the allowed types.
  if (telling.length === 0 && (types.length === allowed.length || !is(without, "unknown"))) return without;
  return whole(own(types));
}

/** Limit of expanded references, for readability. Beyond it a type goes by its name, and may be wider. */
const maxRepetitions = 2;

/** Returns the name of a reference's type; if fewer types are allowed, the type narrowed to these. */
function typeOfReference(reference: string, allowed: readonly JsonType[], context: Context): Type {
  const { references, written } = context;
  const target = references.schemaAt(reference);
  const isWithin = references.typesAt(reference).every((type) => allowed.includes(type));
  if (!isWithin && written < maxRepetitions) return typed(target, allowed, none, { ...context, written: written + 1 });
  const name = references.typeOf(reference);
  return name === undefined ? unknown : named(name);
}

/** Whether the schema restricts values of a type in a way that its TypeScript type expresses. */
function saysMore(schema: JsonObject, type: JsonType, references: References): boolean {
  if (type === "object")
    return (
      ["properties", "required", "additionalProperties", "patternProperties"].some((key) => key in schema) ||
      listedNames(schema["propertyNames"], references) !== undefined
    );
  if (type === "array") return ["items", "prefixItems"].some((key) => key in schema);
  return false;
}

function single(schema: JsonObject, type: JsonType, inherited: Properties, context: Context): Type {
  if (type === "object") return object(schema, inherited, context);
  if (type === "array") return array(schema, context);
  return named(type);
}

function object(schema: JsonObject, inherited: Properties, context: Context): Type {
  const below = (one: Json | undefined): Type => typed(one, allTypes, none, context);
  const required = new Set(list(schema["required"]).filter((name) => typeof name === "string"));
  const { additionalProperties: additional } = schema;
  const patterns = entries(schema["patternProperties"]).map(([, one]) => one);
  // An undeclared name is an additional property, unless a pattern matches it.
  const more = patterns.length > 0 ? unknown : below(additional);
  const listed = listedNames(schema["propertyNames"], context.references);
  const isAllowed = (name: string): boolean => listed?.has(name) ?? true;
  const declared = entries(schema["properties"]).filter(([name]) => isAllowed(name));
  const names = new Set(declared.map(([name]) => name));
  const others = [...(listed ?? [])].filter((name) => !names.has(name) && !required.has(name) && !is(more, "never"));
  const members = [
    ...declared.map(([name, one]): TypeMember => ({
      name,
      optional: !required.has(name),
      type: below(one),
      documentation: documentation(one),
    })),
    ...others.map((name): TypeMember => ({ name, optional: true, type: more, documentation: "" })),
    ...[...required]
      .filter((name) => !names.has(name))
      .map((name): TypeMember => {
        const beside = isAllowed(name) ? typeBeside(inherited.get(name), context) : never;
        return { name, optional: false, type: intersection([beside, more]), documentation: "" };
      }),
  ];
  if (listed && members.length > 0) return { kind: "object", members };
  const isClosed = listed !== undefined || additional === false;
  if (members.length === 0 && patterns.length === 0 && isClosed) return named("Record<string, never>");
  const isOpen = patterns.length > 0 || (additional !== undefined && !isClosed);
  if (members.length > 0 && !isOpen) return { kind: "object", members };
  const rest = union([...patterns, ...(isClosed ? [] : [additional])].map(below));
  const index = members.length > 0 ? aroundMembers(rest, members) : rest;
  // Unlike `Record`, an index signature may refer to its own type.
  if (members.length === 0 && is(index, "unknown")) return named("Record<string, unknown>");
  return { kind: "object", members, index };
}

/** Returns the type of a property that one schema requires and another declares. */
function typeBeside(schemas: Iterable<Json> = [], context: Context): Type {
  const types = [...schemas].map((schema) => {
    // The declaration of the property has the full type.
    if (context.required.has(schema) || context.required.size > maxRepetitions) return unknown;
    return typed(schema, allTypes, none, { ...context, required: new Set([...context.required, schema]) });
  });
  return intersection(types);
}

/** Returns an index signature that every member fits; `unknown` where it would repeat long types. */
function aroundMembers(rest: Type, members: readonly TypeMember[]): Type {
  if (members.some(({ type }) => isInline(type))) return unknown;
  const isPartial = members.some(({ optional }) => optional);
  const all = [rest, ...members.map(({ type }) => widened(type)), ...(isPartial ? [named("undefined")] : [])];
  return union(all);
}

/** Returns the names that a schema of property names lists one by one; undefined for other schemas. */
function listedNames(schema: Json | undefined, references: References, depth = 0): ReadonlySet<string> | undefined {
  if (!isObject(schema) || depth > 9) return undefined;
  const values = schema["const"] !== undefined ? [schema["const"]] : schema["enum"];
  if (Array.isArray(values)) return new Set(values.filter((value) => typeof value === "string"));
  const { $ref: reference } = schema;
  return typeof reference === "string" ? listedNames(references.schemaAt(reference), references, depth + 1) : undefined;
}

const maxTupleLength = 24;

function array(keywords: JsonObject, context: Context): Type {
  const { items, prefixItems, additionalItems, minItems, maxItems } = keywords;
  const all = Array.isArray(prefixItems) ? prefixItems : Array.isArray(items) ? items : undefined;
  if (!all) return { kind: "array", items: typed(items, allTypes, none, context) };
  if (all.length > maxTupleLength) return { kind: "array", items: unknown };
  const most = typeof maxItems === "number" ? maxItems : Infinity;
  const tuple = all.slice(0, most);
  const rest = typed(Array.isArray(prefixItems) ? items : additionalItems, allTypes, none, context);
  return {
    kind: "tuple",
    items: tuple.map((item) => typed(item, allTypes, none, context)),
    required: Math.min(typeof minItems === "number" ? minItems : 0, tuple.length),
    ...(!is(rest, "never") && most > all.length && { rest }),
  };
}

function literals(values: readonly Json[], allowed: readonly JsonType[]): Type {
  return union(values.filter((value) => allowed.includes(typeOfValue(value))).map((value) => named(literal(value))));
}
