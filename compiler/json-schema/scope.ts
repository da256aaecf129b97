import type { Span } from "../model/source.js";
import { child } from "./pointer.js";
import { splitReference } from "./reference.js";
import { resolve, type Resolved } from "./resolve.js";
import type { Place, SchemaResource } from "./resource.js";
import type { Reachable } from "../model/schema.js";

/**
 * The dynamic scope (core, section 7.1) of a place: the outermost place of each dynamic anchor on the way of
 * references. It does not depend on values, so it is known at build time.
 */
export interface Scope {
  readonly anchors: ReadonlyMap<string, Place>;
  /** A key that is equal for equal scopes. */
  readonly key: string;
}

const empty: Scope = { anchors: new Map(), key: "" };

const numbers = new WeakMap<SchemaResource, number>();
let resources = 0;

function numberOf(resource: SchemaResource): number {
  let number = numbers.get(resource);
  if (number === undefined) numbers.set(resource, (number = resources++));
  return number;
}

/** Returns the scope within a resource that is entered from `outer`. */
export function enter(resource: SchemaResource, outer: Scope = empty): Scope {
  const added = [...resource.dynamicAnchors].filter(([name]) => !outer.anchors.has(name));
  if (added.length === 0) return outer;
  const anchors = new Map([...outer.anchors, ...added.map(([name, node]) => [name, { node, resource }] as const)]);
  const key = [...anchors]
    .map(([name, place]) => `${name}@${numberOf(place.resource)}`)
    .sort()
    .join(" ");
  return { anchors, key };
}

/** A keyword that refers to a schema. */
export interface Reference {
  readonly keyword: "$ref" | "$dynamicRef" | "$recursiveRef";
  readonly written: string;
  readonly span: Span;
}

const keywords = {
  "draft-07": ["$ref"],
  "2019-09": ["$ref", "$recursiveRef"],
  "2020-12": ["$ref", "$dynamicRef"],
} as const;

/** Returns the references of a schema itself. */
export function referencesOf({ node, resource }: Place): Reference[] {
  return keywords[resource.dialect ?? "2020-12"].flatMap((keyword) => {
    const found = child(node, keyword);
    return typeof found?.value === "string" ? [{ keyword, written: found.value, span: found.span }] : [];
  });
}

/** Resolves a reference in `resource` within a `scope`. */
export function follow(
  { keyword, written }: Reference,
  resource: SchemaResource,
  scope: Scope,
  reachable: Reachable,
): Resolved {
  const target = resolve(written, resource, reachable);
  if (keyword === "$ref" || "failure" in target) return target;
  const name = keyword === "$recursiveRef" ? "" : splitReference(written).fragment;
  // Without a dynamic anchor at its initial target, it acts like `$ref` (core, section 8.2.3.2).
  if (name.startsWith("/") || (name === "" && keyword === "$dynamicRef")) return target;
  if (!target.place.resource.dynamicAnchors.has(name)) return target;
  return { place: scope.anchors.get(name) ?? target.place };
}
