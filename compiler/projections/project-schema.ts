import { pointer, pointerTokens } from "../json-schema/pointer.js";
import { splitReference } from "../json-schema/reference.js";
import { applicators } from "../json-schema/walk.js";
import type { Loss } from "../model/projection.js";
import type { JsonSchema } from "../model/schema.js";
import type { Json, JsonObject } from "../model/source.js";
import { phraseOf, withRules } from "./phrases.js";
import { resolved } from "./references.js";
import type { SchemaPlace, Step } from "./step.js";

/** The rewriting that a profile needs, as data. */
export interface Rewriting {
  /** Whether references are replaced by their targets. Otherwise those to `$defs` stay. */
  readonly inlines?: boolean;
  /** Whether `true` and `false` become objects, except as values of `additionalProperties` and its like. */
  readonly replacesBooleans?: boolean;
  readonly steps: readonly Step[];
}

export interface ProjectedSchema {
  /** The very same schema if the profile takes it as it is. */
  readonly schema: JsonSchema;
  readonly losses: readonly Loss[];
}

/** The maximum number of references that are replaced: definitions that use each other multiply. */
const maxInlined = 500;

/**
 * Rewrites a plain schema for a profile. The result accepts every value that the schema accepts. A loss names the place
 * in the result whose description states the lost rule; rules of the root are for the caller to state.
 */
export function projectSchema(schema: JsonSchema, rewriting: Rewriting): ProjectedSchema {
  const first = rewrite(schema, rewriting, false);
  const references = referencesIn(first.schema);
  const loosens = first.losses.some(({ at }) => references.has("#") || at.startsWith("/$defs/"));
  // A definition that accepts more must not be referenced where that means less.
  return result(schema, loosens && references.size > 0 ? rewrite(schema, rewriting, true) : first);
}

function result(given: JsonSchema, { schema, losses }: ProjectedSchema): ProjectedSchema {
  return { schema: JSON.stringify(schema) === JSON.stringify(given) ? given : schema, losses };
}

/** Keywords for which a schema below that accepts more would refuse more values. */
const reversing = ["not", "if", "oneOf", "contains"] as const;
const unevaluated = ["unevaluatedProperties", "unevaluatedItems"] as const;
/** Keywords whose boolean values every client knows. */
const booleanValued: ReadonlySet<string> = new Set(["additionalProperties", ...unevaluated]);

function rewrite(
  document: JsonSchema,
  { inlines, replacesBooleans, steps }: Rewriting,
  looseDefinitions: boolean,
): ProjectedSchema {
  const losses: Loss[] = [];
  /** Places that have another name in the result, or are gone. */
  const moves: Move[] = [];
  let inlined = 0;
  /** Whether a reference is replaced: every one, or those that lead elsewhere than to the root or a definition. */
  const isReplaced = (reference: Json | undefined): boolean =>
    typeof reference === "string" && (inlines === true || !/^#(?:\/\$defs\/[^/]+)?$/.test(reference));

  const visit = (given: Json, at: string, keyword: string | undefined, expandingAbove: ReadonlySet<string>): Json => {
    if (typeof given === "boolean" && (!replacesBooleans || booleanValued.has(keyword ?? ""))) return given;
    if (typeof given !== "boolean" && (typeof given !== "object" || given === null || Array.isArray(given)))
      return given;
    const start = losses.length;
    const rules: string[] = [];
    const lose = (rule: string): void => {
      if (rules.includes(rule)) return;
      rules.push(rule);
      losses.push({ at, rule });
    };
    const expanding = new Set(expandingAbove);
    const target = (reference: string): JsonSchema | undefined => {
      const found = resolve(document, reference);
      if (typeof found !== "object") return found;
      inlined += 1;
      if (expandingAbove.has(reference) || inlined > maxInlined) {
        lose(`like ${JSON.stringify(found["title"] ?? nameOf(reference))}`);
        return found["type"] === undefined ? {} : { type: found["type"] };
      }
      expanding.add(reference);
      return withoutDefinitions(found);
    };
    const place: SchemaPlace = { isRoot: keyword === undefined, keyword, lose, target };
    let own = given as JsonObject | boolean;
    if (typeof own === "object" && isReplaced(own["$ref"])) own = resolved(own, place);
    let schema: JsonObject = typeof own === "object" ? own : own ? {} : { not: {} };
    if (inlines) schema = withoutDefinitions(schema);
    for (const step of steps) schema = step(schema, place);

    const loosened = new Set<string>();
    const children = Object.entries(schema).map(([name, value]): [string, Json] => {
      const before = losses.length;
      const child = below(name, value, (each, step) => visit(each, at + pointer([name]) + step, name, expanding));
      const refers = looseDefinitions && referencesIn(child).size > 0;
      if (losses.length > before || refers) loosened.add(name);
      return [name, child];
    });
    let rewritten: JsonObject = Object.fromEntries(children);
    for (const name of reversing)
      if (loosened.has(name) && rewritten[name] !== undefined) {
        if (name === "contains" && rewritten["maxContains"] === undefined) continue;
        lose(phraseOf(schema, name)!);
        rewritten = withoutReversing(rewritten, name);
        const to = name === "oneOf" ? "anyOf" : name;
        moves.push({ from: at + pointer([name]), ...(rewritten[to] !== undefined && { to: at + pointer([to]) }) });
      }
    for (const name of unevaluated)
      if (rewritten[name] !== undefined && (losses.length > start || loosened.size > 0)) {
        const { [name]: _, ...rest } = rewritten;
        const phrase = phraseOf(schema, name);
        if (phrase !== undefined) lose(phrase);
        rewritten = rest;
      }
    if (rules.length === 0 || place.isRoot) return rewritten;
    return { ...rewritten, description: withRules(rewritten["description"], rules) };
  };

  const rewritten = visit(document as Json, "", undefined, new Set()) as JsonSchema;
  const projected = withoutUnusedDefinitions(rewritten);
  // Definitions that nothing uses any more lose nothing.
  const isUsed = ({ at }: Loss): boolean => !at.startsWith("/$defs/") || locate(projected as Json, at) !== undefined;
  return { schema: projected, losses: moves.reduce<readonly Loss[]>(moved, losses).filter(isUsed) };
}

interface Move {
  readonly from: string;
  readonly to?: string;
}

function moved(losses: readonly Loss[], { from, to }: Move): readonly Loss[] {
  return losses.flatMap((loss) => {
    if (loss.at !== from && !loss.at.startsWith(`${from}/`)) return [loss];
    return to === undefined ? [] : [{ ...loss, at: to + loss.at.slice(from.length) }];
  });
}

/** Maps the schemas in the value of a keyword. `step` is the JSON Pointer from the value to the schema. */
function below(keyword: string, value: Json, map: (schema: Json, step: string) => Json): Json {
  const how = applicators.get(keyword);
  if (how === undefined) return value;
  if (Array.isArray(value)) return value.map((each: Json, index) => map(each, `/${index}`));
  if (how === "map" || how === "map-or-names")
    return Object.fromEntries(
      Object.entries(value as JsonObject).map(([name, each]) => [name, map(each, pointer([name]))]),
    );
  return map(value, "");
}

/** Removes a keyword whose schemas accept more than before, or turns it into one that may have such schemas. */
function withoutReversing(schema: JsonObject, name: (typeof reversing)[number]): JsonObject {
  const { [name]: value, ...rest } = schema;
  if (name === "oneOf") return "anyOf" in rest ? rest : { ...rest, anyOf: value! };
  if (name === "contains") {
    const { maxContains: _, ...others } = schema;
    return others;
  }
  if (name !== "if") return rest;
  const { then: _then, else: _else, ...others } = rest;
  return others;
}

function resolve(document: JsonSchema, reference: string): JsonSchema | undefined {
  return locate(document as Json, splitReference(reference).fragment) as JsonSchema | undefined;
}

function locate(document: Json, at: string): Json | undefined {
  let found: Json | undefined = document;
  for (const token of pointerTokens(at))
    found =
      typeof found === "object" && found !== null && Object.hasOwn(found, token)
        ? (found as JsonObject)[token]
        : undefined;
  return found;
}

function nameOf(reference: string): string {
  return pointerTokens(splitReference(reference).fragment).at(-1) ?? "the whole";
}

/** Returns the references in a schema, or in a text that only looks like one. */
function referencesIn(schema: Json | JsonSchema): Set<string> {
  const found = JSON.stringify(schema).matchAll(/"\$ref":("#(?:[^"\\]|\\.)*")/g);
  return new Set([...found].map(([, reference]) => JSON.parse(reference!) as string));
}

function withoutDefinitions({ $defs: _, ...rest }: JsonObject): JsonObject {
  return rest;
}

function withoutUnusedDefinitions(schema: JsonSchema): JsonSchema {
  if (typeof schema === "boolean" || schema["$defs"] === undefined) return schema;
  const definitions = schema["$defs"] as JsonObject;
  const used = new Set<string>();
  const follow = (from: Json): void => {
    for (const reference of referencesIn(from)) {
      const name = pointerTokens(splitReference(reference).fragment)[1];
      if (name === undefined || used.has(name)) continue;
      used.add(name);
      if (Object.hasOwn(definitions, name)) follow(definitions[name]!);
    }
  };
  follow(withoutDefinitions(schema));
  const kept = Object.entries(definitions).filter(([name]) => used.has(name));
  const { $defs: _, ...rest } = schema;
  return kept.length === 0 ? rest : { ...rest, $defs: Object.fromEntries(kept) };
}
