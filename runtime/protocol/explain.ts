import type { ValidationError } from "./surface.js";

const shown = 8;
/** Hostile arguments can fail a million times. */
const looked = 500;

/**
 * One text that names every failure: the place, the rule, and what to do. It never repeats a value: an argument may be
 * a secret.
 */
export function explain(errors: readonly ValidationError[], what: string): string {
  const lines = [...new Set(folded(errors).map((error) => `${place(error, what)} ${rule(error)}`))];
  if (lines.length === 0) return `invalid ${what}`;
  const more = lines.length > shown ? `; and ${lines.length - shown} more` : "";
  return `invalid ${what}: ${lines.slice(0, shown).join("; ")}${more}`;
}

/** ajv reports the failures of every branch, then that of the whole: the branches become one failure. */
function folded(errors: readonly ValidationError[]): ValidationError[] {
  const kept: ValidationError[] = [];
  for (const error of errors.slice(0, looked)) {
    if (error.keyword === "if" && kept.length > 0) continue;
    if (!isUnion(error)) {
      kept.push(error);
      continue;
    }
    // The failures of the branches stand right before that of the whole.
    let first = kept.length;
    while (first > 0 && isInside(kept[first - 1]!.instancePath, error.instancePath)) first -= 1;
    const branches = kept.splice(first);
    const forms = [...new Set(branches.map((branch) => `${relative(branch, error)}${rule(branch)}`))].slice(0, shown);
    kept.push({ ...error, keyword: "forms", params: { forms } });
  }
  return kept;
}

function isUnion({ keyword, params }: ValidationError): boolean {
  // A `oneOf` that matches twice has no failed branch to tell of.
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

/** `/items/0/first name` → `items[0]["first name"]`. */
function pathText(pointer: string): string {
  const tokens = pointer === "" ? [] : pointer.slice(1).split("/");
  return tokens
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"))
    .map((name, index) => {
      if (/^(0|[1-9]\d*)$/.test(name)) return `[${name}]`;
      if (/^[\w$-]+$/.test(name)) return index === 0 ? name : `.${name}`;
      return `[${JSON.stringify(cut(name))}]`;
    })
    .join("");
}

function rule({ keyword, params }: ValidationError): string {
  const value = (name: string): string => text(params[name]);
  switch (keyword) {
    case "required":
      return `must have the property ${value("missingProperty")}`;
    case "additionalProperties":
      return `must not have the property ${value("additionalProperty")}: no such property is declared`;
    case "unevaluatedProperties":
      return `must not have the property ${value("unevaluatedProperty")}: no such property is declared`;
    case "type":
      return `must be of type ${[params["type"]].flat().join(" or ")}`;
    case "enum":
      return `must be one of ${value("allowedValues").slice(1, -1)}`;
    case "const":
      return `must be ${value("allowedValue")}`;
    case "minLength":
      return `must have at least ${count(params["limit"], "character")}`;
    case "maxLength":
      return `must have at most ${count(params["limit"], "character")}`;
    case "minItems":
      return `must have at least ${count(params["limit"], "item")}`;
    case "maxItems":
    case "items":
    case "unevaluatedItems":
      return `must have at most ${count(params["limit"] ?? params["len"], "item")}`;
    case "minProperties":
      return `must have at least ${count(params["limit"], "property")}`;
    case "maxProperties":
      return `must have at most ${count(params["limit"], "property")}`;
    case "minimum":
    case "maximum":
    case "exclusiveMinimum":
    case "exclusiveMaximum":
      return `must be ${text(params["comparison"], "")} ${value("limit")}`;
    case "multipleOf":
      return `must be a multiple of ${value("multipleOf")}`;
    case "pattern":
      return `must match the pattern ${value("pattern")}`;
    case "format":
      return `must be a valid ${text(params["format"], "")}`;
    case "uniqueItems":
      return `must not hold the same item twice (items ${value("j")} and ${value("i")})`;
    case "contains":
      return `must hold at least ${count(params["minContains"], "item")} of the declared form`;
    case "propertyNames":
      return `must not have the property ${value("propertyName")}: its name is not allowed`;
    case "dependentRequired":
    case "dependencies":
      return `must have the property ${value("missingProperty")} when ${value("property")} is present`;
    case "forms":
      return formsText(params["forms"] as readonly string[]);
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

function formsText(forms: readonly string[]): string {
  return forms.length === 0
    ? "must match one of the declared forms"
    : `must match one of the declared forms: ${forms.join(", or ")}`;
}

function count(limit: unknown, noun: string): string {
  const plural = noun === "property" ? "properties" : `${noun}s`;
  return `${String(limit)} ${limit === 1 ? noun : plural}`;
}

function text(value: unknown, quote = '"'): string {
  if (typeof value === "string") return quote === "" ? value : JSON.stringify(cut(value));
  return JSON.stringify(value) ?? String(value);
}

function cut(name: string): string {
  return name.length > 80 ? `${name.slice(0, 80)}…` : name;
}
