import { decoded } from "../json-schema/reference.js";
import type { Subschema } from "./entry.js";

/** Returns the schemas with a `$ref` that leads back to itself, directly or through other references. */
export function recursiveReferences(subschemas: readonly Subschema[], of: Subschema["of"]): Subschema[] {
  const own = subschemas.filter((each) => each.of === of);
  const root = `/${of}Schema`;
  const byPlace = new Map(own.map((each) => [each.at, each]));
  const targetOf = ({ schema }: Subschema): string | undefined => {
    const reference = typeof schema === "boolean" ? undefined : schema["$ref"];
    return typeof reference === "string" && /^#(\/|$)/.test(reference) ? root + decoded(reference.slice(1)) : undefined;
  };
  /** References below each place, found once. */
  const below = new Map<string, readonly Subschema[]>();
  const referencesBelow = (at: string): readonly Subschema[] => {
    let known = below.get(at);
    if (!known) {
      known = own.filter((each) => (each.at === at || each.at.startsWith(`${at}/`)) && targetOf(each) !== undefined);
      // The root is around its definitions, but a value of the root does not contain values of all of them.
      if (at === root) known = known.filter((each) => !/^\/\w+Schema\/(\$defs|definitions)\//.test(each.at));
      below.set(at, known);
    }
    return known;
  };
  const leadsTo = (from: string, goal: Subschema, seen: Set<string>): boolean => {
    if (seen.has(from) || !byPlace.has(from)) return false;
    seen.add(from);
    return referencesBelow(from).some((each) => each === goal || leadsTo(targetOf(each)!, goal, seen));
  };
  return own.filter((each) => {
    const target = targetOf(each);
    return target !== undefined && leadsTo(target, each, new Set());
  });
}
