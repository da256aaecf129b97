import { keywordsOf } from "./dialect.js";
import { pointerTokens } from "./pointer.js";
import { splitReference } from "./reference.js";
import { identifying, mentions, placeBelow, type Place } from "./resource.js";
import { enter, follow, referencesOf, type Reference, type Scope } from "./scope.js";
import { applicators } from "./walk.js";
import type { Dialect, JsonSchema, Reachable } from "../model/schema.js";
import type { Json, JsonObject, Located } from "../model/source.js";

/** A schema in plain words, and the places that its definitions were made of, by their keys. */
export interface PlainSchema {
  readonly schema: JsonSchema;
  readonly definitions: ReadonlyMap<string, Definition>;
}

interface Definition {
  readonly place: Place;
  readonly scope: Scope;
  readonly reference: string;
}

const references: ReadonlySet<string> = new Set(["$ref", "$dynamicRef", "$recursiveRef"]);
const dynamic: ReadonlySet<string> = new Set(["$dynamicRef", "$recursiveRef"]);
/** Keywords that a plain schema has no use for: it has its own definitions, and one dialect. */
const dropped: ReadonlySet<string> = new Set([
  ...identifying,
  ...references,
  "$schema",
  "$vocabulary",
  "$comment",
  "$defs",
  "definitions",
]);

/** Whether a schema that reaches nothing beyond itself is plain as it is written. */
export function isPlain({ node, resource: { dialect } }: Place): boolean {
  return dialect === "2020-12" && !mentions(node.value, identifying) && !mentions(node.value, dynamic);
}

/**
 * Rewrites a schema as one of 2020-12 without identifiers and dynamic references, whatever its resources and dialects:
 * each reference is a pointer to an entry of one `$defs`, or to the root. A schema that means something else in another
 * dynamic scope has an entry for each.
 */
export function plainSchema(root: Place, reachable: Reachable, containsEvaluates = true): PlainSchema {
  const definitions = new Map<string, Definition>();
  const keys = new Map<Located, Map<string, string>>();
  const start = enter(root.resource);

  const referenceTo = (reference: Reference, from: Place, scope: Scope): string => {
    const target = follow(reference, from.resource, scope, reachable);
    if ("failure" in target) throw new Error(`the reference ${JSON.stringify(reference.written)} does not resolve`);
    const { place } = target;
    const inner = enter(place.resource, scope);
    if (place.node === root.node && inner.key === start.key) return "#";
    let byScope = keys.get(place.node);
    if (!byScope) keys.set(place.node, (byScope = new Map<string, string>()));
    let key = byScope.get(inner.key);
    if (key === undefined) {
      const name = nameOf(reference.written, place);
      key = name;
      for (let number = 2; definitions.has(key); number++) key = `${name}_${number}`;
      byScope.set(inner.key, key);
      definitions.set(key, { place, scope: inner, reference: reference.written });
    }
    return `#/$defs/${escaped(key)}`;
  };

  const copy = (place: Place, scope: Scope): Json => {
    const { node, resource } = place;
    if (node.kind !== "object") return node.value;
    const dialect = resource.dialect ?? "2020-12";
    const [first, ...more] = referencesOf(place).map((each) => referenceTo(each, place, scope));
    const isReplaced = dialect === "draft-07" && first !== undefined;
    const below = (schema: Located): Json => {
      const inner = placeBelow(place, schema);
      return copy(inner, inner.resource === resource ? scope : enter(inner.resource, scope));
    };
    const entries: [string, Json][] = [];
    for (const { key, node: value } of node.members) {
      if (key === "$ref" && first !== undefined) entries.push(["$ref", first]);
      else if (dropped.has(key) || isForeign(key, dialect) || (isReplaced && !annotations.has(key))) continue;
      else if (value.kind === "array" && isList(key)) entries.push([key, value.items.map(below)]);
      else if (value.kind === "object" && isMap(key))
        entries.push([key, Object.fromEntries(value.members.map(({ key: name, node: each }) => [name, below(each)]))]);
      else entries.push([key, applicators.has(key) ? below(value) : value.value]);
    }
    const copied = Object.fromEntries(entries);
    if (first !== undefined && !("$ref" in copied)) copied["$ref"] = first;
    if (more.length > 0) copied["allOf"] = [...((copied["allOf"] ?? []) as Json[]), ...more.map(($ref) => ({ $ref }))];
    if (dialect === "2020-12") return copied;
    const { contains } = copied;
    if (dialect === "2019-09" && contains !== undefined) hidden = true;
    return inNewestDialect(copied, containsEvaluates || dialect === "draft-07");
  };

  /** Whether some `contains` evaluates no items. */
  let hidden = false;
  const own = copy(root, start);
  const copies: [string, Json][] = [];
  // The map grows while it is gone through: a definition may refer to others.
  for (const [key, { place, scope }] of definitions) copies.push([key, copy(place, scope)]);
  const schema = copies.length === 0 ? own : { ...(own as JsonObject), $defs: Object.fromEntries(copies) };
  if (hidden && containsEvaluates && mentions(schema, unevaluatedItems)) return plainSchema(root, reachable, false);
  return { schema: schema as JsonSchema, definitions };
}

const unevaluatedItems: ReadonlySet<string> = new Set(["unevaluatedItems"]);

function isList(keyword: string): boolean {
  const how = applicators.get(keyword);
  return how === "list" || how === "schema-or-list";
}

function isMap(keyword: string): boolean {
  const how = applicators.get(keyword);
  return how === "map" || how === "map-or-names";
}

/** Annotations for readers; draft-07 allows nothing else beside `$ref`. */
const annotations: ReadonlySet<string> = new Set(["title", "description", "deprecated", "default", "examples"]);

/** A keyword of another dialect, which means nothing in this one. */
function isForeign(keyword: string, dialect: Dialect): boolean {
  return !keywordsOf[dialect].has(keyword) && Object.values(keywordsOf).some((keywords) => keywords.has(keyword));
}

/** A schema of an older dialect in the words of 2020-12. */
function inNewestDialect(schema: JsonObject, containsEvaluates: boolean): JsonObject {
  const { items, additionalItems, dependencies: _, ...rest } = { ...schema, ...withDependents(schema) };
  const tuple = Array.isArray(items)
    ? { prefixItems: items, ...(additionalItems !== undefined && { items: additionalItems }) }
    : { ...(items !== undefined && { items }) };
  if (containsEvaluates || rest["contains"] === undefined) return { ...rest, ...tuple };
  const { contains, minContains, maxContains, allOf = [], ...others } = rest;
  const matching = {
    contains,
    ...(minContains !== undefined && { minContains }),
    ...(maxContains !== undefined && { maxContains }),
  };
  // In 2019-09 `contains` evaluates no items; below `not` nothing does.
  return { ...others, ...tuple, allOf: [...(allOf as Json[]), { not: { not: matching } }] };
}

/** `dependencies` in the words of later dialects. */
function withDependents({ dependencies }: JsonObject): JsonObject {
  const all = Object.entries((dependencies ?? {}) as JsonObject);
  const required = all.filter(([, rule]) => Array.isArray(rule));
  const schemas = all.filter(([, rule]) => !Array.isArray(rule));
  return {
    ...(required.length > 0 && { dependentRequired: Object.fromEntries(required) }),
    ...(schemas.length > 0 && { dependentSchemas: Object.fromEntries(schemas) }),
  };
}

/** A name for what a reference leads to. */
export function nameOf(written: string, { node, resource }: Place): string {
  const { path, fragment } = splitReference(written);
  const { root } = resource.document;
  const last = fragment.startsWith("/") ? pointerTokens(fragment).at(-1) : fragment;
  const name = last || (node === root.node && root.definition) || fileName(path) || fileName(root.file);
  return name === "__proto__" ? "proto" : name || "schema";
}

function fileName(path: string): string {
  return path
    .replace(/\/+$/, "")
    .replace(/^.*[/:]/, "")
    .replace(/(\.schema)?\.[^.]*$/, "");
}

export function escaped(key: string): string {
  return encodeURIComponent(key.replaceAll("~", "~0").replaceAll("/", "~1"));
}
