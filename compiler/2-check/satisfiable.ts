import { diagnose, respell, type Diagnostic, type Fix } from "../diagnostics/diagnostic.js";
import { certainKey, nearest } from "../diagnostics/suggest.js";
import { child } from "../json-schema/pointer.js";
import type { Dialect } from "../model/schema.js";
import type { Json, Located, LocatedObject } from "../model/source.js";
import { typeName } from "./shape.js";

/**
 * Reports contradictions between the keywords of one schema, which make it unsatisfiable. Reports only what is certain.
 */
export function checkSatisfiable(schema: LocatedObject, dialect: Dialect, diagnostics: Diagnostic[]): void {
  const report = (at: Located, reason: string, other?: Located, suggestion?: string, fix?: Fix): void => {
    const related = other ? [{ span: other.span, message: "together with this" }] : [];
    diagnostics.push(diagnose("schema/unsatisfiable", at.span, { reason, suggestion, isAlone: !other }, related, fix));
  };
  checkBounds(schema, report);
  checkValues(schema, report);
  checkRequired(schema, report);
  if (dialect !== "draft-07") checkContains(schema, report);
  if (dialect === "2020-12") checkItems(schema, report);
}

type Report = (at: Located, reason: string, other?: Located, suggestion?: string, fix?: Fix) => void;

/** Lower and upper bound, their subject, and whether equal bounds allow a value. */
export const bounds: readonly (readonly [low: string, high: string, what: string, equal: boolean])[] = [
  ["minimum", "maximum", "number", true],
  ["exclusiveMinimum", "maximum", "number", false],
  ["minimum", "exclusiveMaximum", "number", false],
  ["exclusiveMinimum", "exclusiveMaximum", "number", false],
  ["minLength", "maxLength", "text", true],
  ["minItems", "maxItems", "array", true],
  ["minProperties", "maxProperties", "object", true],
];

function checkBounds(schema: LocatedObject, report: Report): void {
  for (const [low, high, what, equal] of bounds) {
    const [least, most] = [child(schema, low), child(schema, high)];
    if (typeof least?.value !== "number" || typeof most?.value !== "number") continue;
    if (least.value < most.value || (equal && least.value === most.value)) continue;
    report(least, `no ${what} has "${low}" ${least.value} and "${high}" ${most.value}`, most);
  }
}

function checkValues(schema: LocatedObject, report: Report): void {
  const [type, values, constant] = [child(schema, "type"), child(schema, "enum"), child(schema, "const")];
  const allowed = type && ([type.value].flat() as Json[]);
  if (constant && allowed && !allowed.some((name) => isOfType(constant.value, name)))
    report(constant, `"const" is ${typeName(constant.value)}, which "type" forbids`, type);
  if (values?.kind !== "array") return;
  if (values.items.length === 0) report(values, '"enum" is empty: no value passes');
  for (const item of values.items) {
    if (allowed && !allowed.some((name) => isOfType(item.value, name)))
      report(item, `this value of "enum" is ${typeName(item.value)}, which "type" forbids`, type);
  }
  const isScalar = typeof constant?.value !== "object" || constant.value === null;
  if (constant && isScalar && values.items.length > 0 && !values.items.some(({ value }) => value === constant.value))
    report(constant, '"const" is not among the values of "enum"', values);
}

export function isOfType(value: Json, type: Json): boolean {
  switch (type) {
    case "null":
      return value === null;
    case "array":
      return Array.isArray(value);
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    case "integer":
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

/** Reports properties that are required and forbidden. */
function checkRequired(schema: LocatedObject, report: Report): void {
  const required = child(schema, "required");
  if (required?.kind !== "array") return;
  const properties = child(schema, "properties");
  const closed = child(schema, "additionalProperties");
  const patterns = child(schema, "patternProperties");
  const most = child(schema, "maxProperties");
  if (typeof most?.value === "number" && required.items.length > most.value)
    report(
      required,
      `"required" names ${required.items.length} properties, "maxProperties" allows ${most.value}`,
      most,
    );
  const declared = Object.keys((properties?.value ?? {}) as object);
  const named = required.items.map(({ value }) => String(value));
  for (const item of required.items) {
    const name = String(item.value);
    const property = properties && child(properties, name);
    if (property?.value === false)
      report(item, `${JSON.stringify(name)} is required, but its schema is false: it can never be given`, property);
    if (property || patterns || closed?.value !== false) continue;
    const reason = `${JSON.stringify(name)} is required, but "additionalProperties": false forbids it`;
    const meant = certainKey(name, named, declared);
    report(item, reason, closed, nearest(name, declared), respell(item.span, meant));
  }
}

function checkItems(schema: LocatedObject, report: Report): void {
  const [prefix, rest, least] = [child(schema, "prefixItems"), child(schema, "items"), child(schema, "minItems")];
  if (prefix?.kind === "array" && rest?.value === false && Number(least?.value) > prefix.items.length)
    report(
      least!,
      `"minItems" asks for ${String(least!.value)} items, "prefixItems" and "items": false allow ${prefix.items.length}`,
      prefix,
    );
}

function checkContains(schema: LocatedObject, report: Report): void {
  const [fewest, highest] = [child(schema, "minContains"), child(schema, "maxContains")];
  if (child(schema, "contains") && Number(fewest?.value ?? 1) > Number(highest?.value))
    report(
      highest!,
      `"contains" must match ${String(fewest?.value ?? 1)} items and ${String(highest!.value)} at most`,
      fewest,
    );
}
