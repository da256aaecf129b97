import { child, locate, pointer, pointerTokens } from "./pointer.js";
import { splitReference } from "./reference.js";
import { resolve } from "./resolve.js";
import { absolute, identifying, mentions, placeBelow, schemasAt, type Place } from "./resource.js";
import { applicators } from "./walk.js";
import type { JsonSchema, Reachable } from "../model/schema.js";
import type { Json, JsonObject, Located } from "../model/source.js";
import { escaped, nameOf } from "./plain.js";

/** A schema with what it reaches beyond itself copied into its own `$defs`. */
export interface WithCopies {
  readonly schema: JsonSchema;
  /** Copies so far, by key. */
  readonly copies: ReadonlyMap<string, Place>;
}

const references: ReadonlySet<string> = new Set(["$ref", "$dynamicRef", "$recursiveRef"]);
const dynamic: ReadonlySet<string> = new Set(["$dynamicRef", "$recursiveRef"]);

/**
 * Copies what a schema reaches beyond itself into its own `$defs`, once each, and leaves all else as it is written. Shared
 * definitions keep their names, so that references to them stay. Undefined where copies would mean something else:
 * where resources, dynamic scopes or dialects meet.
 */
export function withCopies(root: Place, reachable: Reachable): WithCopies | undefined {
  const { value } = root.node;
  if (!reachesMore(root, reachable)) return { schema: value as JsonSchema, copies: new Map() };
  const own = root.resource.document;
  if (own.embedded.size > 0 || mentions(value, dynamic)) return undefined;
  const ownKeys = ownDefinitions(root.node);
  const copies = new Map<string, Place>();
  const keys = new Map<Located, string>();
  const added: [string, Json][] = [];

  /** The key in `$defs` for what stands elsewhere. */
  const keyOf = (place: Place, name: string): string => {
    let key = keys.get(place.node);
    if (key !== undefined) return key;
    key = name;
    for (let number = 2; ownKeys.has(key) || copies.has(key); number++) key = `${name}_${number}`;
    keys.set(place.node, key);
    copies.set(key, place);
    return key;
  };

  const rewritten = (written: string, from: Place): string => {
    const { place } = resolved(written, from, reachable);
    const { document } = place.resource;
    if (document === own)
      return leadsThere(written, from, place) ? written : `#${pointerTo(place.node, own.root.node)!}`;
    const { definition, node } = document.root;
    if (definition !== undefined) {
      const key = keyOf({ node, resource: document.main }, definition);
      return `#/$defs/${escaped(key)}${pointerTo(place.node, node)!}`;
    }
    // A part of what is copied already is not copied again.
    for (const [copied, key] of keys) {
      const way = pointerTo(place.node, copied, apart);
      if (way !== undefined) return `#/$defs/${escaped(key)}${way}`;
    }
    return `#/$defs/${escaped(keyOf(place, nameOf(written, place)))}`;
  };

  const copy = (place: Place): Json => {
    const { node, resource } = place;
    if (node.kind !== "object") return node.value;
    const { document } = resource;
    const below = (each: Located): Json => copy(placeBelow(place, each));
    const dropped = document === own ? none : document.root.definition === undefined ? ofFiles : identifying;
    const members = node.members.filter(({ key }) => !dropped.has(key));
    const entries = members.map(({ key, node: held }): [string, Json] => {
      if (key === "$ref" && typeof held.value === "string") return [key, rewritten(held.value, place)];
      const how = applicators.get(key);
      if (how === undefined) return [key, held.value];
      if (held.kind === "array") return [key, sameArray(held.value, held.items.map(below))];
      if (how !== "map" && how !== "map-or-names") return [key, below(held)];
      if (held.kind !== "object") return [key, held.value];
      const named = held.members.map((member): [string, Json] => [member.key, below(member.node)]);
      return [key, sameObject(held.value, named)];
    });
    return sameObject(node.value, entries);
  };

  const schema = copy(root) as JsonObject;
  // The map grows while it is gone through: what is copied may refer to more.
  for (const [key, place] of copies) {
    if (!canCopy(place, root)) return undefined;
    added.push([key, copy(place)]);
  }
  if (added.length === 0) return { schema, copies };
  const definitions = { ...(schema["$defs"] as JsonObject | undefined), ...Object.fromEntries(added) };
  return { schema: { ...schema, $defs: definitions }, copies };
}

function resolved(written: string, from: Place, reachable: Reachable): { readonly place: Place } {
  const target = resolve(written, from.resource, reachable);
  if ("failure" in target) throw new Error(`the reference ${JSON.stringify(written)} does not resolve`);
  return target;
}

/** Whether some reference leads out of a document, or leads elsewhere within it than it would for any reader. */
function reachesMore(root: Place, reachable: Reachable): boolean {
  if (!mentions(root.node.value, references)) return false;
  for (const place of schemasAt(root)) {
    for (const keyword of references) {
      const written = child(place.node, keyword)?.value;
      if (typeof written !== "string") continue;
      const target = resolve(written, place.resource, reachable);
      if ("place" in target && !leadsThere(written, place, target.place)) return true;
    }
  }
  return false;
}

/** Whether a reference leads to a place of its own document for a reader who has no other. */
function leadsThere(written: string, { resource }: Place, { node, resource: target }: Place): boolean {
  const { document, base } = resource;
  if (target.document !== document) return false;
  const { path, fragment } = splitReference(written);
  if (path !== "") return document.byUri.has(absolute(path, base) ?? "");
  return !fragment.startsWith("/") || locate(resource.node, pointerTokens(fragment)) === node;
}

/** Keywords whose schemas stand apart: a copy that needs one has it under a key of its own. */
const apart: ReadonlySet<string> = new Set(["$defs", "definitions"]);
const none: ReadonlySet<string> = new Set();
const ofFiles: ReadonlySet<string> = new Set([...identifying, ...apart, "$schema"]);

/** Whether a copy means in the dialect of `root` what it means in its own. */
function canCopy(place: Place, root: Place): boolean {
  if (mentions(place.node.value, dynamic)) return false;
  const { dialect } = root.resource;
  for (const { node, resource } of schemasAt(place)) {
    if (resource.dialect === dialect || node.kind !== "object") continue;
    if (child(node, "$ref") && node.members.length > 1) return false;
    if (node.members.some(({ key, node: held }) => telling.has(key) || (key === "items" && held.kind === "array")))
      return false;
  }
  return true;
}

/** Keywords that dialects understand differently. */
const telling: ReadonlySet<string> = new Set(
  (
    "prefixItems additionalItems dependencies dependentRequired dependentSchemas unevaluatedProperties unevaluatedItems " +
    "minContains maxContains"
  ).split(" "),
);

/** The JSON pointer from a schema to one below it, but not through the keywords `without`. */
function pointerTo(node: Located, root: Located, without: ReadonlySet<string> = none): string | undefined {
  const search = (from: Located): readonly (string | number)[] | undefined => {
    if (from === node) return [];
    const steps =
      from.kind === "array"
        ? from.items.map((item, index) => [index, item] as const)
        : from.kind === "object"
          ? from.members.filter(({ key }) => !without.has(key)).map(({ key, node: held }) => [key, held] as const)
          : [];
    for (const [step, next] of steps) {
      const rest = search(next);
      if (rest) return [step, ...rest];
    }
    return undefined;
  };
  const tokens = search(root);
  return tokens && encodeURI(pointer(tokens));
}

function ownDefinitions(node: Located): Set<string> {
  const own = child(node, "$defs");
  return new Set(own?.kind === "object" ? own.members.map(({ key }) => key) : []);
}

/** The original where nothing changed: a schema without cross references stays the same value. */
function sameArray(original: readonly Json[], items: readonly Json[]): Json {
  return items.every((item, index) => item === original[index]) ? original : items;
}

function sameObject(original: JsonObject, entries: readonly (readonly [string, Json])[]): JsonObject {
  const values = new Map(Object.entries(original));
  const same = entries.length === values.size && entries.every(([key, value]) => values.get(key) === value);
  return same ? original : Object.fromEntries(entries);
}
