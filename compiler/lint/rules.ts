import type { LintRule } from "./rule.js";
import { annotationsChatgptDirectory } from "./rules/annotations-chatgpt-directory.js";
import { annotationsClaudeDirectory } from "./rules/annotations-claude-directory.js";
import { annotationsContradictory } from "./rules/annotations-contradictory.js";
import { descriptionMissing } from "./rules/description-missing.js";
import { descriptionSimilar } from "./rules/description-similar.js";
import { geminiEnum } from "./rules/gemini-enum.js";
import { geminiJsonSchema } from "./rules/gemini-json-schema.js";
import { geminiParameters } from "./rules/gemini-parameters.js";
import { geminiReference } from "./rules/gemini-reference.js";
import { handlerFloatingPromise } from "./rules/handler-floating-promise.js";
import { handlerStandardOutput } from "./rules/handler-standard-output.js";
import { keywordArrayItems } from "./rules/keyword-array-items.js";
import { keywordBooleanSchema } from "./rules/keyword-boolean-schema.js";
import { keywordLookaround } from "./rules/keyword-lookaround.js";
import { keywordRequired } from "./rules/keyword-required.js";
import { keywordTuple } from "./rules/keyword-tuple.js";
import { keywordTypeList } from "./rules/keyword-type-list.js";
import { moonshotReference } from "./rules/moonshot-reference.js";
import { moonshotTypeBesideUnion } from "./rules/moonshot-type-beside-union.js";
import { moonshotUntyped } from "./rules/moonshot-untyped.js";
import { namePrefixed } from "./rules/name-prefixed.js";
import { nameSeparator } from "./rules/name-separator.js";
import { nameSimilar } from "./rules/name-similar.js";
import { nameTooLong } from "./rules/name-too-long.js";
import { nameUnportable } from "./rules/name-unportable.js";
import { nameVague } from "./rules/name-vague.js";
import { propertyUnportable } from "./rules/property-unportable.js";
import { referenceBlind } from "./rules/reference-blind.js";
import { referenceRecursive } from "./rules/reference-recursive.js";
import { referenceUnused } from "./rules/reference-unused.js";
import { rootNoArguments } from "./rules/root-no-arguments.js";
import { rootNoComposition } from "./rules/root-no-composition.js";
import { rootProperties } from "./rules/root-properties.js";
import { secretDefault } from "./rules/secret-default.js";
import { sizeDescriptionChatgpt } from "./rules/size-description-chatgpt.js";
import { sizeDescriptionVscode } from "./rules/size-description-vscode.js";
import { sizeDescription } from "./rules/size-description.js";
import { sizeTools } from "./rules/size-tools.js";
import { strictKeywordAnthropic } from "./rules/strict-keyword-anthropic.js";
import { strictKeywordOpenai } from "./rules/strict-keyword-openai.js";
import { strictLimits } from "./rules/strict-limits.js";
import { strictManyOptional } from "./rules/strict-many-optional.js";
import { strictOpenObject } from "./rules/strict-open-object.js";
import { strictOptional } from "./rules/strict-optional.js";
import { timeoutTooLong } from "./rules/timeout-too-long.js";

/**
 * All lint rules, by code. To add one:
 *
 * 1. Write `rules/CODE.ts` with `defineRule`: message, help, explanation, severity, profiles, evidence, and a function
 *    from an entry (`entry`) or from all entries (`surface`) to findings. A finding points into the listing of its entry;
 *    the engine finds the place in the manifests, applies severities and waivers, and reports each place once.
 *    Messages name no entry: a finding in a shared definition concerns several.
 * 2. Add it here.
 * 3. Make `fixtures/lint/CODE/` with `broken.mcp.json` and `clean.mcp.json`, which differ in little but the violation;
 *    `npx vitest run --config test/vitest.config.ts test/compiler/lint -u` writes `expected.txt`: read it.
 * 4. `npx vitest run --config test/vitest.config.ts test/house/documents -u` writes the rule into the documents.
 *
 * A rule is a function of its arguments alone: its results are cached. It imports `definition.ts` of the catalogue for
 * `quote` and its like, and nothing that imports the catalogue. A rule whose severity in a named profile is "error"
 * means that something refuses the entry; one that rests on a single report of confidence C is a warning.
 */
export const rules = {
  "annotations/chatgpt-directory": annotationsChatgptDirectory,
  "annotations/claude-directory": annotationsClaudeDirectory,
  "annotations/contradictory": annotationsContradictory,
  "description/missing": descriptionMissing,
  "description/similar": descriptionSimilar,
  "gemini/enum": geminiEnum,
  "gemini/json-schema": geminiJsonSchema,
  "gemini/parameters": geminiParameters,
  "gemini/reference": geminiReference,
  "handler/floating-promise": handlerFloatingPromise,
  "handler/standard-output": handlerStandardOutput,
  "keyword/array-items": keywordArrayItems,
  "keyword/boolean-schema": keywordBooleanSchema,
  "keyword/lookaround": keywordLookaround,
  "keyword/required": keywordRequired,
  "keyword/tuple": keywordTuple,
  "keyword/type-list": keywordTypeList,
  "moonshot/reference": moonshotReference,
  "moonshot/type-beside-union": moonshotTypeBesideUnion,
  "moonshot/untyped": moonshotUntyped,
  "name/prefixed": namePrefixed,
  "name/separator": nameSeparator,
  "name/similar": nameSimilar,
  "name/too-long": nameTooLong,
  "name/unportable": nameUnportable,
  "name/vague": nameVague,
  "property/unportable": propertyUnportable,
  "reference/blind": referenceBlind,
  "reference/recursive": referenceRecursive,
  "reference/unused": referenceUnused,
  "root/no-arguments": rootNoArguments,
  "root/no-composition": rootNoComposition,
  "root/properties": rootProperties,
  "secret/default": secretDefault,
  "size/description": sizeDescription,
  "size/description-chatgpt": sizeDescriptionChatgpt,
  "size/description-vscode": sizeDescriptionVscode,
  "size/tools": sizeTools,
  "strict/keyword-anthropic": strictKeywordAnthropic,
  "strict/keyword-openai": strictKeywordOpenai,
  "strict/limits": strictLimits,
  "strict/many-optional": strictManyOptional,
  "strict/open-object": strictOpenObject,
  "strict/optional": strictOptional,
  "timeout/too-long": timeoutTooLong,
};

export type RuleCode = keyof typeof rules;

/** The same rules without the types of their parameters. */
export const ruleTable = new Map(Object.entries(rules)) as ReadonlyMap<string, unknown> as ReadonlyMap<
  RuleCode,
  LintRule<unknown>
>;
