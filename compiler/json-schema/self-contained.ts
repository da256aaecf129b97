import type { JsonSchema, Reachable, SchemaRoot } from "../model/schema.js";
import type { Located } from "../model/source.js";
import { withCopies } from "./copies.js";
import { isPlain, plainSchema } from "./plain.js";
import { placeOf } from "./resource.js";
import { enter } from "./scope.js";

/**
 * A schema that reaches nothing beyond itself, so that it can be listed alone. `plain` is the same in 2020-12, where every
 * `$ref` is a pointer into the schema (`#…`) and nothing has an identifier; it is absent where `schema` is plain.
 */
export interface SelfContained {
  readonly schema: JsonSchema;
  readonly plain?: JsonSchema;
  /** The names of shared definitions, by their key in the `$defs` of the plain form. */
  readonly shared: { readonly [key: string]: string };
  /** The sources of the schema and of the entries of its `$defs`. */
  readonly written: Written;
}

/** The place of a self-contained schema in the user's files. */
export interface Written {
  readonly root: Located;
  /** Sources of the entries of its `$defs`, by key. */
  readonly copied: ReadonlyMap<string, Located>;
}

const memo = new WeakMap<Reachable, WeakMap<Located, SelfContained>>();

/**
 * Makes a schema self-contained: what it reaches beyond itself becomes part of its own `$defs`. A schema that reaches
 * nothing is passed on as the very same value. Each schema is rewritten once.
 */
export function selfContained(root: SchemaRoot, reachable: Reachable): SelfContained {
  let schemas = memo.get(reachable);
  if (!schemas) memo.set(reachable, (schemas = new WeakMap()));
  let contained = schemas.get(root.node);
  if (!contained) schemas.set(root.node, (contained = rewrite(root, reachable)));
  return contained;
}

function rewrite(root: SchemaRoot, reachable: Reachable): SelfContained {
  const place = placeOf(root);
  const copied = withCopies(place, reachable);
  if (copied && isPlain(place)) {
    const sources = new Map([...copied.copies].map(([key, { node }]) => [key, node]));
    const names = [...copied.copies].flatMap(([key, { node, resource }]) => {
      const { definition } = resource.document.root;
      return definition !== undefined && node === resource.document.root.node ? [[key, definition] as const] : [];
    });
    return {
      schema: copied.schema,
      shared: Object.fromEntries(names),
      written: { root: root.node, copied: sources },
    };
  }
  const { schema, definitions } = plainSchema(place, reachable);
  const names = [...definitions].flatMap(([key, { place: at, scope }]) => {
    const { definition, node } = at.resource.document.root;
    const isWhole = definition !== undefined && at.node === node && scope.key === enter(at.resource).key;
    return isWhole ? [[key, definition] as const] : [];
  });
  return {
    ...(copied ? { schema: copied.schema, plain: schema } : { schema }),
    shared: Object.fromEntries(names),
    written: { root: root.node, copied: new Map([...definitions].map(([key, { place: at }]) => [key, at.node])) },
  };
}
