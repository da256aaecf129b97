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
import { intersection, is, isInline, named, never, union, unknown, widened, type Member, type Type } from "./type.js";

/** Resolution of references. */
export interface References extends Schemas {
  /** The name of the type; undefined when there is none. */
  typeOf(reference: string): string | undefined;
}

/** Settings for all that is below a schema. */
interface Context {
  readonly references: References;
  /** How many references are written out around. */
  readonly written: number;
  /** Properties that are typed anew around, for what requires them. */
  readonly required: ReadonlySet<Json>;
}

const combining = ["$ref", "allOf", ...choices];
const none: Properties = new Map();

/**
 * The type of a schema: whatever TypeScript can say soundly, and nothing else. Every valid value is assignable to it;
 * where a keyword cannot be said, the type is wider than the schema.
 */
export function typeOfSchema(schema: JsonSchema, references: References): Type {
  return typed(schema, allTypes, none, { references, written: 0, required: new Set() });
}

/**
 * @param allowed the types that are left by what the schema stands in
 * @param around the properties that the schema stands beside: what `required` alone says is the type of these
 */
function typed(schema: Json | undefined, allowed: readonly JsonType[], around: Properties, context: Context): Type {
  if (schema === false) return never;
  if (!isObject(schema)) return unknown;
  const { references } = context;
  // What a choice leaves is said by its branches.
  const together = togetherTypes(schema, allowed, references);
  const types = possibleTypes(schema, allowed, references);
  const properties = propertiesOf(schema, references, around);
  const telling = types.filter((type) => saysMore(schema, type, references));
  const own = (some: readonly JsonType[]): Type => union(some.map((type) => single(schema, type, properties, context)));
  // Each type by itself: what the schema says of one does not mix with what others say of another.
  if (telling.length > 0 && types.length > 1 && combining.some((keyword) => keyword in schema)) {
    const rest = types.filter((type) => !telling.includes(type));
    const parts = [rest, ...telling.map((type) => [type])].filter((some) => some.length > 0);
    return union(
      parts.map((some) => {
        const type = typed(schema, some, around, context);
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
  // Branches that say something say the types, too.
  if (telling.length === 0 && (types.length === allowed.length || !is(without, "unknown"))) return without;
  return whole(own(types));
}

/** More would be hard to read; what is not written out goes by its name, and may be wider. */
const mostWritten = 2;

/** The name of what a reference leads to; where less is allowed than that, what is left of it. */
function typeOfReference(reference: string, allowed: readonly JsonType[], context: Context): Type {
  const { references, written } = context;
  const target = references.schemaAt(reference);
  const isWithin = references.typesAt(reference).every((type) => allowed.includes(type));
  if (!isWithin && written < mostWritten) return typed(target, allowed, none, { ...context, written: written + 1 });
  const name = references.typeOf(reference);
  return name === undefined ? unknown : named(name);
}

/** Whether the schema restricts values of a type in a way that its type shows. */
function saysMore(schema: JsonObject, type: JsonType, references: References): boolean {
  if (type === "object")
    return (
      ["properties", "required", "additionalProperties", "patternProperties"].some((key) => key in schema) ||
      listedNames(schema["propertyNames"], references) !== undefined
    );
  if (type === "array") return ["items", "prefixItems"].some((key) => key in schema);
  return false;
}

function single(schema: JsonObject, type: JsonType, around: Properties, context: Context): Type {
  if (type === "object") return object(schema, around, context);
  if (type === "array") return array(schema, context);
  return named(type);
}

function object(schema: JsonObject, around: Properties, context: Context): Type {
  const below = (one: Json | undefined): Type => typed(one, allTypes, none, context);
  const required = new Set(list(schema["required"]).filter((name) => typeof name === "string"));
  const { additionalProperties: additional } = schema;
  const patterns = entries(schema["patternProperties"]).map(([, one]) => one);
  // A name that is not declared is one of the additional properties, unless a pattern takes it.
  const more = patterns.length > 0 ? unknown : below(additional);
  const listed = listedNames(schema["propertyNames"], context.references);
  const isAllowed = (name: string): boolean => listed?.has(name) ?? true;
  const declared = entries(schema["properties"]).filter(([name]) => isAllowed(name));
  const names = new Set(declared.map(([name]) => name));
  const others = [...(listed ?? [])].filter((name) => !names.has(name) && !required.has(name) && !is(more, "never"));
  const members = [
    ...declared.map(([name, one]): Member => ({
      name,
      optional: !required.has(name),
      type: below(one),
      documentation: documentation(one),
    })),
    ...others.map((name): Member => ({ name, optional: true, type: more, documentation: "" })),
    ...[...required]
      .filter((name) => !names.has(name))
      .map((name): Member => {
        const beside = isAllowed(name) ? typeBeside(around.get(name), context) : never;
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
  // Beside `Record`, an index signature may refer to the type that it is part of.
  if (members.length === 0 && is(index, "unknown")) return named("Record<string, unknown>");
  return { kind: "object", members, index };
}

/** Returns the type of a property that one schema requires and other schemas declare. */
function typeBeside(schemas: Iterable<Json> = [], context: Context): Type {
  const types = [...schemas].map((schema) => {
    // The declaration has the types that are omitted here.
    if (context.required.has(schema) || context.required.size > mostWritten) return unknown;
    return typed(schema, allTypes, none, { ...context, required: new Set([...context.required, schema]) });
  });
  return intersection(types);
}

/** Widens an index signature to fit every member; returns `unknown` if that would repeat long types. */
function aroundMembers(rest: Type, members: readonly Member[]): Type {
  if (members.some(({ type }) => isInline(type))) return unknown;
  const isPartial = members.some(({ optional }) => optional);
  const all = [rest, ...members.map(({ type }) => widened(type)), ...(isPartial ? [named("undefined")] : [])];
  return union(all);
}

/** The names that an object's properties may have, where they are listed one by one. */
function listedNames(schema: Json | undefined, references: References, depth = 0): ReadonlySet<string> | undefined {
  if (!isObject(schema) || depth > 9) return undefined;
  const values = schema["const"] !== undefined ? [schema["const"]] : schema["enum"];
  if (Array.isArray(values)) return new Set(values.filter((value) => typeof value === "string"));
  const { $ref: reference } = schema;
  return typeof reference === "string" ? listedNames(references.schemaAt(reference), references, depth + 1) : undefined;
}

const longestTuple = 24;

function array(keywords: JsonObject, context: Context): Type {
  const { items, prefixItems, additionalItems, minItems, maxItems } = keywords;
  const all = Array.isArray(prefixItems) ? prefixItems : Array.isArray(items) ? items : undefined;
  if (!all) return { kind: "array", items: typed(items, allTypes, none, context) };
  if (all.length > longestTuple) return { kind: "array", items: unknown };
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
