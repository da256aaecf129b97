import type { Reachable, SchemaRoot } from "../model/schema.js";
import type { Located } from "../model/source.js";
import { projectPath } from "../project-path.js";
import { metaSchema } from "./meta-schemas.js";
import { child, pointerTokens } from "./pointer.js";
import { isAbsolute, referencedFile, splitReference } from "./reference.js";
import {
  absolute,
  documentOf,
  indexBelow,
  placeOf,
  type Place,
  type SchemaResource,
  type SchemaDocument,
} from "./resource.js";
import { applicators } from "./walk.js";

export type ResolutionFailure = "unresolved" | "outside" | "missing" | "remote";
export type Resolved = { readonly place: Place } | { readonly failure: ResolutionFailure };

/** Resolves a reference in `resource` (core, section 8.2). */
export function resolve(written: string, resource: SchemaResource, reachable: Reachable): Resolved {
  const { path, fragment } = splitReference(written);
  const target = path === "" ? resource : targetOf(path, resource, reachable);
  if (typeof target === "string") return { failure: target };
  const place = atFragment(target, fragment, reachable);
  if (place) return { place };
  const [section, name, ...rest] = pointerTokens(fragment);
  const shared = path === "" && section === "$defs" ? reachable.definitions.get(name ?? "") : undefined;
  const inside = shared && atTokens(placeOf(shared), rest, reachable);
  return inside ? { place: inside } : { failure: "unresolved" };
}

function targetOf(
  path: string,
  { base, document }: SchemaResource,
  reachable: Reachable,
): SchemaResource | ResolutionFailure {
  const uri = absolute(path, base);
  const identifiedCache = uri === undefined ? undefined : (document.byUri.get(uri) ?? identified(reachable).get(uri));
  if (identifiedCache) return identifiedCache;
  const builtIn = uri === undefined ? undefined : metaSchema(uri);
  if (builtIn) return documentOf(builtIn).main;
  const named = referencedFile(path, document.main.base);
  if (named === undefined) return "remote";
  const file = fileAt(document.root.file, named, reachable);
  // Any other URI would have to be fetched.
  if (file === "missing" && isAbsolute(path)) return "remote";
  return typeof file === "string" ? file : documentOf(file).main;
}

/** Returns another file of schemas, by the path as written in `from`. */
function fileAt(from: string, written: string, { files, outside }: Reachable): SchemaRoot | "outside" | "missing" {
  const path = projectPath(from, written);
  if (path === undefined || outside.has(path)) return "outside";
  return files.get(path) ?? "missing";
}

/** Resolves a fragment, which is a JSON pointer or the name of an anchor. */
function atFragment(resource: SchemaResource, fragment: string, reachable: Reachable): Place | undefined {
  const start = { node: resource.node, resource };
  if (fragment === "") return start;
  if (fragment.startsWith("/")) return atTokens(start, pointerTokens(fragment), reachable);
  const node = resource.anchors.get(fragment);
  return node && { node, resource };
}

/** Resolves a pointer, which may enter another resource and pass through parts of a file that are no schemas. */
function atTokens(start: Place, tokens: readonly string[], reachable: Reachable): Place | undefined {
  let { node, resource } = start;
  /** The kind of the current value: a schema, the schemas of a keyword, or anything else. */
  let holder: "schema" | "schemas" | "other" = "schema";
  for (const token of tokens) {
    const next = child(node, token);
    if (!next) return undefined;
    const how: string | undefined = holder === "schema" ? applicators.get(token) : undefined;
    if (holder === "schemas") holder = "schema";
    else if (how === undefined) holder = "other";
    else holder = how === "schema" || (how === "schema-or-list" && next.kind !== "array") ? "schema" : "schemas";
    node = next;
    const document: SchemaDocument = resource.document;
    resource = definitionAt(node, reachable) ?? document.embedded.get(node) ?? resource;
    if (node === resource.node) holder = "schema";
  }
  if (holder === "schema") return { node, resource };
  indexBelow({ node, resource });
  return { node, resource: resource.document.embedded.get(node) ?? resource };
}

interface Identified {
  readonly byUri: ReadonlyMap<string, SchemaResource>;
  readonly definitions: ReadonlyMap<Located, SchemaRoot>;
}
const identifiedCache = new WeakMap<Reachable, Identified>();

function identifiedIn(reachable: Reachable): Identified {
  let found = identifiedCache.get(reachable);
  if (found) return found;
  const byUri = new Map<string, SchemaResource>();
  for (const root of [...reachable.definitions.values(), ...reachable.files.values()]) {
    for (const [uri, resource] of documentOf(root).byUri) if (!byUri.has(uri)) byUri.set(uri, resource);
  }
  const definitions = new Map([...reachable.definitions.values()].map((root) => [root.node, root]));
  identifiedCache.set(reachable, (found = { byUri, definitions }));
  return found;
}

/** Returns shared definitions, files and their parts by `$id`. */
function identified(reachable: Reachable): ReadonlyMap<string, SchemaResource> {
  return identifiedIn(reachable).byUri;
}

/** Returns a shared definition that was reached by a path in its manifest. */
function definitionAt(node: Located, reachable: Reachable): SchemaResource | undefined {
  const root = identifiedIn(reachable).definitions.get(node);
  return root && documentOf(root).main;
}
