import { applicators } from "../../json-schema/walk.js";
import type { JsonSchema } from "../../model/schema.js";
import type { Json, JsonObject } from "../../model/source.js";
import { isAnnotation, isObject } from "./classes.js";
import { areEqual, canonical } from "./formula.js";

/** A difference between two plain schemas. */
export interface Difference {
  /** The place of a keyword, or of an entry of a map or a list. */
  readonly at: readonly string[];
  /** The old and new value; for a required property, only its name. */
  readonly old?: Json;
  readonly new?: Json;
  /** Kind of effect on the set of valid values. */
  readonly kind: "rule" | "required" | "default" | "header" | "text";
}

const header = "x-mcp-header";

/** Returns all differences between two plain schemas, by place. */
export function differences(old: JsonSchema, now: JsonSchema): Difference[] {
  const found: Difference[] = [];
  const add = (at: readonly string[], kind: Difference["kind"], one?: Json, other?: Json): void =>
    void found.push({ at, kind, ...(one !== undefined && { old: one }), ...(other !== undefined && { new: other }) });

  const compareSchemas = (at: readonly string[], one: Json, other: Json): void => {
    if (areEqual(one, other)) return;
    if (!isObject(one) || !isObject(other)) return add(at, "rule", one, other);
    for (const keyword of new Set([...Object.keys(one), ...Object.keys(other)]))
      compareKeyword([...at, keyword], keyword, one[keyword], other[keyword]);
  };

  const compareKeyword = (at: readonly string[], keyword: string, one?: Json, other?: Json): void => {
    if (one !== undefined && other !== undefined && areEqual(one, other)) return;
    if (keyword === header) return add(at, "header", one, other);
    if (keyword === "default") return add(at, "default", one, other);
    if (keyword === "$defs" || keyword === "definitions") return compareMaps(at, one ?? {}, other ?? {}, true);
    if (isAnnotation(keyword)) return add(at, "text", one, other);
    if (keyword === "required" && areNames(one) && areNames(other)) return compareRequired(at, one, other);
    const how = applicators.get(keyword);
    if (how === "map" && (one === undefined || isObject(one)) && (other === undefined || isObject(other)))
      return compareMaps(at, one ?? {}, other ?? {}, false);
    if (one === undefined || other === undefined || how === undefined) return add(at, "rule", one, other);
    if (how === "schema") return compareSchemas(at, one, other);
    if (!Array.isArray(one) || !Array.isArray(other)) return compareSchemas(at, one, other);
    return compareLists(at, one as readonly Json[], other as readonly Json[]);
  };

  /** Compares maps. Definitions that only one side has are compared where references use them. */
  const compareMaps = (at: readonly string[], one: Json, other: Json, bothOnly: boolean): void => {
    const [ones, others] = [one as JsonObject, other as JsonObject];
    for (const name of new Set([...Object.keys(ones), ...Object.keys(others)])) {
      const [before, after] = [own(ones, name), own(others, name)];
      if (before !== undefined && after !== undefined) compareSchemas([...at, name], before, after);
      else if (!bothOnly) add([...at, name], "rule", before, after);
    }
  };

  const compareRequired = (at: readonly string[], one: readonly string[] = [], other: readonly string[] = []): void => {
    for (const name of one) if (!other.includes(name)) add(at, "required", name, undefined);
    for (const name of other) if (!one.includes(name)) add(at, "required", undefined, name);
  };

  /** Compares lists of one length item by item, except for reordered items. */
  const compareLists = (at: readonly string[], one: readonly Json[], other: readonly Json[]): void => {
    const isOrdered = at.at(-1) === "prefixItems";
    const missing = isOrdered ? [] : without(one, other);
    const extra = isOrdered ? [] : without(other, one);
    if (!isOrdered && missing.length === 0 && extra.length === 0 && one.length === other.length) return;
    const inPlace =
      one.length === other.length && (isOrdered || missing.every((item) => isAt(item, one, extra, other)));
    if (!inPlace) return add(at, "rule", one, other);
    one.forEach((item, index) => compareSchemas([...at, String(index)], item, other[index]!));
  };

  compareSchemas([], old as Json, now as Json);
  return found;
}

function isAt(item: Json, one: readonly Json[], extra: readonly Json[], other: readonly Json[]): boolean {
  return extra.includes(other[one.indexOf(item)]!);
}

function without(items: readonly Json[], others: readonly Json[]): Json[] {
  const known = new Set(others.map(canonical));
  return items.filter((item) => !known.has(canonical(item)));
}

function areNames(value: Json | undefined): value is readonly string[] | undefined {
  return value === undefined || (Array.isArray(value) && value.every((each) => typeof each === "string"));
}

function own(object: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Key for the definitions of the other schema, which no schema contains. */
const foreign = "\u0000other";

/** Returns the first schema with one difference applied from the second. */
export function withDifference(
  base: JsonSchema,
  other: JsonSchema,
  { at, kind }: Difference,
  name?: string,
): JsonSchema {
  if (at.length === 0) return other;
  if (kind === "required") return edited(base as Json, at, (value) => toggled(value, name!)) as JsonSchema;
  const value = at.reduce<Json | undefined>(
    (node, token) => (typeof node === "object" && node !== null ? own(node as JsonObject, token) : undefined),
    other as Json,
  );
  const refers = value !== undefined && JSON.stringify(value).includes('"$ref"');
  const taken = value === undefined ? undefined : refers ? readdressed(value, base) : value;
  const result = edited(base as Json, at, () => taken) as JsonObject;
  return refers && JSON.stringify(taken).includes(foreignText) ? withForeign(result, other, base) : result;
}

const foreignText = JSON.stringify(foreign).slice(1, -1);

function toggled(value: Json | undefined, name: string): Json | undefined {
  const names = (Array.isArray(value) ? value : []) as readonly Json[];
  const rest = names.includes(name) ? names.filter((each) => each !== name) : [...names, name];
  return rest.length === 0 ? undefined : rest;
}

/** Returns JSON with the value at a place replaced; undefined removes the value. */
function edited(root: Json, at: readonly string[], edit: (value: Json | undefined) => Json | undefined): Json {
  const [token, ...rest] = at;
  if (token === undefined) return edit(root) ?? {};
  if (Array.isArray(root)) {
    const items = root as readonly Json[];
    return items.map((item, index) => (String(index) === token ? edited(item, rest, edit) : item));
  }
  const object = isObject(root) ? root : {};
  const before = own(object, token);
  const after = rest.length === 0 ? edit(before) : edited(before ?? {}, rest, edit);
  const others = Object.entries(object).filter(([key]) => key !== token);
  return Object.fromEntries(after === undefined ? others : [...others, [token, after]]);
}

/** Redirects references without a target in the base to a copy of the other schema. */
function readdressed(value: Json, base: JsonSchema): Json {
  return JSON.parse(JSON.stringify(value), (key, each: unknown) => {
    if (key !== "$ref" || typeof each !== "string" || !each.startsWith("#")) return each;
    const definition = /^#\/\$defs\/([^/]+)$/.exec(each)?.[1];
    const isKnown =
      each === "#" ||
      (definition !== undefined &&
        isObject(base as Json) &&
        isObject((base as JsonObject)["$defs"]) &&
        Object.hasOwn((base as JsonObject)["$defs"] as JsonObject, decodedToken(definition)));
    return isKnown ? each : `#/$defs/${foreign}${each.slice(1)}`;
  }) as Json;
}

/** Decodes a token of a pointer in a reference. */
export function decodedToken(token: string): string {
  return decodeURIComponent(token).replaceAll("~1", "/").replaceAll("~0", "~");
}

function withForeign(result: JsonObject, other: JsonSchema, base: JsonSchema): JsonSchema {
  const copy = readdressed(other as Json, base);
  return { ...result, $defs: { ...((result["$defs"] ?? {}) as JsonObject), [foreign]: copy } };
}
