import type { ValidationError } from "./surface.js";

const maxFailures = 8;
/** The maximum number of inspected failures. Hostile arguments can fail a million times. */
const maxInspected = 500;

/**
 * Describes every failure in one text: the place, the rule, and the received value, if it may be shown. `root` is the
 * validated value. A string may be a secret, so only its length is shown, except where a short one of fixed choices
 * was expected.
 */
export function explain(errors: readonly ValidationError[], what: string, root?: unknown): string {
  const failures = new Map(
    mergeBranches(errors).map((error) => [`${place(error, what)} ${rule(error)}`, error] as const),
  );
  if (failures.size === 0) return `invalid ${what}`;
  const lines = [...failures].slice(0, maxFailures).map(([line, error]) => `${line}${receivedText(error, root)}`);
  const more = failures.size > maxFailures ? `; and ${failures.size - maxFailures} more` : "";
  return `invalid ${what}: ${lines.join("; ")}${more}`;
}

/** Merges the failures of the branches of a union, which ajv reports before that of the union, into one. */
function mergeBranches(errors: readonly ValidationError[]): ValidationError[] {
  const merged: ValidationError[] = [];
  for (const error of errors.slice(0, maxInspected)) {
    if (error.keyword === "if" && merged.length > 0) continue;
    if (error.keyword === "propertyNames") {
      const reasons: string[] = [];
      while (merged.at(-1)?.propertyName !== undefined) reasons.unshift(rule(merged.pop()!));
      merged.push({ ...error, params: { ...error.params, reasons } });
      continue;
    }
    if (!isUnion(error)) {
      merged.push(error);
      continue;
    }
    const needed = error.params["forms"] as readonly ValidationError[] | undefined;
    if (needed) {
      const inside = needed.map((form) => ({ ...form, instancePath: error.instancePath + form.instancePath }));
      merged.push(inside.length === 1 ? inside[0]! : asForms(error, inside));
      continue;
    }
    // The failures of the branches precede that of the union.
    let first = merged.length;
    while (first > 0 && isInside(merged[first - 1]!.instancePath, error.instancePath)) first -= 1;
    merged.push(asForms(error, merged.splice(first)));
  }
  return merged;
}

function asForms(error: ValidationError, branches: readonly ValidationError[]): ValidationError {
  const forms = [...new Set(branches.map((branch) => `${relative(branch, error)}${rule(branch)}`))].slice(
    0,
    maxFailures,
  );
  return { ...error, keyword: "forms", params: { forms } };
}

function isUnion({ keyword, params }: ValidationError): boolean {
  // A `oneOf` that matches twice has no failed branch.
  return keyword === "anyOf" || (keyword === "oneOf" && !Array.isArray(params["passingSchemas"]));
}

function isInside(path: string, parent: string): boolean {
  return path === parent || path.startsWith(`${parent}/`);
}

function relative(branch: ValidationError, parent: ValidationError): string {
  const path = pathText(branch.instancePath.slice(parent.instancePath.length));
  return path === "" ? "" : `${path} `;
}

function place({ instancePath }: ValidationError, what: string): string {
  const path = pathText(instancePath);
  return path === "" ? (what === "arguments" ? "the arguments" : "it") : JSON.stringify(path);
}

function tokensOf(pointer: string): string[] {
  const tokens = pointer === "" ? [] : pointer.slice(1).split("/");
  return tokens.map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** Converts `/items/0/first name` to `items[0]["first name"]`. */
function pathText(pointer: string): string {
  return tokensOf(pointer)
    .map((name, index) => {
      if (/^(0|[1-9]\d*)$/.test(name)) return `[${name}]`;
      if (/^[\w$-]+$/.test(name)) return index === 0 ? name : `.${name}`;
      return `[${JSON.stringify(truncate(name))}]`;
    })
    .join("");
}

/** Names of members whose values are not shown. */
const secret = /pass|secret|token|key|credential|auth|pin$/i;
/** The maximum length of a value that may be a mistyped choice. */
const maxChoiceLength = 40;

/** Rules about the size of a value. */
const sized = /^(?:(min|max)(Length|Items|Properties)|(?:additionalI|unevaluatedI|i)tems)$/;
/** Rules about a value. */
const valued = /^(?:type|enum|const|format|forms|multipleOf|not|oneOf|pattern|(?:exclusiveM|m)(?:ax|in)imum)$/;

/** Describes the received value, if the rule is about a value. */
function receivedText({ keyword, instancePath, params }: ValidationError, root: unknown): string {
  if (root === undefined) return "";
  const tokens = tokensOf(instancePath);
  const value = tokens.reduce<unknown>((node, token) => (node as Record<string, unknown> | undefined)?.[token], root);
  const length = lengthOf(value);
  if (sized.test(keyword)) return `, got ${length}`;
  if (!valued.test(keyword)) return "";
  if (value === null) return ", got null";
  if (Array.isArray(value)) return `, got an array of ${countText(length, "item")}`;
  if (typeof value === "object") return ", got an object";
  const hidden = params["hidden"] === true || tokens.some((token) => secret.test(token));
  if (typeof value !== "string") return `, got ${hidden ? `a ${typeof value}` : String(value)}`;
  const choice = (keyword === "enum" || keyword === "const") && length! <= maxChoiceLength && !hidden;
  return choice ? `, got ${JSON.stringify(value)}` : `, got a string of ${countText(length, "character")}`;
}

/** Returns the length as JSON Schema counts it: characters, items or properties. */
function lengthOf(value: unknown): number | undefined {
  if (Array.isArray(value)) return value.length;
  if (typeof value === "object" && value !== null) return Object.keys(value).length;
  if (typeof value !== "string") return undefined;
  let length = 0;
  for (const _ of value) length += 1;
  return length;
}

function rule({ keyword, params }: ValidationError): string {
  const value = (name: string): string => text(params[name]);
  const [, bound, of] = sized.exec(keyword) ?? [];
  if (bound !== undefined)
    return `must have at ${bound === "min" ? "least" : "most"} ${countText(params["limit"], nouns[of as keyof typeof nouns])}`;
  switch (keyword) {
    case "required":
      return `must have the property ${value("missingProperty")}`;
    case "additionalProperties":
    case "unevaluatedProperties":
      return `must not have the property ${text(params["additionalProperty"] ?? params["unevaluatedProperty"])}: no such property is declared`;
    case "type":
      return `must be of type ${[params["type"]].flat().join(" or ")}`;
    case "enum":
      return `must be one of ${value("allowedValues").slice(1, -1)}`;
    case "const":
      return `must be ${value("allowedValue")}`;
    case "items":
    case "additionalItems":
    case "unevaluatedItems":
      return `must have at most ${countText(params["limit"] ?? params["len"], "item")}`;
    case "minimum":
    case "maximum":
    case "exclusiveMinimum":
    case "exclusiveMaximum":
      return `must be ${String(params["comparison"])} ${value("limit")}`;
    case "multipleOf":
      return `must be a multiple of ${value("multipleOf")}`;
    case "pattern":
      return `must match the pattern ${value("pattern")}`;
    case "format":
      return `must be a valid ${String(params["format"])}`;
    case "uniqueItems":
      return `must not hold the same item twice (items ${value("j")} and ${value("i")})`;
    case "contains":
      return `must hold at least ${countText(params["minContains"], "item")} of the declared form${maximumText(params["maxContains"])}`;
    case "propertyNames":
      return `must not have the property ${value("propertyName")}: its name ${(params["reasons"] as readonly string[]).join(" and ")}`;
    case "dependentRequired":
    case "dependencies":
      return `must have the property ${value("missingProperty")} when ${value("property")} is present`;
    case "forms":
      return `must match one of the declared forms${formsText(params["forms"] as readonly string[])}`;
    case "oneOf":
      return "must match exactly one of the declared forms; it matches several";
    case "not":
      return "must not have the excluded form";
    case "false schema":
      return "must not be present";
    default:
      return `breaks the rule "${keyword}"`;
  }
}

function maximumText(limit: unknown): string {
  return limit === undefined ? "" : `, and at most ${String(limit)}`;
}

function formsText(texts: readonly string[]): string {
  return texts.length === 0 ? "" : `: ${texts.join(", or ")}`;
}

/** The units of `minLength` and similar keywords. */
const nouns = { Length: "character", Items: "item", Properties: "property" };

function countText(limit: unknown, noun: string): string {
  const plural = noun === "property" ? "properties" : `${noun}s`;
  return `${String(limit)} ${limit === 1 ? noun : plural}`;
}

function text(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(truncate(value)) : (JSON.stringify(value) ?? String(value));
}

function truncate(name: string): string {
  return name.length > 80 ? `${name.slice(0, 80)}…` : name;
}
