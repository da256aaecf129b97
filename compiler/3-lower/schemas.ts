import { dialectOf } from "../json-schema/dialect.js";
import { pointer, pointerTokens } from "../json-schema/pointer.js";
import { resolve, type Reachable, type SchemaRoot } from "../json-schema/resolve.js";
import { splitReference } from "../json-schema/reference.js";
import { applicators } from "../json-schema/walk.js";
import type { Again } from "../model/again.js";
import type { JsonSchema } from "../model/schema.js";
import type { Identifier, Schema } from "../model/server.js";
import type { Json, JsonObject, Located } from "../model/source.js";

/** Where a self-contained schema stands in the user's files. */
export interface WrittenSchema {
  readonly root: Located;
  /** What was copied into its `$defs`, by key. */
  readonly copied: ReadonlyMap<string, Located>;
}

/** Nobody but the phase that makes schemas asks for it. */
const places = new WeakMap<Schema, WrittenSchema>();

/** Undefined where mcpc made the schema itself. */
export function writtenOf(schema: Schema): WrittenSchema | undefined {
  return places.get(schema);
}

/** `selfContained`; of a schema that comes to what it came to before, `schema` and `definitions` are the very same. */
export function schemaOf(
  root: SchemaRoot,
  type: Identifier,
  reachable: Reachable,
  sharedTypes: ReadonlyMap<string, Identifier>,
  again: Again,
): Schema {
  const { value, span } = root.node;
  const make = (): Schema => selfContained(root, type, reachable, sharedTypes);
  if (typeof value !== "object" || value === null) return make();
  const known = again("schemas as lowered", value, make);
  const before = places.get(known);
  if (known.type === type && before?.root === root.node) return known;
  if (known.type === type && before?.copied.size === 0)
    return standing({ ...known, span }, { root: root.node, copied: before.copied });
  const made = make();
  const { schema, definitions } = again("copied schemas", JSON.stringify([made.schema, made.definitions]), () => made);
  return standing({ ...made, schema, definitions }, places.get(made)!);
}

function standing(schema: Schema, where: WrittenSchema): Schema {
  places.set(schema, where);
  return schema;
}

/**
 * Makes a schema self-contained: what it reaches beyond itself is copied into its own `$defs`. Shared definitions keep
 * their names, so that references stay as written; a schema that reaches nothing is passed on as the very same value.
 */
export function selfContained(
  root: SchemaRoot,
  type: Identifier,
  reachable: Reachable,
  sharedTypes: ReadonlyMap<string, Identifier>,
): Schema {
  const ownKeys = ownDefinitions(root.node);
  const added = new Map<string, Json>();
  const copied = new Map<string, Located>();
  const keys = new Map<string, string>();
  const definitions: Record<string, Identifier> = {};

  const rewrite = (written: string, from: Source): string => {
    const target = resolve(written, from.root, reachable);
    if (target.kind === "failure") throw new Error(`the reference ${JSON.stringify(written)} does not resolve`);
    if (target.kind === "definition") {
      const key = keyFor(`definition ${target.name}`, target.name, target.root.node, (key) => ({
        kind: "definition",
        root: target.root,
        key,
      }));
      const type = sharedTypes.get(target.name);
      if (type) definitions[key] = type;
      return key === target.name
        ? written
        : `#/$defs/${escape(key)}${pointer(pointerTokens(fragmentOf(written)).slice(2))}`;
    }
    if (target.kind === "file") return fileReference(target.root, target.node, target.fragment);
    const fragment = fragmentOf(written);
    const isPointer = written.startsWith("#") && (fragment === "" || fragment.startsWith("/"));
    if (from.kind === "own") return written;
    // A copy has no anchors: what they name is reached by a pointer.
    const place = isPointer ? fragment : pointerTo(from.root.node, target.node);
    if (from.kind === "file") return fileReference(from.root, target.node, place);
    return `#/$defs/${escape(from.key)}${place}`;
  };

  const fileReference = (file: SchemaRoot, node: Located, fragment: string): string => {
    const name = pointerTokens(fragment).at(-1) ?? file.file.replace(/^.*\//, "").replace(/(\.schema)?\.[^.]*$/, "");
    const key = keyFor(`file ${file.file}#${fragment}`, name, node, () => ({ kind: "file", root: file }));
    return `#/$defs/${escape(key)}`;
  };

  /** The key in `$defs` for what stands elsewhere; copies it there when first asked. */
  const keyFor = (identity: string, name: string, node: Located, source: (key: string) => Source): string => {
    const known = keys.get(identity);
    if (known !== undefined) return known;
    let key = name;
    for (let number = 2; ownKeys.has(key) || added.has(key); number++) key = `${name}_${number}`;
    keys.set(identity, key);
    // Holds the place, so that a recursive reference finds it.
    added.set(key, true);
    copied.set(key, node);
    added.set(key, copy(node, source(key)));
    return key;
  };

  const copy = (node: Located, from: Source): Json => {
    if (node.kind === "scalar") return node.value;
    if (node.kind === "array")
      return sameArray(
        node.value,
        node.items.map((item) => copy(item, from)),
      );
    const members = from.kind === "own" ? node.members : node.members.filter(({ key }) => !identifying.has(key));
    const entries = members.map(({ key, node: value }): [string, Json] => {
      if ((key === "$ref" || key === "$dynamicRef") && typeof value.value === "string")
        return [key, rewrite(value.value, from)];
      const how = applicators.get(key);
      if (how === undefined) return [key, value.value];
      if ((how === "map" || how === "map-or-names") && value.kind === "object") {
        const members = value.members.map((member): [string, Json] => [member.key, copy(member.node, from)]);
        return [key, sameObject(value.value, members)];
      }
      return [key, copy(value, from)];
    });
    return sameObject(node.value, entries);
  };

  const own = copy(root.node, { kind: "own", root });
  const schema = added.size === 0 ? own : withDefinitions(own as JsonObject, added);
  const made = {
    type,
    schema: schema as JsonSchema,
    dialect: dialectOf(root.node.value as JsonSchema) ?? "2020-12",
    definitions,
    span: root.node.span,
  };
  return standing(made, { root: root.node, copied });
}

/** Whose `#` a reference means: the schema itself, a shared definition copied under `key`, or a file copied in parts. */
type Source =
  | { readonly kind: "own"; readonly root: SchemaRoot }
  | { readonly kind: "file"; readonly root: SchemaRoot }
  | { readonly kind: "definition"; readonly root: SchemaRoot; readonly key: string };

/** What would clash, or become another base of references, in a copy. */
const identifying: ReadonlySet<string> = new Set(["$id", "$anchor"]);

/** Where a node stands below another, as a JSON pointer. */
function pointerTo(root: Located, node: Located): string {
  const search = (from: Located, tokens: readonly (string | number)[]): readonly (string | number)[] | undefined => {
    if (from === node) return tokens;
    const children = from.kind === "array" ? from.items.map((item, index) => [index, item] as const) : [];
    const members = from.kind === "object" ? from.members.map(({ key, node: value }) => [key, value] as const) : [];
    for (const [key, value] of [...children, ...members]) {
      const found = search(value, [...tokens, key]);
      if (found) return found;
    }
    return undefined;
  };
  return pointer(search(root, []) ?? []);
}

function ownDefinitions(node: Located): Set<string> {
  const own = node.kind === "object" ? node.members.find(({ key }) => key === "$defs")?.node : undefined;
  return new Set(own?.kind === "object" ? own.members.map(({ key }) => key) : []);
}

function withDefinitions(schema: JsonObject, added: ReadonlyMap<string, Json>): JsonObject {
  const own = schema["$defs"] as JsonObject | undefined;
  return { ...schema, $defs: { ...own, ...Object.fromEntries(added) } };
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

function fragmentOf(written: string): string {
  const reference = splitReference(written);
  return reference.kind === "remote" ? "" : reference.fragment;
}

function escape(key: string): string {
  return encodeURIComponent(key.replaceAll("~", "~0").replaceAll("/", "~1"));
}
