import type { Verdict } from "../rules.js";
import type { JsonSchema } from "../../model/schema.js";
import type { Json, JsonObject } from "../../model/source.js";
import { isObject } from "./classes.js";
import { decodedToken, differences, withDifference, type Difference } from "./differences.js";
import { createEvaluate } from "./evaluate.js";
import { areEqual, createBudget, NotComparable, type Budget } from "./formula.js";
import { includes, wholeBudget, type Inclusion } from "./inclusion.js";
import { formulasOf } from "./parse.js";
import { namesIn, schemasBeside } from "./known-names.js";
import { isRiskFree } from "./patterns.js";
import { withoutSafeBounds } from "./safe-integers.js";
import { shrunk } from "./shrink.js";
import { validatorOf, type Takes } from "./validators.js";

/**
 * Writer of the values. `input`: callers, whose values must stay valid. `output`: the server, whose values must be
 * valid by the old schema.
 */
export type Direction = "input" | "output";

/** A difference, and its effect on users of the schema. */
export interface SchemaChange extends Difference {
  readonly verdict: Verdict;
  /** Whether the new schema accepts other values; only present for compatible changes. */
  readonly effect: "none" | "values";
  /** A value that breaks the comparison. */
  readonly witness?: Json;
  /** The reason for the verdict `unknown`. */
  readonly reason?: string;
  /** Present for a new, optional property: callers that do not know it omit it. */
  readonly isOptionalArgument?: true;
}

/** Limit of differences that are judged one by one. */
const maxJudged = 60;

/**
 * Compares two plain schemas. Both validators confirm the witness of `breaking`, and `compatible` requires a proof. For
 * inputs, callers are assumed to omit new optional properties. Integers are assumed to be exact numbers.
 */
export function compareSchemas(old: JsonSchema, now: JsonSchema, direction: Direction): readonly SchemaChange[] {
  try {
    return compared(withoutSafeBounds(old), withoutSafeBounds(now), direction);
  } catch (error) {
    // The nesting of hostile schemas exceeds the stack.
    if (!(error instanceof RangeError)) throw error;
    return [{ at: [], kind: "rule", verdict: "unknown", effect: "values", reason: "the schemas nest too deeply" }];
  }
}

function compared(old: JsonSchema, now: JsonSchema, direction: Direction): readonly SchemaChange[] {
  if (areEqual(old as Json, now as Json)) return [];
  const all = differences(old, now);
  const texts = all.filter(({ kind }) => kind !== "rule" && kind !== "required");
  const rules = all.filter(({ kind }) => kind === "rule" || kind === "required");
  const optional = direction === "input" ? rules.filter((each) => isOptionalArgument(each, old, now)) : [];
  const judged = rules.filter((each) => !optional.includes(each));
  const opened = optional.reduce<JsonSchema>((schema, each) => withoutRule(schema, each), now);
  const [narrow, wide] = direction === "input" ? [old, opened] : [now, old];
  return [
    ...judge(judged, narrow, wide),
    ...optional.map((each) => {
      const fault = faultOf(each.new!, now as JsonObject);
      return fault === undefined ? compatible(each, true) : undecided(each, fault);
    }),
    ...texts.map((each) => compatible(each, false)),
  ];
}

function compatible(difference: Difference, isOptional: boolean): SchemaChange {
  const isRule = difference.kind === "rule" || difference.kind === "required";
  return {
    ...difference,
    verdict: "compatible",
    effect: isRule ? "values" : "none",
    ...(isOptional && { isOptionalArgument: true }),
  };
}

function undecided(difference: Difference, reason: string): SchemaChange {
  return { ...difference, verdict: "unknown", effect: "values", reason };
}

/** Returns why a new schema inside another cannot be compiled, if so. */
function faultOf(schema: Json, { $defs }: JsonObject): string | undefined {
  try {
    validatorOf({ ...($defs !== undefined && { $defs }), allOf: [schema] });
    return undefined;
  } catch (error) {
    if (error instanceof NotComparable) return error.message;
    if (error instanceof RangeError) return "the schema nests too deeply";
    throw error;
  }
}

function judge(all: readonly Difference[], narrow: JsonSchema, wide: JsonSchema): SchemaChange[] {
  if (all.length === 0) return [];
  const budget = createBudget(2 * wholeBudget);
  const whole = includes(wide, narrow);
  if (whole.kind === "included") {
    const effect = includes(narrow, wide).kind === "included" ? "none" : "values";
    return all.map((each) => ({ ...each, verdict: "compatible", effect }));
  }
  const takes = lazily(narrow);
  const refuses = lazily(wide);
  const confirms = (value: Json): boolean => {
    return isRiskFree(value, [narrow, wide]) && takes(value) === true && refuses(value) === false;
  };
  const witnessOf = (inclusion: Inclusion, alsoRefused?: (value: Json) => boolean | undefined): Json | undefined => {
    if (inclusion.kind === "included") return undefined;
    const still = (value: Json): boolean => confirms(value) && alsoRefused?.(value) !== true;
    const found = inclusion.candidates.find(still);
    return found === undefined ? undefined : shrunk(found, still);
  };
  // A single difference is the whole comparison.
  const isOne = all.length === 1;
  const changes =
    isOne || all.length > maxJudged || whole.reason !== undefined
      ? []
      : all.map((each) => judgeOne(each, narrow, wide, budget, witnessOf));
  if (changes.some(({ verdict }) => verdict === "breaking")) return changes;
  const witness = witnessOf(whole);
  const verdict = witness !== undefined ? "breaking" : "unknown";
  const found = {
    verdict,
    effect: "values",
    ...(witness !== undefined && { witness }),
    ...(whole.reason !== undefined && { reason: whole.reason }),
  } as const;
  if (isOne) return [{ ...all[0]!, ...found }];
  // Each change alone is compatible or undecided, so the schemas are judged as a whole.
  if (witness === undefined && changes.some((each) => each.verdict === "unknown")) return changes;
  return [...changes, { at: [], kind: "rule", ...found }];
}

/** Judges one difference as if it were the only one; the witness must break the whole comparison too. */
function judgeOne(
  difference: Difference,
  narrow: JsonSchema,
  wide: JsonSchema,
  budget: Budget,
  witnessOf: (inclusion: Inclusion, alsoRefused?: (value: Json) => boolean | undefined) => Json | undefined,
): SchemaChange {
  const name = difference.kind === "required" ? String(difference.old ?? difference.new) : undefined;
  const only = withDifference(narrow, wide, difference, name);
  const inclusion = includes(only, narrow, budget);
  if (inclusion.kind === "included") return { ...difference, verdict: "compatible", effect: "values" };
  const [evaluated, validated] = [evaluator(only), lazily(only)];
  // The evaluator needs no compilation, and rarely cannot decide.
  const witness = witnessOf(inclusion, (value) => evaluated(value) ?? validated(value));
  if (witness !== undefined) return { ...difference, verdict: "breaking", effect: "values", witness };
  return {
    ...difference,
    verdict: "unknown",
    effect: "values",
    ...(inclusion.reason !== undefined && { reason: inclusion.reason }),
  };
}

/** Returns a function that evaluates a schema without compiling it; its result is undefined if it cannot decide. */
function evaluator(schema: JsonSchema): (value: Json) => boolean | undefined {
  let evaluate: ((value: Json) => boolean | undefined) | undefined;
  return (value) => {
    try {
      if (!evaluate) {
        const formulas = formulasOf([schema]);
        const evaluateFormula = createEvaluate(formulas, createBudget(wholeBudget));
        evaluate = (each) => evaluateFormula(formulas.root(schema), each);
      }
      return evaluate(value);
    } catch (error) {
      if (error instanceof NotComparable || error instanceof RangeError) return undefined;
      throw error;
    }
  };
}

/** Returns a validator that is compiled on first use; its result is undefined for an invalid schema. */
function lazily(schema: JsonSchema): (value: Json) => boolean | undefined {
  let takes: Takes | undefined;
  return (value) => {
    try {
      takes ??= validatorOf(schema);
      return takes(value);
    } catch (error) {
      // The schema is invalid, or refers to itself at the same place.
      if (error instanceof NotComparable || error instanceof RangeError) return undefined;
      throw error;
    }
  };
}

/** Whether a change is a new optional property, of values for which the old schema has no rule about it. */
function isOptionalArgument({ at, kind, old }: Difference, before: JsonSchema, now: JsonSchema): boolean {
  if (kind !== "rule" || old !== undefined || at.at(-2) !== "properties" || !isPositive(at, now)) return false;
  const parent = at.slice(0, -2);
  const [one, other] = [nodeAt(before, parent), nodeAt(now, parent)];
  if (!isObject(one) || !isObject(other)) return false;
  if (Array.isArray(other["required"]) && (other["required"] as readonly Json[]).includes(at.at(-1)!)) return false;
  const beside = schemasBeside(before, one);
  return beside !== undefined && [...beside].every((each) => !namesIn(each).has(at.at(-1)!) && isOpen(each));
}

function isOpen(schema: JsonObject): boolean {
  const closing = ["additionalProperties", "unevaluatedProperties", "patternProperties", "propertyNames"];
  return closing.every((keyword) => schema[keyword] === undefined || schema[keyword] === true);
}

/** Keywords whose wider subschema makes the whole schema wider. */
const widening: ReadonlySet<string> = new Set([
  "properties",
  "items",
  "prefixItems",
  "additionalProperties",
  "allOf",
  "anyOf",
  "patternProperties",
]);

function isPositive(at: readonly string[], root: JsonSchema): boolean {
  const [section, name = ""] = at;
  const isShared = section === "$defs";
  if (isShared && reversedDefinitions(root).has(name)) return false;
  for (let index = isShared ? 2 : 0; index < at.length; index++) {
    const keyword = at[index]!;
    if (!widening.has(keyword)) return false;
    if (keyword !== "items" && keyword !== "additionalProperties") index++;
  }
  return true;
}

/** Returns the definitions that are referenced from a place where a wider subschema does not widen the whole. */
function reversedDefinitions(root: JsonSchema): ReadonlySet<string> {
  const reversed = new Set<string>();
  const definitions = isObject(root) && isObject(root["$defs"]) ? root["$defs"] : {};
  const visit = (node: Json, isReversed: boolean): void => {
    if (Array.isArray(node)) return (node as readonly Json[]).forEach((each) => visit(each, isReversed));
    if (!isObject(node)) return;
    for (const [keyword, value] of Object.entries(node)) {
      if (keyword === "$defs") continue;
      if (keyword === "$ref" && isReversed && typeof value === "string") {
        const name = decodedToken(/^#\/\$defs\/([^/]+)/.exec(value)?.[1] ?? "");
        if (reversed.has(name) || !Object.hasOwn(definitions, name)) continue;
        reversed.add(name);
        visit(definitions[name]!, true);
      } else if (keyword === "properties" || keyword === "patternProperties" || keyword === "dependentSchemas")
        Object.values(isObject(value) ? value : {}).forEach((each) =>
          visit(each, isReversed || !widening.has(keyword)),
        );
      else visit(value, isReversed || !widening.has(keyword));
    }
  };
  visit(root as Json, false);
  Object.values(definitions).forEach((each) => visit(each, false));
  return reversed;
}

function nodeAt(root: JsonSchema, at: readonly string[]): Json | undefined {
  let node: Json | undefined = root as Json;
  for (const token of at)
    node =
      typeof node === "object" && node !== null && Object.hasOwn(node, token) ? (node as JsonObject)[token] : undefined;
  return node;
}

/** Returns the schema with any value allowed for one property. */
function withoutRule(schema: JsonSchema, { at }: Difference): JsonSchema {
  const edit = (node: Json, [token, ...rest]: readonly string[]): Json => {
    if (token === undefined) return true;
    if (Array.isArray(node))
      return (node as readonly Json[]).map((item, index) => (String(index) === token ? edit(item, rest) : item));
    return Object.fromEntries(
      Object.entries(node as JsonObject).map(([key, value]) => [key, key === token ? edit(value, rest) : value]),
    );
  };
  return edit(schema as Json, at) as JsonSchema;
}
