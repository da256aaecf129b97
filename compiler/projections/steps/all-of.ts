import type { Json } from "../../model/source.js";
import { intersection } from "../intersection.js";
import { resolved } from "../references.js";
import type { Step } from "../step.js";

/** Merges the members of `allOf` into the schema. */
export const mergeAllOf: Step = (schema, place) => {
  let merged = schema;
  const seen = new Set<string>();
  for (let more = merged["allOf"]; Array.isArray(more); more = merged["allOf"]) {
    const { allOf: _, ...rest } = merged;
    merged = rest;
    for (const member of more as readonly Json[]) {
      const own = resolved(member, place, seen);
      if (own === false) place.lose("no value is valid");
      else if (own !== true) merged = intersection(merged, own, place.lose);
    }
  }
  return merged;
};
