/** The imports of the validators of generated code. */
import { canonical } from "../../protocol/canonical.js";
import type { ValidationError } from "../../protocol/surface.js";

export type { AnswerValidators, Fill, Validator } from "../../protocol/surface.js";
export * from "./formats.js";

type Failures = ValidationError[];

/** The maximum number of failures in a list. Hostile values can fail a million times. */
const most = 500;
/** Placeholder for each failure above the maximum: generated code compares lengths of the list. */
const unlisted: ValidationError = { instancePath: "", keyword: "", params: {} };

/** Appends a failure to the earlier ones, if any. */
export function failed(
  before: Failures | null,
  instancePath = "",
  keyword = "",
  params: ValidationError["params"] = {},
  propertyName?: string,
): Failures {
  if (before !== null && before.length >= most) {
    before.push(unlisted);
    return before;
  }
  const error =
    propertyName === undefined ? { instancePath, keyword, params } : { instancePath, keyword, params, propertyName };
  if (before === null) return [error];
  before.push(error);
  return before;
}

/**
 * Adds the failures of a definition to earlier ones, up to the maximum, but at least one, by which generated code
 * detects the failure. To add all of them at each level would take quadratic time.
 */
export function joined(before: Failures | null, more: Failures): Failures {
  if (before === null) return more;
  const room = Math.min(most - before.length, more.length);
  for (let index = 0; index < room; index++) before.push(more[index]!);
  if (room < 1) before.push(unlisted);
  return before;
}

/** Returns the number of failures. */
export function failures(list: Failures): number {
  return list.length;
}

/** Truncates the failures to the first ones. */
export function firstFailures(list: Failures | null, count: number): Failures | null {
  if (list === null || count === 0) return null;
  list.length = count;
  return list;
}

interface Recursive {
  (data: unknown, instancePath: string, dynamicAnchors?: object): boolean;
  errors?: Failures | null;
  evaluated?: { props?: unknown; items?: unknown };
}

/**
 * Returns a validator that validates each object once per call. Without this, branches of a union that share a part
 * take a time that doubles with each level.
 */
export function remembering(validate: Recursive): Recursive {
  let known: Map<object, readonly [error: ValidationError | undefined, props?: unknown, items?: unknown]> | undefined;
  const visit: Recursive = (data, instancePath, dynamicAnchors) => {
    const before = known?.get(data as object);
    if (before) {
      const [error, props, items] = before;
      visit.errors = error ? [error] : null;
      if (validate.evaluated) Object.assign(validate.evaluated, { props, items });
      return !error;
    }
    const isFirst = known === undefined;
    known ??= new Map();
    try {
      const isValid = validate(data, instancePath, dynamicAnchors);
      visit.errors = validate.errors!;
      const { props, items } = validate.evaluated ?? {};
      if (typeof data === "object" && data !== null) known.set(data, [visit.errors?.[0], props, items]);
      return isValid;
    } finally {
      if (isFirst) known = undefined;
    }
  };
  return Object.defineProperty(visit, "evaluated", { get: () => validate.evaluated });
}

/** Returns the indexes of two equal items: the last repeated one, and its first occurrence. */
export function repeatedItems(items: readonly unknown[]): readonly [number, number] | undefined {
  const places = new Map<unknown, number>();
  const structures = new Map<string, number>();
  let found: readonly [number, number] | undefined;
  items.forEach((item, index) => {
    const isStructure = typeof item === "object" && item !== null;
    const seen: Map<unknown, number> = isStructure ? structures : places;
    const key = isStructure ? canonical(item) : item;
    const before = seen.get(key);
    if (before !== undefined) found = [index, before];
    seen.set(key, index);
  });
  return found;
}

/** Returns an own member of an object; `undefined` otherwise. */
export function member(value: unknown, name: string): unknown {
  return typeOf(value) === "object" && Object.hasOwn(value as object, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

/** Returns the type of a value in JSON Schema's terms. */
export function typeOf(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
}

/** Returns the length of a text in Unicode code points, as JSON Schema requires. */
export function ucs2length(text: string): number {
  let length = text.length;
  for (let at = 0; at < text.length - 1; at++) {
    const high = text.charCodeAt(at);
    if (high < 0xd800 || high > 0xdbff) continue;
    const low = text.charCodeAt(at + 1);
    if (low < 0xdc00 || low > 0xdfff) continue;
    length -= 1;
    at += 1;
  }
  return length;
}

/** Compares JSON values: numbers by value, objects without regard to the order of keys. */
export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => equal(item, b[index]));
  }
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every(
    (key) => Object.hasOwn(b, key) && equal((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
  );
}

/** Returns whether a number is a multiple of another by their decimal digits: 19.99 is a multiple of 0.01. */
export function isMultipleOf(value: number, divisor: number): boolean {
  if (Number.isInteger(value) && Number.isInteger(divisor) && Math.abs(value) <= Number.MAX_SAFE_INTEGER)
    return value % divisor === 0;
  const quotient = value / divisor;
  // A sum of decimals may differ in its last bits.
  if (Math.abs(quotient) < 2 ** 40)
    return Math.abs(quotient - Math.round(quotient)) <= 4 * Number.EPSILON * Math.abs(quotient);
  const [digits, exponent] = decimal(value);
  const [divisorDigits, divisorExponent] = decimal(divisor);
  const least = Math.min(exponent, divisorExponent);
  const scaled = digits * 10n ** BigInt(exponent - least);
  // As in ajv, nothing is a multiple of 0.
  return divisorDigits !== 0n && scaled % (divisorDigits * 10n ** BigInt(divisorExponent - least)) === 0n;
}

/** Returns a number as an integer and a power of ten. */
function decimal(value: number): readonly [digits: bigint, exponent: number] {
  const [mantissa = "", exponent = ""] = value.toExponential().split("e");
  const [, fraction = ""] = mantissa.split(".");
  return [BigInt(mantissa.replace(".", "")), Number(exponent) - fraction.length];
}
