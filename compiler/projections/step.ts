import type { JsonSchema } from "../model/schema.js";
import type { JsonObject } from "../model/source.js";

/** A place in a schema that is rewritten. */
export interface SchemaPlace {
  readonly isRoot: boolean;
  /** The keyword that holds the schema; `undefined` at the root. */
  readonly keyword: string | undefined;
  /**
   * Reports a rule that the schema no longer states, as a phrase for its description. Every rewriting that lets a schema
   * accept more has to report one.
   */
  lose(rule: string): void;
  /**
   * Returns the target of a reference in the document; `undefined` if it does not resolve. If this place is already below
   * that target, it returns only the type, because a recursive schema has no end.
   */
  target(reference: string): JsonSchema | undefined;
}

/**
 * Rewrites one schema, but not the schemas below it, which are rewritten afterwards. The result accepts every value that
 * the given schema accepts.
 */
export type Step = (schema: JsonObject, place: SchemaPlace) => JsonObject;

export function atRoot(step: Step): Step {
  return (schema, place) => (place.isRoot ? step(schema, place) : schema);
}
