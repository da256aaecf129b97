import { isMultipleOf } from "@mcpc/runtime/codegen/v1/validation";
import { closed, type Domain, type Sides, type Tools } from "./outcome.js";

interface Bound {
  readonly value: number;
  readonly exclusive: boolean;
}

const maxListed = 64;

/** Solves numbers: an interval, and the steps between them. */
export function solveNumbers({ left, right, integer }: Sides, { palette }: Tools): Domain {
  let lower: Bound = { value: -Infinity, exclusive: false };
  let upper: Bound = { value: Infinity, exclusive: false };
  const raise = (bound: Bound): void => {
    if (bound.value > lower.value || (bound.value === lower.value && bound.exclusive)) lower = bound;
  };
  const reduce = (bound: Bound): void => {
    if (bound.value < upper.value || (bound.value === upper.value && bound.exclusive)) upper = bound;
  };
  const steps: number[] = integer.left ? [1] : [];
  let isInteger = integer.left;
  const formats = new Set<string>();
  for (const literal of left)
    if (literal.kind === "minimum") raise(literal);
    else if (literal.kind === "maximum") reduce(literal);
    else if (literal.kind === "multipleOf") steps.push(literal.value);
    else if (literal.kind === "format") {
      formats.add(literal.format);
      if (/^int\d/.test(literal.format)) {
        steps.push(1);
        isInteger = true;
      }
      if (literal.format === "int32") {
        raise({ value: -(2 ** 31), exclusive: false });
        reduce({ value: 2 ** 31 - 1, exclusive: false });
      }
    }
  if (steps.includes(0)) return closed;
  const isStep = (step: number): boolean => steps.some((each) => isMultipleOf(each, step));
  for (const literal of right)
    if (literal.kind === "minimum") reduce({ value: literal.value, exclusive: !literal.exclusive });
    else if (literal.kind === "maximum") raise({ value: literal.value, exclusive: !literal.exclusive });
    else if (literal.kind === "multipleOf" && isStep(literal.value)) return closed;
    else if (literal.kind === "format") {
      const isAll = literal.format === "float" || literal.format === "double";
      if (isAll || formats.has(literal.format) || (literal.format === "int64" && isInteger)) return closed;
      const isWithin = lower.value >= -(2 ** 31) && upper.value <= 2 ** 31 - 1;
      if (literal.format === "int32" && isInteger && isWithin) return closed;
    }
  if (integer.right && isStep(1)) return closed;
  if (lower.value > upper.value) return closed;
  if (lower.value === upper.value && (lower.exclusive || upper.exclusive)) return closed;
  if (lower.value === upper.value) return { values: [lower.value] };
  const widest = Math.max(0, ...steps);
  const listed = widest > 0 ? multiples(lower, upper, widest) : undefined;
  if (listed) return listed.length === 0 ? closed : { values: listed };
  const limits = right.some(({ kind }) => kind === "format") ? [2 ** 31, -(2 ** 31) - 1] : [];
  return { samples: samples(lower, upper, steps, [...limits, ...palette.numbers]) };
}

/** Returns all multiples of a step between two bounds; undefined for too many. */
function multiples(lower: Bound, upper: Bound, step: number): number[] | undefined {
  const [first, last] = [Math.ceil(lower.value / step), Math.floor(upper.value / step)];
  if (!(last - first <= maxListed)) return undefined;
  // The quotients are rounded, so one more multiple is tried on each side.
  const all = Array.from({ length: Math.max(0, last - first + 3) }, (_, index) =>
    exact((first - 1 + index) * step, step),
  );
  return all.filter(
    (value) =>
      (lower.exclusive ? value > lower.value : value >= lower.value) &&
      (upper.exclusive ? value < upper.value : value <= upper.value),
  );
}

/** Multiplies by a decimal step in decimal arithmetic: 3 × 0.1 is 0.3. */
function exact(value: number, step: number): number {
  return Number.isInteger(step) ? value : Number(value.toPrecision(15));
}

function samples(lower: Bound, upper: Bound, steps: readonly number[], numbers: readonly number[]): number[] {
  const near = [0, 1, ...[lower.value, upper.value].filter(Number.isFinite), ...numbers];
  const units = steps.length > 0 ? steps : [1, 0.5];
  const found = near.flatMap((value) => [value, ...units.flatMap((unit) => [value - unit, value + unit])]);
  const onStep = steps.flatMap((step) =>
    near.flatMap((value) => {
      const times = Math.floor(value / step);
      return [-1, 0, 1, 2].map((more) => exact((times + more) * step, step));
    }),
  );
  const product = steps.reduce((all, step) => all * step, 1);
  const middle = Number.isFinite(lower.value + upper.value) ? [(lower.value + upper.value) / 2] : [];
  return [...new Set([...found, ...onStep, product, -product, ...middle])].filter(Number.isFinite);
}
