import { attackOn } from "../../2-check/runaway.js";
import type { JsonSchema } from "../../model/schema.js";
import type { Json } from "../../model/source.js";

const matchers = new Map<string, (text: string) => boolean | undefined>();

/** Length limit of texts for a pattern with exponential backtracking. */
const maxRiskLength = 16;
/** Length limit of texts that are made and matched. */
export const maxTextLength = 200_000;

/** Returns a matcher of a pattern anywhere in a text; its result is undefined where matching would take too long. */
export function matcher(pattern: string): (text: string) => boolean | undefined {
  let match = matchers.get(pattern);
  if (!match) matchers.set(pattern, (match = createMatcher(pattern)));
  return match;
}

function createMatcher(pattern: string): (text: string) => boolean | undefined {
  const expression = compiled(pattern);
  if (!expression) return () => undefined;
  let limit: number | undefined;
  return (text) => {
    if (text.length > maxRiskLength) {
      limit ??= isRisky(pattern) ? maxRiskLength : maxTextLength;
      if (text.length > limit) return undefined;
    }
    return expression.test(text);
  };
}

/** Whether a pattern may backtrack out of proportion to its text. */
export function isRisky(pattern: string): boolean {
  return attackOn(pattern) !== undefined;
}

function compiled(pattern: string): RegExp | undefined {
  try {
    return new RegExp(pattern, "u");
  } catch {
    return undefined;
  }
}

/** Whether a value can be validated in reasonable time, given the patterns of the schemas. */
export function isRiskFree(value: Json, schemas: readonly JsonSchema[]): boolean {
  const isShort = !hasLongText(value);
  return isShort || !schemas.some(hasRiskyPattern);
}

function hasLongText(value: Json): boolean {
  if (typeof value === "string") return value.length > maxRiskLength;
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(([name, each]) => name.length > maxRiskLength || hasLongText(each as Json));
}

const risky = new WeakMap<object, boolean>();

function hasRiskyPattern(schema: JsonSchema): boolean {
  if (typeof schema === "boolean") return false;
  let isFound = risky.get(schema);
  if (isFound === undefined) risky.set(schema, (isFound = patternsIn(schema as Json).some(isRisky)));
  return isFound;
}

function patternsIn(value: Json): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => [
    ...(key === "pattern" && typeof each === "string" ? [each] : []),
    ...(key === "patternProperties" && typeof each === "object" && each !== null ? Object.keys(each) : []),
    ...patternsIn(each as Json),
  ]);
}
