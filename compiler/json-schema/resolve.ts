import type { Located } from "../model/source.js";
import { child, locate, pointerTokens } from "./pointer.js";
import { splitReference } from "./reference.js";
import { subschemas } from "./walk.js";

/** A schema resource: the root that `#` means, and the file it stands in (relative paths start there). */
export interface SchemaRoot {
  readonly node: Located;
  readonly file: string;
}

/** What references may reach beyond their own schema. */
export interface Reachable {
  /** Shared `$defs` of all manifests. */
  readonly definitions: ReadonlyMap<string, SchemaRoot>;
  /** Other files of the project, by the path as written in `from`; undefined when the path leaves the project. */
  readonly file: (from: string, written: string) => SchemaRoot | "outside" | "missing";
}

export type Resolved =
  | { readonly kind: "own"; readonly node: Located }
  /** A shared definition, and the place inside it. */
  | { readonly kind: "definition"; readonly name: string; readonly root: SchemaRoot; readonly node: Located }
  | { readonly kind: "file"; readonly root: SchemaRoot; readonly fragment: string; readonly node: Located }
  | { readonly kind: "failure"; readonly reason: "unresolved" | "outside" | "missing" | "remote" };

/** Where a `$ref` or `$dynamicRef`, written in the schema `root`, leads. */
export function resolve(written: string, root: SchemaRoot, reachable: Reachable): Resolved {
  const reference = splitReference(written);
  const identified = reference.kind === "local" ? undefined : byId(root.node, written);
  if (identified) return { kind: "own", node: identified };
  if (reference.kind === "remote") return { kind: "failure", reason: "remote" };
  if (reference.kind === "file") {
    const target = reachable.file(root.file, reference.file);
    if (typeof target === "string") return { kind: "failure", reason: target };
    const node = atFragment(target.node, reference.fragment);
    if (!node) return { kind: "failure", reason: "unresolved" };
    return { kind: "file", root: target, fragment: reference.fragment, node };
  }
  const own = atFragment(root.node, reference.fragment);
  if (own) return { kind: "own", node: own };
  const [section, name, ...rest] = pointerTokens(reference.fragment);
  const definition = section === "$defs" && name !== undefined ? reachable.definitions.get(name) : undefined;
  const node = definition && locate(definition.node, rest);
  if (!definition || !node || name === undefined) return { kind: "failure", reason: "unresolved" };
  return { kind: "definition", name, root: definition, node };
}

/** A fragment is a JSON pointer, or the name of an anchor. */
function atFragment(root: Located, fragment: string): Located | undefined {
  if (fragment === "") return root;
  if (fragment.startsWith("/")) return locate(root, pointerTokens(fragment));
  for (const schema of subschemas(root)) {
    if (child(schema, "$anchor")?.value === fragment || child(schema, "$dynamicAnchor")?.value === fragment)
      return schema;
    if (child(schema, "$id")?.value === `#${fragment}`) return schema;
  }
  return undefined;
}

/** A schema inside `root` whose `$id`, resolved against the root's, is what the reference names. */
function byId(root: Located, written: string): Located | undefined {
  const rootId = child(root, "$id")?.value;
  const base = typeof rootId === "string" ? rootId : "mcpc:/";
  const [target = "", fragment = ""] = absolute(written, base)?.split("#") ?? [];
  for (const schema of subschemas(root)) {
    const id = child(schema, "$id")?.value;
    if (typeof id === "string" && !id.startsWith("#") && absolute(id, base)?.split("#")[0] === target)
      return atFragment(schema, decodeURIComponent(fragment));
  }
  return undefined;
}

function absolute(written: string, base: string): string | undefined {
  return URL.canParse(written, base) ? new URL(written, base).href : undefined;
}
