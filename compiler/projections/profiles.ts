import type { Rewriting } from "./project-schema.js";
import { atRoot, type Step } from "./step.js";
import { mergeAllOf } from "./steps/all-of.js";
import {
  anyOfForOneOf,
  enumForConst,
  fewItems,
  formats,
  inclusiveBounds,
  itemsForTuples,
  only,
  textEnums,
  without,
  withoutLookaround,
} from "./steps/keywords.js";
import {
  arrayItems,
  declaredRequired,
  rootProperties,
  singleTypes,
  typedProperties,
  typesInBranches,
} from "./steps/types.js";
import { mergeUnion } from "./steps/union.js";

/** The rewriting of input schemas, and that of output schemas where it differs. */
export interface ProjectionRules extends Rewriting {
  readonly output?: Rewriting;
}

/** Removes what combines schemas at the root: several providers answer it with status 400, or drop the tool. */
const plainRoot: readonly Step[] = [mergeAllOf, mergeUnion, without("not", "if", "then", "else")].map(atRoot);

/** Texts that every provider takes, and what a description costs nothing to keep. */
const texts = ["title", "description"];

const anthropicFormats = ["date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"];

/** The profiles with a projection. A profile whose rules concern no schema has none. */
export const profiles = {
  portable: {
    inlines: true,
    replacesBooleans: true,
    steps: [...plainRoot, singleTypes, arrayItems, declaredRequired, rootProperties],
  },
  openai: {
    steps: [...plainRoot, atRoot(without("enum", "const")), withoutLookaround, arrayItems, rootProperties],
  },
  "openai-strict": {
    inlines: true,
    replacesBooleans: true,
    steps: [
      mergeAllOf,
      atRoot(mergeUnion),
      anyOfForOneOf,
      itemsForTuples,
      withoutLookaround,
      atRoot(without("enum", "const")),
      only(
        ...texts,
        ...["type", "enum", "const", "properties", "required", "additionalProperties", "items", "anyOf"],
        ...["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minItems", "maxItems"],
        ...["pattern", "format", "minLength", "maxLength", "default"],
      ),
      arrayItems,
      rootProperties,
    ],
  },
  anthropic: { steps: [...plainRoot] },
  "anthropic-strict": {
    inlines: true,
    replacesBooleans: true,
    steps: [
      ...plainRoot,
      anyOfForOneOf,
      itemsForTuples,
      formats(...anthropicFormats),
      fewItems,
      only(
        ...texts,
        ...["type", "enum", "const", "properties", "required", "additionalProperties", "items", "anyOf", "allOf"],
        ...["minItems", "format", "default"],
      ),
    ],
  },
  gemini: {
    inlines: true,
    replacesBooleans: true,
    steps: [
      mergeAllOf,
      atRoot(mergeUnion),
      anyOfForOneOf,
      singleTypes,
      itemsForTuples,
      enumForConst,
      textEnums,
      inclusiveBounds,
      formats("date-time", "int32", "int64", "float", "double"),
      only(
        ...texts,
        ...["type", "format", "enum", "items", "anyOf", "properties", "required", "minItems", "maxItems"],
        ...["minimum", "maximum", "minLength", "maxLength", "pattern", "minProperties", "maxProperties"],
      ),
      arrayItems,
      declaredRequired,
      rootProperties,
    ],
  },
  vscode: {
    inlines: true,
    steps: [...plainRoot, arrayItems, declaredRequired, rootProperties],
  },
  cursor: { inlines: true, steps: [singleTypes] },
  "claude-code": {
    replacesBooleans: true,
    steps: [...plainRoot],
    // References in an output schema made the whole list fail.
    output: { inlines: true, replacesBooleans: true, steps: [...plainRoot] },
  },
  moonshot: {
    inlines: true,
    replacesBooleans: true,
    steps: [...plainRoot, singleTypes, typesInBranches, typedProperties, declaredRequired],
  },
} as const satisfies Readonly<Record<string, ProjectionRules>>;

export type ProfileName = keyof typeof profiles;
