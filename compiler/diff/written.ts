import { located } from "../json-schema/located.js";
import { placeOf } from "../json-schema/resource.js";
import { isPlain, plainSchema } from "../json-schema/plain.js";
import type { JsonSchema, Reachable } from "../model/schema.js";
import type { Json, Located } from "../model/source.js";

/** A schema in the plain form, and the mapping from its places to the schema as written. */
export interface PlainForm {
  readonly schema: JsonSchema;
  /** Maps the tokens of a place in the plain form to the tokens in the schema as written. */
  readonly written: (at: readonly string[]) => readonly string[];
}

const nothingElse: Reachable = { fingerprint: "", definitions: new Map(), files: new Map(), outside: new Set() };

/** Returns the plain form. Throws for a reference without a target. */
export function plainForm(schema: Json): PlainForm {
  if (typeof schema !== "object" || schema === null)
    return { schema: schema === false ? false : true, written: (at) => at };
  const node = located(schema, { path: "", start: 0, end: 0 });
  const place = placeOf({ node, file: "schema.json" });
  if (isPlain(place)) return { schema: schema as JsonSchema, written: (at) => at };
  const { schema: plain, definitions } = plainSchema(place, nothingElse);
  return {
    schema: plain,
    written: (at) => {
      const [section, name, ...rest] = at;
      const definition = section === "$defs" && name !== undefined ? definitions.get(name) : undefined;
      if (!definition) return translated(node, at);
      return [...(wayTo(node, definition.place.node) ?? []), ...translated(definition.place.node, rest)];
    },
  };
}

/** Maps keywords to their names in older dialects. */
function translated(node: Located, at: readonly string[]): readonly string[] {
  const found: string[] = [];
  let here: Located | undefined = node;
  for (const token of at) {
    const names: readonly string[] =
      token === "prefixItems"
        ? ["prefixItems", "items"]
        : token === "items"
          ? ["additionalItems", "items"]
          : token.startsWith("dependent")
            ? [token, "dependencies"]
            : [token];
    const name: string = names.find((each) => here && childOf(here, each)) ?? token;
    found.push(name);
    here = here && childOf(here, name);
  }
  return found;
}

function childOf(node: Located, token: string): Located | undefined {
  if (node.kind === "object") return node.members.find(({ key }) => key === token)?.node;
  return node.kind === "array" ? node.items[Number(token)] : undefined;
}

function wayTo(from: Located, to: Located): readonly string[] | undefined {
  if (from === to) return [];
  const children: readonly (readonly [string, Located])[] =
    from.kind === "object"
      ? from.members.map(({ key, node }) => [key, node] as const)
      : from.kind === "array"
        ? from.items.map((item, index) => [String(index), item] as const)
        : [];
  for (const [token, child] of children) {
    const rest = wayTo(child, to);
    if (rest) return [token, ...rest];
  }
  return undefined;
}
