import { explain, type ValidationError } from "@mcpc/runtime/codegen/v1/explain";
import { nearest } from "../diagnostics/suggest.js";
import { createAjv, type ErrorObject } from "../json-schema/ajv.js";
import { withoutForeignKeywords } from "../json-schema/foreign.js";
import { locateNearest, pointerTokens } from "../json-schema/pointer.js";
import type { JsonSchema } from "../model/schema.js";
import type { Json, JsonObject, Located, Span } from "../model/source.js";
import type { SelfContained, Written } from "../json-schema/self-contained.js";

/** A rule that a value violates. */
export interface Failure {
  /** The part of the value that violates the rule; the key of a member where the key is wrong. */
  readonly span: Span;
  readonly reason: string;
  /** The place of the rule's keyword. */
  readonly rule: { readonly keyword: string; readonly span: Span } | undefined;
  /** The name of the property that the user probably meant; undefined for a correct name. */
  readonly suggestion: string | undefined;
}

const most = 20;

/** Returns the rules of a schema that a value violates. Messages call the value `what`. */
export function failuresOf(value: Located, checked: SelfContained, what: string): Failure[] {
  const options = { meta: false, validateSchema: false, messages: false, verbose: true } as const;
  const read = withoutForeignKeywords(checked.plain ?? checked.schema) as JsonSchema;
  const validate = createAjv("2020-12", options).compile(read);
  if (validate(value.value)) return [];
  return apart(validate.errors ?? [])
    .slice(0, most)
    .map((errors) => {
      const error = errors.at(-1)!;
      const name = nameOf(error);
      const declared = Object.keys(((error.parentSchema as JsonObject)["properties"] ?? {}) as JsonObject);
      return {
        span: placeOf(value, error, name),
        reason: explain(errors as ValidationError[], what, value.value),
        rule: ruleOf(error, read, checked.written),
        suggestion: name === undefined ? undefined : nearest(name, declared),
      };
    });
}

/** Groups errors that belong to one message: ajv lists the errors of all branches before the error of the choice. */
function apart(errors: readonly ErrorObject[]): ErrorObject[][] {
  const found: ErrorObject[][] = [];
  for (const error of errors) {
    if (error.keyword === "if" && found.length > 0) continue;
    const { keyword, params } = error;
    const isUnion = keyword === "anyOf" || (keyword === "oneOf" && !params["passingSchemas"]);
    const isChoice = isUnion && !params["forms"];
    let first = found.length;
    while (isChoice && first > 0 && isInside(found[first - 1]!.at(-1)!, error)) first -= 1;
    found.push([...found.splice(first).flat(), error]);
  }
  return found;
}

function isInside({ instancePath }: ErrorObject, { instancePath: whole }: ErrorObject): boolean {
  return instancePath === whole || instancePath.startsWith(`${whole}/`);
}

/** Returns the property whose name is wrong. */
function nameOf({ params, propertyName }: ErrorObject): string | undefined {
  const name = params["additionalProperty"] ?? params["unevaluatedProperty"] ?? params["propertyName"] ?? propertyName;
  return typeof name === "string" ? name : undefined;
}

function placeOf(value: Located, { instancePath }: ErrorObject, name: string | undefined): Span {
  const node = locateNearest(value, pointerTokens(instancePath));
  const member = node.kind === "object" ? node.members.find(({ key }) => key === name) : undefined;
  return member?.keySpan ?? node.span;
}

/**
 * Finds the keyword that an error comes from. ajv's schema paths restart in each function of its code, so the search
 * compares schemas.
 */
function ruleOf({ keyword, parentSchema }: ErrorObject, read: Json, { root, copied }: Written): Failure["rule"] {
  const tokens = pathTo(parentSchema as Json, read);
  if (!tokens) return undefined;
  const [section, name = "", ...rest] = tokens;
  const copy = section === "$defs" ? copied.get(name) : undefined;
  const schema = copy ? locateNearest(copy, rest) : locateNearest(root, tokens);
  const member = schema.kind === "object" ? schema.members.find(({ key }) => key === keyword) : undefined;
  return member && { keyword, span: member.keySpan };
}

/** Returns the path to the identical part of a schema. */
function pathTo(part: Json, whole: Json): string[] | undefined {
  if (part === whole) return [];
  if (typeof whole !== "object" || whole === null) return undefined;
  for (const [key, value] of Object.entries(whole)) {
    const rest = pathTo(part, value as Json);
    if (rest) return [key, ...rest];
  }
  return undefined;
}
