import { child } from "../json-schema/pointer.js";
import { resolve } from "../json-schema/resolve.js";
import { placeBelow, type Place } from "../json-schema/resource.js";
import type { Json, Located, LocatedObject } from "../model/source.js";
import { bounds, isOfType } from "./satisfiable.js";
import type { Reachable } from "../model/schema.js";

/** Two rules that no value satisfies together. */
export interface Contradiction {
  readonly at: Located;
  readonly other: Located;
  readonly reason: string;
}

/** Limit of schemas for one value; beyond it, there are too many pairs to compare. */
const most = 64;

/**
 * Finds contradictions between the schemas that apply to the same value: the schema itself, each branch of `allOf`, and
 * the targets of `$ref`. Reports only what is certain.
 */
export function contradictions(place: Place, reachable: Reachable): Contradiction[] {
  if (place.node.kind !== "object" || isReplaced(place)) return [];
  const groups = [[place.node], ...partsOf(place, reachable).map((part) => closure(part, reachable))];
  if (groups.length === 1 || groups.flat().length > most) return [];
  return groups.flatMap((group, index) =>
    groups
      .slice(0, index)
      .flatMap((earlier) =>
        group.flatMap((one) => earlier.flatMap((other) => (one === other ? [] : (conflict(one, other) ?? [])))),
      ),
  );
}

/** Whether `$ref` replaces the schema: draft-07 ignores all keywords beside `$ref`. */
function isReplaced({ node, resource }: Place): boolean {
  return resource.dialect === "draft-07" && child(node, "$ref") !== undefined;
}

function partsOf(place: Place, reachable: Reachable): Place[] {
  const all = isReplaced(place) ? undefined : child(place.node, "allOf");
  const parts = all?.kind === "array" ? all.items.map((node) => placeBelow(place, node)) : [];
  const reference = child(place.node, "$ref")?.value;
  const target = typeof reference === "string" ? resolve(reference, place.resource, reachable) : undefined;
  return target && "place" in target ? [...parts, target.place] : parts;
}

/** Returns all schemas that apply together with a schema, itself first. */
function closure(first: Place, reachable: Reachable): LocatedObject[] {
  const found = new Set<LocatedObject>();
  const seen = new Set<Located>();
  const open = [first];
  for (let place = open.pop(); place && seen.size <= most; place = open.pop()) {
    if (place.node.kind !== "object" || seen.has(place.node)) continue;
    seen.add(place.node);
    if (!isReplaced(place)) found.add(place.node);
    open.push(...partsOf(place, reachable));
  }
  return [...found];
}

function conflict(one: LocatedObject, other: LocatedObject): Contradiction | undefined {
  return (
    types(one, other) ??
    values(one, other) ??
    valuesOfType(one, other) ??
    valuesOfType(other, one) ??
    limits(one, other) ??
    limits(other, one) ??
    forbidden(one, other) ??
    forbidden(other, one)
  );
}

function types(one: LocatedObject, other: LocatedObject): Contradiction | undefined {
  const [at, second] = [child(one, "type"), child(other, "type")];
  if (!at || !second) return undefined;
  const [left, right] = [at, second].map((node) => ([node.value].flat() as string[]).flatMap(withIntegers));
  if (left!.some((type) => right!.includes(type))) return undefined;
  return { at, other: second, reason: `no value is of type ${words(at)} and of type ${words(second)}` };
}

function withIntegers(type: string): string[] {
  return type === "number" ? ["number", "integer"] : [type];
}

function words({ value }: Located): string {
  return [value].flat().join(" or ");
}

/** Returns `const` or `enum`, and the values that the keyword allows. */
function choice(schema: LocatedObject): { readonly at: Located; readonly left: readonly Json[] } | undefined {
  const constant = child(schema, "const");
  if (constant) return { at: constant, left: [constant.value] };
  const list = child(schema, "enum");
  return list?.kind === "array" && list.items.length > 0 ? { at: list, left: list.value } : undefined;
}

function values(one: LocatedObject, other: LocatedObject): Contradiction | undefined {
  const [mine, theirs] = [choice(one), choice(other)];
  if (!mine || !theirs || [...mine.left, ...theirs.left].some((value) => typeof value === "object" && value !== null))
    return undefined;
  if (mine.left.some((value) => theirs.left.includes(value))) return undefined;
  return { at: mine.at, other: theirs.at, reason: "the two have no value in common" };
}

function valuesOfType(one: LocatedObject, other: LocatedObject): Contradiction | undefined {
  const [mine, type] = [choice(one), child(other, "type")];
  const allowed = type && ([type.value].flat() as Json[]);
  if (!mine || !type || mine.left.some((value) => allowed!.some((name) => isOfType(value, name)))) return undefined;
  return { at: mine.at, other: type, reason: `no value that it names is of type ${words(type)}` };
}

function limits(one: LocatedObject, other: LocatedObject): Contradiction | undefined {
  for (const [low, high, what, equal] of bounds) {
    const [least, most] = [child(one, low), child(other, high)];
    if (typeof least?.value !== "number" || typeof most?.value !== "number") continue;
    if (least.value < most.value || (equal && least.value === most.value)) continue;
    const reason = `no ${what} has "${low}" ${least.value} and "${high}" ${most.value}`;
    return { at: least, other: most, reason };
  }
  return undefined;
}

/** Finds members that one schema requires and another forbids. */
function forbidden(one: LocatedObject, other: LocatedObject): Contradiction | undefined {
  const required = child(one, "required");
  const [properties, closed] = [child(other, "properties"), child(other, "additionalProperties")];
  if (required?.kind !== "array") return undefined;
  for (const at of required.items) {
    const name = String(at.value);
    const property = properties && child(properties, name);
    const reason = `${JSON.stringify(name)} is required`;
    if (property?.value === false)
      return { at, other: property, reason: `${reason}, but its schema is false: it can never be given` };
    if (!property && closed?.value === false && !child(other, "patternProperties"))
      return { at, other: closed, reason: `${reason}, but "additionalProperties": false forbids it` };
  }
  return undefined;
}
