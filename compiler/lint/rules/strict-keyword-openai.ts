import { quote } from "../../diagnostics/catalogue/definition.js";
import { findKeywords, inPlaces, type KeywordFound } from "../keywords.js";
import { defineRule } from "../rule.js";

const refused = new Set(
  (
    "$anchor $dynamicRef $dynamicAnchor allOf contains contentEncoding contentMediaType contentSchema dependentRequired " +
    "dependentSchemas dependencies else if then not minContains maxContains minProperties maxProperties patternProperties " +
    "prefixItems propertyNames unevaluatedProperties unevaluatedItems uniqueItems"
  ).split(" "),
);

export const strictKeywordOpenai = defineRule<KeywordFound>({
  severity: "error",
  message: ({ keyword, places }) => `OpenAI's strict mode refuses ${quote(keyword)}${inPlaces(places)}`,
  help: () => "leave the keyword out, and check it in the handler",
  explain:
    "OpenAI's strict mode knows a part of JSON Schema, and refuses a tool that uses more. An `allOf` of objects can be written as one object.",
  profiles: ["openai-strict"],
  evidence: [
    {
      who: "OpenAI's strict mode",
      demand: "a part of JSON Schema; other keywords are refused",
      sources: ["openai-node 6.49.0, lib/transform.ts"],
      confidence: "A",
      asOf: "2026-10",
    },
  ],
  projection: "removes the keywords; the handler's validator still applies them",
  entry: (entry) => findKeywords(entry, (keyword) => refused.has(keyword)),
});
