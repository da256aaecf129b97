import type { Json, JsonObject } from "../model/source.js";
import { pointerTokens } from "./pointer.js";
import { splitReference } from "./reference.js";

/** A part of a plain schema, and the tokens of its pointer. */
export interface Part {
  readonly schema: Json;
  readonly tokens: readonly string[];
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Returns a part below a part; `undefined` if it does not exist. */
export function below({ schema, tokens }: Part, ...more: readonly string[]): Part | undefined {
  let node: Json | undefined = schema;
  for (const token of more) {
    if (typeof node !== "object" || node === null || !Object.hasOwn(node, token)) return undefined;
    node = (node as JsonObject)[token];
  }
  return node === undefined ? undefined : { schema: node, tokens: [...tokens, ...more] };
}

/** Returns the parts in a list or a map of schemas, by index or name. */
export function partsOf(part: Part, keyword: string): readonly (readonly [name: string, part: Part])[] {
  const held = below(part, keyword);
  if (typeof held?.schema !== "object" || held.schema === null) return [];
  return Object.keys(held.schema).map((name) => [name, below(held, name)!] as const);
}

/** Returns all parts that apply to the same value: the given ones, the targets of their references, their `allOf`. */
export function withConjuncts(root: Json, parts: readonly Part[]): Part[] {
  const found = new Map<Json, Part>();
  const visit = (part: Part): void => {
    const { schema } = part;
    if (!isObject(schema) || found.has(schema)) return;
    found.set(schema, part);
    const { $ref: reference } = schema;
    const target =
      typeof reference === "string"
        ? below({ schema: root, tokens: [] }, ...pointerTokens(splitReference(reference).fragment))
        : undefined;
    if (target) visit(target);
    for (const [, branch] of partsOf(part, "allOf")) visit(branch);
  };
  parts.forEach(visit);
  return [...found.values()];
}
