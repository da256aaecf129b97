import type { Json, JsonObject } from "../../model/source.js";

/** The types of JSON; an integer is a number. */
export const jsonTypes = ["null", "boolean", "number", "string", "array", "object"] as const;
export type SchemaType = (typeof jsonTypes)[number];

/** An assertion about values of one type; values of other types pass it. */
type Assertion =
  | { readonly kind: "minimum" | "maximum"; readonly value: number; readonly exclusive: boolean }
  | { readonly kind: "multipleOf"; readonly value: number }
  | { readonly kind: "minLength" | "maxLength"; readonly value: number }
  | { readonly kind: "pattern"; readonly pattern: string }
  | { readonly kind: "format"; readonly format: string; readonly type: "string" | "number" }
  | { readonly kind: "minItems" | "maxItems"; readonly value: number }
  | { readonly kind: "unique" }
  | { readonly kind: "item"; readonly index: number; readonly schema: Formula }
  | { readonly kind: "rest"; readonly from: number; readonly schema: Formula }
  | { readonly kind: "containsMin" | "containsMax"; readonly schema: Formula; readonly value: number }
  | { readonly kind: "required"; readonly name: string }
  | { readonly kind: "property"; readonly name: string; readonly schema: Formula }
  | { readonly kind: "matching"; readonly pattern: string; readonly schema: Formula }
  | {
      readonly kind: "additional";
      readonly names: readonly string[];
      readonly patterns: readonly string[];
      readonly schema: Formula;
    }
  | { readonly kind: "names"; readonly schema: Formula }
  | { readonly kind: "minProperties" | "maxProperties"; readonly value: number };

/** An assertion that is not decomposed further. */
export type LiteralShape =
  | { readonly kind: "type"; readonly types: readonly SchemaType[]; readonly integer: boolean }
  | { readonly kind: "enum"; readonly values: readonly Json[] }
  /** An assertion that equals only itself. */
  | { readonly kind: "opaque"; readonly id: number; readonly type: SchemaType }
  | Assertion;

export type Shape =
  | { readonly kind: "all" | "any" | "one"; readonly of: readonly Formula[] }
  | { readonly kind: "not"; readonly of: Formula }
  /** A class of equal schemas, which may be recursive. */
  | { readonly kind: "schema"; readonly id: number }
  | LiteralShape;

interface Keyed {
  /** Equal formulas have the same key. */
  readonly key: number;
}

/** A statement about a value, built from the keywords of schemas. */
export type Formula = Shape & Keyed;
export type Literal = LiteralShape & Keyed;
export type LiteralOf<Kind extends LiteralShape["kind"]> = Extract<LiteralShape, { readonly kind: Kind }> & Keyed;

/** Creates formulas; equal shapes yield the identical formula. */
export type Make = (shape: Shape) => Formula;

export function createFormulas(): Make {
  const known = new Map<string, Formula>();
  const made = new WeakSet<object>();
  return (shape) => {
    const text = JSON.stringify(shape, (_name, value: unknown) =>
      typeof value === "object" && value !== null && made.has(value) ? { key: (value as Formula).key } : value,
    );
    let formula = known.get(text);
    if (!formula) {
      formula = { ...shape, key: known.size };
      made.add(formula);
      known.set(text, formula);
    }
    return formula;
  };
}

const typeOfKind = {
  minimum: "number",
  maximum: "number",
  multipleOf: "number",
  minLength: "string",
  maxLength: "string",
  pattern: "string",
  minItems: "array",
  maxItems: "array",
  unique: "array",
  item: "array",
  rest: "array",
  containsMin: "array",
  containsMax: "array",
  required: "object",
  property: "object",
  matching: "object",
  additional: "object",
  names: "object",
  minProperties: "object",
  maxProperties: "object",
} as const satisfies Partial<Record<LiteralShape["kind"], SchemaType>>;

/** Returns the type that a literal applies to; undefined where it applies to all types. */
export function typeOfLiteral(literal: LiteralShape): SchemaType | undefined {
  if (literal.kind === "type" || literal.kind === "enum") return undefined;
  return literal.kind === "format" || literal.kind === "opaque" ? literal.type : typeOfKind[literal.kind];
}

export function typeOfValue(value: Json): SchemaType {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value as SchemaType;
}

/** Returns the same text for equal values, regardless of the order of their members. */
export function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, each]) => `${JSON.stringify(name)}:${canonical(each as Json)}`);
  return `{${members.sort().join(",")}}`;
}

/** Whether two values are equal, regardless of the order of their members. */
export function areEqual(one: Json, other: Json): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const [names, others] = [Object.keys(one), Object.keys(other)];
  return (
    names.length === others.length &&
    names.every((name) => {
      const [a, b] = [(one as JsonObject)[name]!, (other as JsonObject)[name]!];
      return Object.hasOwn(other, name) && areEqual(a, b);
    })
  );
}

/** Error for schemas that cannot be compared: they are too large, or invalid. */
export class NotComparable extends Error {
  override readonly name = "NotComparable";
}

/** Work limit of a comparison, the same on every machine. */
export interface Budget {
  /** Throws `NotComparable` when the budget is exhausted. */
  spend(units: number): void;
}

export function createBudget(units: number): Budget {
  let left = units;
  return {
    spend: (spent) => {
      left -= spent;
      if (left < 0) throw new NotComparable("the comparison takes too long");
    },
  };
}
