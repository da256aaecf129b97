import type { Json } from "../../model/source.js";
import { solveArrays } from "./arrays.js";
import { jsonTypes, typeOfLiteral, typeOfValue, type SchemaType, type Literal } from "./formula.js";
import { solveNumbers } from "./numbers.js";
import { solveObjects } from "./objects.js";
import { closed, distinct, proof, type Domain, type Outcome, type Sides, type Tools } from "./outcome.js";
import { solveStrings } from "./strings.js";

/** Solves a statement of literals, which is proved when it is proved for each type of JSON. */
export function solveLeaf(left: readonly Literal[], right: readonly Literal[], tools: Tools): Outcome {
  const candidates: Json[] = [];
  let isClosed = true;
  for (const type of jsonTypes) {
    const domain = domainOf(type, left, right, tools);
    if ("closed" in domain) continue;
    const isExact = "values" in domain;
    const possible = (isExact ? domain.values : domain.samples).filter((value) => fits(value, left, right, tools));
    if (isExact && possible.length === 0) continue;
    isClosed = false;
    candidates.push(...distinct(possible));
  }
  return isClosed ? proof : { closed: false, candidates };
}

function domainOf(type: SchemaType, left: readonly Literal[], right: readonly Literal[], tools: Tools): Domain {
  let [integerLeft, integerRight] = [false, false];
  let values: readonly Json[] | undefined;
  const refused: Json[] = [];
  const own: { left: Literal[]; right: Literal[] } = { left: [], right: [] };
  for (const literal of left) {
    if (literal.kind === "type") {
      if (!literal.types.includes(type)) return closed;
      if (literal.integer) integerLeft = true;
    } else if (literal.kind === "enum") {
      const listed = literal.values.filter((value) => typeOfValue(value) === type);
      values = values ? values.filter((value) => fits(value, [literal], [], tools)) : listed;
    } else if (typeOfLiteral(literal) === type) own.left.push(literal);
  }
  for (const literal of right) {
    if (literal.kind === "type") {
      if (!literal.types.includes(type)) continue;
      if (type !== "number" || !literal.integer) return closed;
      integerRight = true;
    } else if (literal.kind === "enum") refused.push(...literal.values.filter((value) => typeOfValue(value) === type));
    else {
      // Values of other types satisfy the literal.
      if (typeOfLiteral(literal) !== type) return closed;
      own.right.push(literal);
    }
  }
  if (values) return values.length === 0 ? closed : { values };
  const sides: Sides = { ...own, integer: { left: integerLeft, right: integerRight }, refused };
  switch (type) {
    case "null":
      return { values: [null] };
    case "boolean":
      return { values: [false, true] };
    case "number":
      return solveNumbers(sides, tools);
    case "string":
      return solveStrings(sides, tools);
    case "array":
      return solveArrays(sides, tools);
    case "object":
      return solveObjects(sides, tools);
  }
}

/** Whether a value satisfies, or may satisfy, all literals on the left and none on the right. */
function fits(value: Json, left: readonly Literal[], right: readonly Literal[], { evaluate }: Tools): boolean {
  return (
    left.every((literal) => evaluate(literal, value) !== false) &&
    right.every((literal) => evaluate(literal, value) !== true)
  );
}
