import { isObject } from "../diff/schemas/classes.js";
import { HostError } from "../host.js";
import type { Json, JsonObject } from "../model/source.js";

/** A rule of `import.json`: what it matches, and what becomes of it. */
export interface ImportRule {
  /** The place in the file, such as `rules[0]`. */
  readonly at: string;
  readonly match: Readonly<Partial<Record<Matcher, readonly string[]>>>;
  readonly exclude?: boolean;
  readonly name?: string;
  readonly description?: string;
  readonly readOnlyHint?: boolean;
}

/** The methods that an operation can have. */
export const methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

const matchers = ["method", "path", "tag", "operationId"] as const;
type Matcher = (typeof matchers)[number];
const actions = { exclude: "boolean", name: "string", description: "string", readOnlyHint: "boolean" } as const;

/** The parts of an operation that rules match. */
export interface Matched {
  readonly method: string;
  readonly path: string;
  readonly tags: readonly string[];
  readonly operationId: string | undefined;
}

/** Checks the rules of `import.json`. Throws `HostError` with all mistakes. */
export function rulesIn(value: Json | undefined): ImportRule[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new HostError('"rules" of "import.json" must be a list');
  const mistakes: string[] = [];
  const rules = (value as readonly Json[]).map((rule, index) => ruleOf(rule, `rules[${index}]`, mistakes));
  if (mistakes.length > 0) throw new HostError(`"import.json" has mistakes:\n  ${mistakes.join("\n  ")}`);
  return rules;
}

function ruleOf(rule: Json, at: string, mistakes: string[]): ImportRule {
  if (!isObject(rule)) {
    mistakes.push(`${at} must be an object, such as { "tag": "admin", "exclude": true }`);
    return { at, match: {} };
  }
  const before = mistakes.length;
  const fields = [...matchers, ...Object.keys(actions)];
  for (const [key, field] of Object.entries(rule)) {
    const type = Object.hasOwn(actions, key) ? actions[key as keyof typeof actions] : undefined;
    if (type !== undefined) {
      if (typeof field !== type || field === "")
        mistakes.push(`${at}.${key} must be a ${type === "string" ? "text" : type}`);
    } else if (!(matchers as readonly string[]).includes(key))
      mistakes.push(`${at} has the unknown field ${JSON.stringify(key)}; a rule has ${fields.join(", ")}`);
    else if (textsOf(field) === undefined) mistakes.push(`${at}.${key} must be a text, or a list of texts`);
    else if (key === "method")
      for (const method of textsOf(field)!)
        if (!methods.includes(method.toLowerCase()))
          mistakes.push(`${at}.method: ${JSON.stringify(method)} is no HTTP method; write one such as "DELETE"`);
  }
  if (mistakes.length === before && !Object.keys(actions).some((action) => Object.hasOwn(rule, action)))
    mistakes.push(`${at} does nothing: it needs one of ${Object.keys(actions).join(", ")}`);
  const match = Object.fromEntries(
    matchers.flatMap((key) => (Object.hasOwn(rule, key) ? [[key, textsOf(rule[key]!) ?? []] as const] : [])),
  );
  return { ...pick(rule), at, match };
}

function pick(rule: JsonObject): Omit<ImportRule, "at" | "match"> {
  return Object.fromEntries(
    Object.keys(actions).flatMap((key) => (Object.hasOwn(rule, key) ? [[key, rule[key]]] : [])),
  );
}

function textsOf(value: Json): readonly string[] | undefined {
  const list = Array.isArray(value) ? (value as readonly Json[]) : [value];
  return list.length > 0 && list.every((each) => typeof each === "string") ? (list as readonly string[]) : undefined;
}

/** Returns the rules that match an operation. The first one applies. */
export function rulesFor(
  rules: readonly ImportRule[],
  { method, path, tags, operationId }: Matched,
): readonly ImportRule[] {
  return rules.filter(
    ({ match }) =>
      (match.method?.some((each) => each.toUpperCase() === method) ?? true) &&
      (match.path?.some((each) => matchesPath(each, path)) ?? true) &&
      (match.tag?.some((each) => tags.includes(each)) ?? true) &&
      (match.operationId?.some((each) => each === operationId) ?? true),
  );
}

/** Whether a path matches a pattern, in which `*` is a part of a segment, and `**` any segments. */
function matchesPath(pattern: string, path: string): boolean {
  return matchesSegments(pattern.split("/"), path.split("/"));
}

function matchesSegments(pattern: readonly string[], path: readonly string[]): boolean {
  // The last `**` alone is tried again at further segments: the time is the product of both lengths.
  let [at, star, from] = [0, -1, 0];
  for (let index = 0; index < path.length;) {
    if (pattern[at] === "**") {
      star = at++;
      from = index;
    } else if (at < pattern.length && matchesText(pattern[at]!, path[index]!)) {
      at++;
      index++;
    } else if (star !== -1) {
      at = star + 1;
      index = ++from;
    } else return false;
  }
  return pattern.slice(at).every((each) => each === "**");
}

/** Whether a text matches a pattern in which `*` is any text. */
function matchesText(pattern: string, text: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return pattern === text;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
