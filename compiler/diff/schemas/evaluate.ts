import { isMultipleOf, repeatedItems } from "@mcpc/runtime/codegen/v1/validation";
import type { Json, JsonObject } from "../../model/source.js";
import { canonical, typeOfLiteral, typeOfValue, type Budget, type Formula, type LiteralShape } from "./formula.js";
import { formatNamed, type Formulas } from "./parse.js";
import { matcher } from "./patterns.js";

/** Evaluates whether a value satisfies a formula; undefined where this is not decidable. */
export type Evaluate = (formula: Formula, value: Json) => boolean | undefined;

const maxDepth = 100;

export function createEvaluate(formulas: Formulas, budget: Budget): Evaluate {
  const evaluate = (formula: Formula, value: Json, depth: number): boolean | undefined => {
    if (depth > maxDepth) return undefined;
    budget.spend(1);
    const of = (each: Formula): boolean | undefined => evaluate(each, value, depth + 1);
    switch (formula.kind) {
      case "schema":
        return every(formulas.keywordsOf(formula.id), of);
      case "all":
        return every(formula.of, of);
      case "any":
        return not(every(formula.of, (each) => not(of(each))));
      case "one": {
        const count = { true: 0, unknown: 0 };
        for (const each of formula.of) {
          const holds = of(each);
          if (holds === undefined) count.unknown++;
          else if (holds) count.true++;
        }
        if (count.true > 1) return false;
        return count.unknown > 0 ? undefined : count.true === 1;
      }
      case "not":
        return not(of(formula.of));
      default:
        return evaluateLiteral(formula, value, (each, inner) => evaluate(each, inner, depth + 1));
    }
  };
  return (formula, value) => evaluate(formula, value, 0);
}

function not(holds: boolean | undefined): boolean | undefined {
  return holds === undefined ? undefined : !holds;
}

function every<T>(all: readonly T[], holds: (each: T) => boolean | undefined): boolean | undefined {
  let isKnown = true;
  for (const each of all) {
    const result = holds(each);
    if (result === false) return false;
    if (result === undefined) isKnown = false;
  }
  return isKnown ? true : undefined;
}

function evaluateLiteral(literal: LiteralShape, value: Json, below: Evaluate): boolean | undefined {
  const type = typeOfLiteral(literal);
  if (type !== undefined && type !== typeOfValue(value)) return true;
  if (literal.kind === "opaque") return undefined;
  if (literal.kind === "type")
    return literal.types.includes(typeOfValue(value)) && !(literal.integer && isFraction(value));
  if (literal.kind === "enum") {
    const text = canonical(value);
    return literal.values.some((each) => canonical(each) === text);
  }
  if (type === "number") return evaluateNumber(literal, value as number);
  if (type === "string") return evaluateString(literal, value as string);
  if (type === "array") return evaluateArray(literal, value as readonly Json[], below);
  return evaluateObject(literal, value as JsonObject, below);
}

function isFraction(value: Json): boolean {
  return typeof value === "number" && !Number.isInteger(value);
}

function evaluateNumber(literal: LiteralShape, value: number): boolean | undefined {
  switch (literal.kind) {
    case "minimum":
      return literal.exclusive ? value > literal.value : value >= literal.value;
    case "maximum":
      return literal.exclusive ? value < literal.value : value <= literal.value;
    case "multipleOf":
      return isMultipleOf(value, literal.value);
    case "format": {
      const format = formatNamed(literal.format);
      return typeof format === "object" && "type" in format ? format.validate(value) : true;
    }
    default:
      return undefined;
  }
}

function evaluateString(literal: LiteralShape, value: string): boolean | undefined {
  switch (literal.kind) {
    case "minLength":
      return lengthOf(value) >= literal.value;
    case "maxLength":
      return lengthOf(value) <= literal.value;
    case "pattern":
      return matcher(literal.pattern)(value);
    case "format": {
      const format = formatNamed(literal.format);
      if (format instanceof RegExp) return format.test(value);
      return typeof format === "function" ? format(value) : true;
    }
    default:
      return undefined;
  }
}

/** Returns the number of code points, the length in JSON Schema. */
export function lengthOf(text: string): number {
  let length = 0;
  for (const _ of text) length++;
  return length;
}

function evaluateArray(literal: LiteralShape, value: readonly Json[], below: Evaluate): boolean | undefined {
  switch (literal.kind) {
    case "minItems":
      return value.length >= literal.value;
    case "maxItems":
      return value.length <= literal.value;
    case "unique":
      return repeatedItems(value) === undefined;
    case "item":
      return literal.index >= value.length || below(literal.schema, value[literal.index]!);
    case "rest":
      return every(value.slice(literal.from), (item) => below(literal.schema, item));
    case "containsMin":
    case "containsMax": {
      const results = value.map((item) => below(literal.schema, item));
      const least = results.filter((holds) => holds === true).length;
      const most = least + results.filter((holds) => holds === undefined).length;
      const fits = (count: number): boolean =>
        literal.kind === "containsMin" ? count >= literal.value : count <= literal.value;
      return fits(least) === fits(most) ? fits(least) : undefined;
    }
    default:
      return undefined;
  }
}

function evaluateObject(literal: LiteralShape, value: JsonObject, below: Evaluate): boolean | undefined {
  const names = Object.keys(value);
  switch (literal.kind) {
    case "minProperties":
      return names.length >= literal.value;
    case "maxProperties":
      return names.length <= literal.value;
    case "required":
      return Object.hasOwn(value, literal.name);
    case "property":
      return !Object.hasOwn(value, literal.name) || below(literal.schema, value[literal.name]!);
    case "names":
      return every(names, (name) => below(literal.schema, name));
    case "matching":
      return every(names, (name) => {
        const matches = matcher(literal.pattern)(name);
        return matches === false ? true : whereApplies(matches, below(literal.schema, value[name]!));
      });
    case "additional":
      return every(names, (name) => {
        if (literal.names.includes(name)) return true;
        const isMatched = not(every(literal.patterns, (pattern) => not(matcher(pattern)(name))));
        return isMatched === true ? true : whereApplies(not(isMatched), below(literal.schema, value[name]!));
      });
    default:
      return undefined;
  }
}

/** Combines a rule with its condition: where the condition is undecided, only a satisfied rule has a result. */
function whereApplies(applies: boolean | undefined, holds: boolean | undefined): boolean | undefined {
  return applies || holds ? holds : undefined;
}
