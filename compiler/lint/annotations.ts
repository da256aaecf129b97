import type { JsonObject } from "../model/source.js";

export function annotationsOf({ annotations }: JsonObject): JsonObject {
  return typeof annotations === "object" && annotations !== null && !Array.isArray(annotations)
    ? (annotations as JsonObject)
    : {};
}

/** Returns the place where a hint is or would be: the annotations, or else the name of the tool. */
export function placeOfHint(listing: JsonObject, hint?: string): string {
  if (!Object.hasOwn(listing, "annotations")) return "/name";
  return hint !== undefined && Object.hasOwn(annotationsOf(listing), hint) ? `/annotations/${hint}` : "/annotations";
}
