import { mentions } from "../json-schema/resource.js";
import { misfit } from "../json-schema/fits.js";
import { below, isObject, partsOf, withConjuncts, type Part } from "../json-schema/in-place.js";
import type { JsonSchema } from "../model/schema.js";
import type { FilledPlace, Filling } from "../model/server.js";
import type { Json, JsonObject } from "../model/source.js";

/** Limit of places: combinations of a hostile schema's parts may be unbounded. */
const maxPlaces = 500;
const defaults: ReadonlySet<string> = new Set(["default"]);

/**
 * Plans how defaults are filled in a value that is valid by its schema. Defaults apply to missing properties, in
 * objects below `properties`, `items` and `prefixItems`, through references and `allOf`. A default within a branch of a
 * union does not apply, nor does the default of a property that a branch names: the presence of that property decides
 * which branch applies. Undefined without defaults to fill in.
 */
export function fillingOf(plain: JsonSchema): Omit<Filling, "type" | "types"> | undefined {
  if (!mentions(plain, defaults)) return undefined;
  const places: MutablePlace[] = [];
  const indexes = new Map<string, number>();
  const identities = new Map<Json, number>();
  const identity = ({ schema: part }: Part): number => {
    if (!identities.has(part)) identities.set(part, identities.size);
    return identities.get(part)!;
  };

  const place = (parts: readonly Part[]): number | undefined => {
    const conjuncts = withConjuncts(plain, parts);
    const key = conjuncts.map(identity).join();
    const existing = indexes.get(key);
    if (existing !== undefined || conjuncts.length === 0 || places.length >= maxPlaces) return existing;
    const filled: MutablePlace = { presets: [], members: [], prefix: [], useful: false };
    const index = places.push(filled) - 1;
    indexes.set(key, index);
    const decided = decidedNames(plain, conjuncts);
    for (const [name, properties] of propertiesOf(conjuncts)) {
      if (name === "__proto__" || decided.has(name)) continue;
      const preset = withConjuncts(plain, properties).find(({ schema: part }) => "default" in (part as JsonObject));
      const value = preset && (preset.schema as JsonObject)["default"]!;
      const fits = (): boolean => properties.every((property) => misfit(plain, property, value!) === undefined);
      if (value !== undefined && !isRequired(conjuncts, name) && fits()) filled.presets.push([name, value]);
      const member = place(properties);
      if (member !== undefined) filled.members.push([name, member]);
    }
    const heads = conjuncts.map((part) => partsOf(part, "prefixItems").map(([, item]) => item));
    const longest = Math.max(...heads.map(({ length }) => length));
    for (let at = 0; at < longest; at++) filled.prefix.push(place(heads.flatMap((items) => items[at] ?? [])));
    const rest = conjuncts.flatMap((part) => below(part, "items") ?? []);
    // `items` applies after `prefixItems`. With prefixes of different lengths, the schemas of those items differ.
    if (heads.every(({ length }) => length === longest)) filled.items = place(rest);
    return index;
  };

  const start = place([{ schema: plain, tokens: [] }]);
  if (start === undefined) return undefined;
  markUseful(places);
  if (!places[start]!.useful) return undefined;
  const useful = (index: number | undefined): number | undefined =>
    index !== undefined && places[index]!.useful ? index : undefined;
  const filledPlaces = places.map(({ presets, members, prefix, items }): FilledPlace => {
    const rest = useful(items);
    return {
      presets,
      members: members.filter(([, index]) => useful(index) !== undefined),
      prefix: prefix.map((index) => useful(index) ?? null),
      ...(rest !== undefined && { items: rest }),
    };
  });
  return { places: filledPlaces, filled: filledSchema(plain, filledPlaces) };
}

interface MutablePlace {
  readonly presets: [name: string, value: Json][];
  readonly members: [name: string, index: number][];
  readonly prefix: (number | undefined)[];
  items?: number | undefined;
  useful: boolean;
}

/** Marks the places that have defaults to fill in, or lead to a place that has some. */
function markUseful(places: readonly MutablePlace[]): void {
  for (let changed = true; changed;) {
    changed = false;
    for (const place of places) {
      if (place.useful) continue;
      const below = [...place.members.map(([, index]) => index), ...place.prefix, place.items];
      place.useful = place.presets.length > 0 || below.some((index) => index !== undefined && places[index]!.useful);
      changed ||= place.useful;
    }
  }
}

function propertiesOf(conjuncts: readonly Part[]): Map<string, Part[]> {
  const found = new Map<string, Part[]>();
  for (const part of conjuncts)
    for (const [name, property] of partsOf(part, "properties")) found.set(name, [...(found.get(name) ?? []), property]);
  return found;
}

function isRequired(conjuncts: readonly Part[], name: string): boolean {
  return conjuncts.some(({ schema }) => {
    const { required } = schema as JsonObject;
    return Array.isArray(required) && required.includes(name);
  });
}

const lists = ["anyOf", "oneOf"] as const;
const singles = ["if", "then", "else", "not"] as const;

/** Returns the names of properties that decide which other schemas apply to the value. */
function decidedNames(root: Json, conjuncts: readonly Part[]): ReadonlySet<string> {
  const names = new Set<string>();
  const seen = new Set<Json>();
  const branchesOf = (part: Part): Part[] => [
    ...[...lists, "dependentSchemas"].flatMap((keyword) => partsOf(part, keyword).map(([, branch]) => branch)),
    ...singles.flatMap((keyword) => below(part, keyword) ?? []),
  ];
  const visit = (branch: Part): void => {
    for (const part of withConjuncts(root, [branch])) {
      if (seen.has(part.schema)) continue;
      seen.add(part.schema);
      const { properties, required } = part.schema as JsonObject;
      if (isObject(properties)) Object.keys(properties).forEach((name) => names.add(name));
      if (Array.isArray(required)) required.forEach((name) => names.add(String(name)));
      branchesOf(part).forEach(visit);
    }
  };
  for (const part of conjuncts) {
    branchesOf(part).forEach(visit);
    for (const keyword of ["dependentSchemas", "dependentRequired"])
      for (const [name] of partsOf(part, keyword)) names.add(name);
  }
  return names;
}

/** Returns the schema of a value after its defaults are filled in, for its type. */
function filledSchema(root: JsonSchema, places: readonly FilledPlace[]): JsonSchema {
  const filled = (schema: Json | undefined, index: number, around: readonly number[]): Json => {
    const base = isObject(schema) ? schema : {};
    // The type of a recursive value has its defaults filled in at one level only.
    if (around.includes(index)) return base;
    const { presets, members, items, prefix } = places[index]!;
    const inner = [...around, index];
    const { properties, required, prefixItems } = base;
    const names = [...(Array.isArray(required) ? required : []), ...presets.map(([name]) => name)];
    const declared = isObject(properties) ? properties : {};
    const changed = members.map(([name, member]) => {
      const property = Object.hasOwn(declared, name) ? declared[name] : undefined;
      return [name, filled(property, member, inner)] as const;
    });
    return {
      ...base,
      ...(names.length > 0 && { required: [...new Set(names)] }),
      ...(members.length > 0 && { properties: { ...declared, ...Object.fromEntries(changed) } }),
      ...(Array.isArray(prefixItems) && {
        prefixItems: prefixItems.map((item, at) => {
          const head = prefix[at];
          return typeof head === "number" ? filled(item, head, inner) : item;
        }),
      }),
      ...(items !== undefined && isObject(base["items"]) && { items: filled(base["items"], items, inner) }),
    };
  };
  return filled(root, 0, []) as JsonSchema;
}
