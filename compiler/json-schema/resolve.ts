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
  type Resource,
  type SchemaDocument,
} from "./resource.js";
import { applicators } from "./walk.js";

export type Failure = "unresolved" | "outside" | "missing" | "remote";
export type Resolved = { readonly place: Place } | { readonly failure: Failure };

/** Resolves a reference (core, section 8.2): `resource` is what it stands in. */
export function resolve(written: string, resource: Resource, reachable: Reachable): Resolved {
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

function targetOf(path: string, { base, document }: Resource, reachable: Reachable): Resource | Failure {
  const uri = absolute(path, base);
  const known = uri === undefined ? undefined : (document.byUri.get(uri) ?? identified(reachable).get(uri));
  if (known) return known;
  const builtIn = uri === undefined ? undefined : metaSchema(uri);
  if (builtIn) return documentOf(builtIn).main;
  const named = referencedFile(path, document.main.base);
  if (named === undefined) return "remote";
  const file = fileAt(document.root.file, named, reachable);
  // A URI that names no file of the project would have to be fetched.
  if (file === "missing" && isAbsolute(path)) return "remote";
  return typeof file === "string" ? file : documentOf(file).main;
}

/** Returns another file of schemas, by the path as written in `from`. */
function fileAt(from: string, written: string, { files, outside }: Reachable): SchemaRoot | "outside" | "missing" {
  const path = projectPath(from, written);
  if (path === undefined || outside.has(path)) return "outside";
  return files.get(path) ?? "missing";
}

/** A fragment is a JSON pointer, or the name of an anchor. */
function atFragment(resource: Resource, fragment: string, reachable: Reachable): Place | undefined {
  const start = { node: resource.node, resource };
  if (fragment === "") return start;
  if (fragment.startsWith("/")) return atTokens(start, pointerTokens(fragment), reachable);
  const node = resource.anchors.get(fragment);
  return node && { node, resource };
}

/** A pointer may lead into another resource, and through parts of a file that are no schemas. */
function atTokens(start: Place, tokens: readonly string[], reachable: Reachable): Place | undefined {
  let { node, resource } = start;
  /** The kind of value that holds the next token's: a schema, the schemas of a keyword, or anything else. */
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
  readonly byUri: ReadonlyMap<string, Resource>;
  readonly definitions: ReadonlyMap<Located, SchemaRoot>;
}
const known = new WeakMap<Reachable, Identified>();

function knownOf(reachable: Reachable): Identified {
  let found = known.get(reachable);
  if (found) return found;
  const byUri = new Map<string, Resource>();
  for (const root of [...reachable.definitions.values(), ...reachable.files.values()]) {
    for (const [uri, resource] of documentOf(root).byUri) if (!byUri.has(uri)) byUri.set(uri, resource);
  }
  const definitions = new Map([...reachable.definitions.values()].map((root) => [root.node, root]));
  known.set(reachable, (found = { byUri, definitions }));
  return found;
}

/** Shared definitions and files that have an `$id`, and their parts that have one. */
function identified(reachable: Reachable): ReadonlyMap<string, Resource> {
  return knownOf(reachable).byUri;
}

/** A shared definition, reached by the path of its manifest. */
function definitionAt(node: Located, reachable: Reachable): Resource | undefined {
  const root = knownOf(reachable).definitions.get(node);
  return root && documentOf(root).main;
}
