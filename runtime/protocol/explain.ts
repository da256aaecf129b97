import type { ValidationError } from "./surface.js";

/** One text that names every failure, its place and the rule. */
export function explain(errors: readonly ValidationError[], _value: unknown, what: string): string {
  return `invalid ${what}: ${errors.map((error) => `${error.instancePath} ${error.message ?? error.keyword}`).join("; ")}`;
}
