/** The imports of the validators of generated code. */
import { canonical } from "../../protocol/canonical.js";
import type { ValidationError } from "../../protocol/surface.js";

export type { AnswerValidators, Fill, Validator } from "../../protocol/surface.js";
export * from "./formats.js";

type Failures = ValidationError[];

/** Hostile values can fail a million times, of which an explanation reads no more than these. */
const most = 500;
/** Stands for each failure beyond them. Generated code counts by the length of the list. */
const unlisted: ValidationError = { instancePath: "", keyword: "", params: {} };

/** Adds a failure to those that were found before, if any. */
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
 * Adds the failures of a definition to those that were found before: as many as there is room for, and at least one, by
 * which generated code sees that the definition has failed. To add all at each level would be quadratic.
 */
export function joined(before: Failures | null, more: Failures): Failures {
  if (before === null) return more;
  const room = Math.min(most - before.length, more.length);
  for (let index = 0; index < room; index++) before.push(more[index]!);
  if (room < 1) before.push(unlisted);
  return before;
}

/** The number of failures. */
export function failures(list: Failures): number {
  return list.length;
}

/** Drops all failures but the first ones. */
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
 * Validates each object only once while it validates one that holds it. Branches of a union that come to the same part
 * again would otherwise take a time that doubles with each level.
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

/** The places of two equal items: the last that repeats another, and that one. */
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

/** An object's own member; undefined where there is none, or no object. */
export function member(value: unknown, name: string): unknown {
  return typeOf(value) === "object" && Object.hasOwn(value as object, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

/** The type of a value, as JSON Schema names it. */
export function typeOf(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
}

/** The length of a text in Unicode code points, as JSON Schema counts it. */
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

/** Equality of JSON values: numbers by value, objects without regard to the order of their keys. */
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

/** Whether a number is a multiple of another, as their decimals say: 19.99 is one of 0.01. */
export function isMultipleOf(value: number, divisor: number): boolean {
  if (Number.isInteger(value) && Number.isInteger(divisor) && Math.abs(value) <= Number.MAX_SAFE_INTEGER)
    return value % divisor === 0;
  const quotient = value / divisor;
  // A sum of decimals may be off by the last bits of a number.
  if (Math.abs(quotient) < 2 ** 40)
    return Math.abs(quotient - Math.round(quotient)) <= 4 * Number.EPSILON * Math.abs(quotient);
  const [digits, exponent] = decimal(value);
  const [divisorDigits, divisorExponent] = decimal(divisor);
  const least = Math.min(exponent, divisorExponent);
  const scaled = digits * 10n ** BigInt(exponent - least);
  return scaled % (divisorDigits * 10n ** BigInt(divisorExponent - least)) === 0n;
}

/** A number as an integer times a power of ten. */
function decimal(value: number): readonly [digits: bigint, exponent: number] {
  const [mantissa = "", exponent = ""] = value.toExponential().split("e");
  const [, fraction = ""] = mantissa.split(".");
  return [BigInt(mantissa.replace(".", "")), Number(exponent) - fraction.length];
}
