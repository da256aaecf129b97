/** What the validators of generated code use. */
import type { ValidationError } from "../../protocol/surface.js";

export * from "./formats.js";

/** The failures that were found before, if any, and one more. */
export function failed(
  before: ValidationError[] | null,
  instancePath: string,
  keyword: string,
  params: ValidationError["params"],
  propertyName?: string,
): ValidationError[] {
  const error =
    propertyName === undefined ? { instancePath, keyword, params } : { instancePath, keyword, params, propertyName };
  if (before === null) return [error];
  before.push(error);
  return before;
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
