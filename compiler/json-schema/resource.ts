import type { Dialect, JsonSchema, SchemaRoot } from "../model/schema.js";
import type { Json, JsonObject, Located } from "../model/source.js";
import { dialectOf } from "./dialect.js";
import { child } from "./pointer.js";
import { heldSchemas } from "./walk.js";

/** A schema with its own base URI, and the names of its fragments (core, section 4.3.5). */
export interface SchemaResource {
  readonly node: Located;
  /** The base URI, absolute and without a fragment. */
  readonly base: string;
  /** The dialect; `undefined` for an unsupported one. */
  readonly dialect: Dialect | undefined;
  readonly document: SchemaDocument;
  readonly anchors: ReadonlyMap<string, Located>;
  /** `$dynamicAnchor`s by name; `$recursiveAnchor` by the empty name, which no anchor can have. */
  readonly dynamicAnchors: ReadonlyMap<string, Located>;
}

/** All resources of one schema. */
export interface SchemaDocument {
  readonly root: SchemaRoot;
  readonly main: SchemaResource;
  /** Resources with an `$id`, by URI. */
  readonly byUri: ReadonlyMap<string, SchemaResource>;
  /** Resources by their root, except the main one. */
  readonly embedded: ReadonlyMap<Located, SchemaResource>;
}

/** A schema with its resource. */
export interface Place {
  readonly node: Located;
  readonly resource: SchemaResource;
}

const documents = new WeakMap<Located, SchemaDocument>();

export function documentOf(root: SchemaRoot): SchemaDocument {
  let document = documents.get(root.node);
  if (document?.root.file !== root.file) documents.set(root.node, (document = indexed(root)));
  return document;
}

export function placeOf(root: SchemaRoot): Place {
  return { node: root.node, resource: documentOf(root).main };
}

/** Returns the place of a schema below `parent`, without another resource in between. */
export function placeBelow(parent: Place, node: Located): Place {
  return { node, resource: parent.resource.document.embedded.get(node) ?? parent.resource };
}

/** Yields every object schema at and below a place, in document order. */
export function* schemasAt(place: Place): Generator<Place> {
  for (const [schema] of leveledSchemasAt(place)) yield schema;
}

/** Yields each object schema at and below a place, with its depth. */
export function* leveledSchemasAt(place: Place, level = 0): Generator<[place: Place, level: number]> {
  if (place.node.kind !== "object") return;
  yield [place, level];
  for (const node of heldSchemas(place.node)) yield* leveledSchemasAt(placeBelow(place, node), level + 1);
}

interface MutableResource extends SchemaResource {
  readonly anchors: Map<string, Located>;
  readonly dynamicAnchors: Map<string, Located>;
}
interface MutableDocument extends SchemaDocument {
  readonly byUri: Map<string, SchemaResource>;
  readonly embedded: Map<Located, SchemaResource>;
}

/** The base URI of schemas without an `$id`, for relative references. */
const projectUri = "mcpc:///";

function indexed(root: SchemaRoot): SchemaDocument {
  const id = textOf(root.node, "$id");
  const retrieval = projectUri + root.file.split("/").map(encodeURIComponent).join("/");
  const uri = id === undefined ? undefined : absolute(id, retrieval);
  const dialect = dialectOf(root.node.value as JsonSchema);
  const document = { root, byUri: new Map(), embedded: new Map() } as unknown as MutableDocument;
  const main = resource(root.node, uri ?? retrieval, dialect, document);
  Object.assign(document, { main });
  if (uri !== undefined) document.byUri.set(uri, main);
  if (mentions(root.node.value, identifying)) indexBelow({ node: root.node, resource: main });
  return document;
}

function resource(
  node: Located,
  base: string,
  dialect: Dialect | undefined,
  document: SchemaDocument,
): MutableResource {
  return { node, base, dialect, document, anchors: new Map(), dynamicAnchors: new Map() };
}

/** Records the resources and anchors of a schema and of all below it. */
export function indexBelow(start: Place): void {
  const pending = [start];
  for (let place = pending.pop(); place; place = pending.pop()) {
    if (place.node.kind !== "object") continue;
    const owner = ownResource(place) as MutableResource;
    noteAnchors(place.node, owner);
    for (const node of heldSchemas(place.node)) pending.push({ node, resource: owner });
  }
}

/** Returns the resource that begins at a schema, or the surrounding one. */
function ownResource({ node, resource: parent }: Place): SchemaResource {
  const { document } = parent;
  const existing = node === document.main.node ? document.main : document.embedded.get(node);
  if (existing) return existing;
  const id = textOf(node, "$id");
  // In draft-07, siblings of `$ref` are ignored.
  if (id === undefined || id.startsWith("#") || (parent.dialect === "draft-07" && child(node, "$ref"))) return parent;
  const uri = absolute(id, parent.base);
  if (uri === undefined) return parent;
  const dialect = child(node, "$schema") ? dialectOf(node.value as JsonSchema) : parent.dialect;
  const own = resource(node, uri, dialect, document);
  (document as MutableDocument).embedded.set(node, own);
  if (!document.byUri.has(uri)) (document as MutableDocument).byUri.set(uri, own);
  return own;
}

function noteAnchors(node: Located, { node: root, anchors, dynamicAnchors }: MutableResource): void {
  const id = textOf(node, "$id");
  const names = [
    textOf(node, "$anchor"),
    textOf(node, "$dynamicAnchor"),
    id?.includes("#") ? id.replace(/^[^#]*#/, "") : undefined,
  ];
  for (const name of names) if (name && !anchors.has(name)) anchors.set(name, node);
  const dynamic =
    node === root && child(node, "$recursiveAnchor")?.value === true ? "" : textOf(node, "$dynamicAnchor");
  if (dynamic !== undefined && !dynamicAnchors.has(dynamic)) dynamicAnchors.set(dynamic, node);
}

function textOf(node: Located, keyword: string): string | undefined {
  const value = child(node, keyword)?.value;
  return typeof value === "string" ? value : undefined;
}

/** Resolves a URI reference (RFC 3986) without its fragment. */
export function absolute(written: string, base: string): string | undefined {
  const reference = written.replace(/#.*$/s, "");
  return URL.canParse(reference, base) ? new URL(reference, base).href : undefined;
}

export const identifying: ReadonlySet<string> = new Set(["$id", "$anchor", "$dynamicAnchor", "$recursiveAnchor"]);

/** Returns whether an object in a value has one of the keys. */
export function mentions(value: Json, keys: ReadonlySet<string>): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return (value as readonly Json[]).some((item) => mentions(item, keys));
  for (const key in value as JsonObject) if (keys.has(key) || mentions((value as JsonObject)[key]!, keys)) return true;
  return false;
}
