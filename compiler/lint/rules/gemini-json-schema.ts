import { quote } from "../../diagnostics/catalogue/definition.js";
import { findKeywords, inPlaces, type KeywordFound } from "../keywords.js";
import { defineRule } from "../rule.js";

/** Keywords that change which values are valid, and that neither form of Gemini's declarations documents. */
const unlisted = new Set(
  (
    "allOf not if then else const multipleOf exclusiveMinimum exclusiveMaximum patternProperties propertyNames " +
    "dependentRequired dependentSchemas dependencies minContains maxContains unevaluatedProperties unevaluatedItems " +
    "additionalItems $dynamicRef"
  ).split(" "),
);

export const geminiJsonSchema = defineRule<KeywordFound>({
  severity: "warning",
  message: ({ keyword, places }) => `Gemini does not know ${quote(keyword)}${inPlaces(places)}`,
  help: () => "say in the description what the keyword says, so that the model knows it",
  explain:
    "The newer form of Gemini's function declarations, `parametersJsonSchema`, documents the keywords that it supports. Others have no effect, or fail the request, so the model does not know what they demand and calls fail the server's validation.",
  profiles: ["gemini"],
  evidence: [
    {
      who: "Gemini, `parametersJsonSchema`",
      demand: "supports only the keywords that its documentation lists",
      sources: ["@google/genai, genai.d.ts, parametersJsonSchema and responseJsonSchema"],
      confidence: "A",
      asOf: "2026-10",
    },
  ],
  projection: "moves the demand into the description",
  entry: (entry) => findKeywords(entry, (keyword) => unlisted.has(keyword)),
});
