import { pointer, pointerTokens } from "../json-schema/pointer.js";
import { splitReference } from "../json-schema/reference.js";
import { applicators, mapped } from "../json-schema/walk.js";
import { withoutForeignKeywords } from "../json-schema/foreign.js";
import type { JsonSchema } from "../model/schema.js";
import type { Identifier } from "../model/server.js";
import type { Json, JsonObject } from "../model/source.js";

/** A reference of a plain schema to a part that is not a shared definition. */
export interface PrivateReference {
  readonly fragment: string;
  /** The last part of its type's name. */
  readonly word: string;
}

/**
 * Lists the references of a plain schema and of their targets, each once, in the order of the text. References to the
 * schema itself and to shared definitions are omitted. `shared` has the names of shared definitions by their key in
 * `$defs`.
 */
export function privateReferences(
  plain: JsonSchema,
  shared: Readonly<Record<string, string>> = {},
): PrivateReference[] {
  const whole = withoutForeignKeywords(plain);
  const named = new Set(["", ...Object.keys(shared).map((key) => pointer(["$defs", key]))]);
  const found: PrivateReference[] = [];
  const open: Json[] = [whole];
  const visit = (schema: Json): Json => {
    if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return schema;
    for (const [key, value] of Object.entries(schema as JsonObject)) {
      if (key === "$ref" && typeof value === "string") add(splitReference(value).fragment);
      else if (applicators.has(key) && key !== "$defs") mapped(key, value, visit);
    }
    return schema;
  };
  const add = (fragment: string): void => {
    if (named.has(fragment)) return;
    named.add(fragment);
    const tokens = pointerTokens(fragment);
    const target = tokens.reduce<Json | undefined>(member, whole);
    if (target === undefined) return;
    found.push({ fragment, word: pascal(tokens.at(-1) ?? "") });
    open.push(target);
  };
  for (let schema = open.shift(); schema !== undefined; schema = open.shift()) visit(schema);
  return found;
}

/** Names the types of private references after the type that uses them, with a number where the name is taken. */
export function privateTypes(
  type: Identifier,
  references: readonly PrivateReference[],
  taken: Set<string>,
): Record<string, Identifier> {
  const types: Record<string, Identifier> = {};
  for (const { fragment, word } of references) {
    const base = type + word;
    let name = base;
    for (let number = 2; taken.has(name); number++) name = `${base}${number}`;
    taken.add(name);
    types[fragment] = name as Identifier;
  }
  return types;
}

function member(node: Json | undefined, token: string): Json | undefined {
  return typeof node === "object" && node !== null && Object.hasOwn(node, token)
    ? (node as JsonObject)[token]
    : undefined;
}

function pascal(name: string): string {
  return name
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== "")
    .map((word) => word[0]!.toUpperCase() + word.slice(1, 40))
    .join("");
}
