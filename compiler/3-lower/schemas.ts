import type { Reachable } from "../json-schema/resolve.js";
import { placeOf, type SchemaRoot } from "../json-schema/resource.js";
import { enter } from "../json-schema/scope.js";
import type { Again } from "../model/again.js";
import type { Identifier, Schema } from "../model/server.js";
import type { Located } from "../model/source.js";
import { withCopies } from "./copies.js";
import { isPlain, plainSchema } from "./plain.js";

/** The place of a self-contained schema in the user's files. */
export interface WrittenSchema {
  readonly root: Located;
  /** Sources of the entries of its `$defs`, by key. */
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
  const { schema, plain, definitions } = again(
    "copied schemas",
    JSON.stringify([made.schema, made.plain ?? null, made.definitions]),
    () => made,
  );
  return standing({ ...made, schema, ...(plain !== undefined && { plain }), definitions }, places.get(made)!);
}

function standing(schema: Schema, where: WrittenSchema): Schema {
  places.set(schema, where);
  return schema;
}

/**
 * Makes a schema self-contained: what it reaches beyond itself becomes part of its own `$defs`. A schema that reaches
 * nothing is passed on as the very same value.
 */
export function selfContained(
  root: SchemaRoot,
  type: Identifier,
  reachable: Reachable,
  sharedTypes: ReadonlyMap<string, Identifier>,
): Schema {
  const place = placeOf(root);
  const { span } = root.node;
  const copied = withCopies(place, reachable);
  const isListed = copied !== undefined;
  if (copied && isPlain(place)) {
    const written = new Map([...copied.copies].map(([key, { node }]) => [key, node]));
    const names = [...copied.copies].flatMap(([key, { node, resource }]) => {
      const { definition } = resource.document.root;
      return definition !== undefined && node === resource.document.root.node ? [[key, definition] as const] : [];
    });
    return standing(
      { type, schema: copied.schema, definitions: typesBy(names, sharedTypes), span },
      { root: root.node, copied: written },
    );
  }
  const { schema, definitions } = plainSchema(place, reachable);
  const names = [...definitions].flatMap(([key, { place: at, scope }]) => {
    const { definition, node } = at.resource.document.root;
    const isWhole = definition !== undefined && at.node === node && scope.key === enter(at.resource).key;
    return isWhole ? [[key, definition] as const] : [];
  });
  const made = isListed ? { schema: copied.schema, plain: schema } : { schema };
  const written = new Map([...definitions].map(([key, { place: at }]) => [key, at.node]));
  return standing(
    { type, ...made, definitions: typesBy(names, sharedTypes), span },
    { root: root.node, copied: written },
  );
}

function typesBy(
  names: readonly (readonly [key: string, definition: string])[],
  sharedTypes: ReadonlyMap<string, Identifier>,
): Schema["definitions"] {
  return Object.fromEntries(
    names.flatMap(([key, name]) => {
      const type = sharedTypes.get(name);
      return type === undefined ? [] : [[key, type]];
    }),
  );
}
