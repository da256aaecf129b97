import { quote } from "../../diagnostics/catalogue/definition.js";
import { findKeywords, inPlaces, type KeywordFound } from "../keywords.js";
import { defineRule } from "../rule.js";

const refused = new Set(
  (
    "$schema additionalProperties const examples readOnly writeOnly deprecated $comment multipleOf uniqueItems prefixItems " +
    "additionalItems propertyNames patternProperties dependentRequired dependentSchemas dependencies contentEncoding " +
    "contentMediaType contentSchema exclusiveMinimum exclusiveMaximum $ref"
  ).split(" "),
);

export const geminiParameters = defineRule<KeywordFound>({
  severity: "warning",
  message: ({ keyword, places }) => `Gemini's older "parameters" refuse ${quote(keyword)}${inPlaces(places)}`,
  help: () => "let a client that sends parametersJsonSchema call the tool, or leave the keyword out",
  explain:
    "Gemini takes function declarations in two forms. The older one, `parameters`, knows a small part of JSON Schema, and a request with any other keyword fails. Several clients still send it, some after removing such keywords, some as they are. `gemini/json-schema` has the newer form.",
  profiles: ["gemini"],
  evidence: [
    {
      who: "Gemini and Vertex AI, `parameters`",
      demand: "refuse all keywords beyond a small part of OpenAPI's schemas",
      sources: [
        "danny-avila/LibreChat#13850 (tried live)",
        "goai#108",
        "zed-industries/zed#52670",
        "promptfoo#6902",
        "livekit#7353",
      ],
      confidence: "C",
      asOf: "2026-10",
    },
  ],
  projection: "removes the keywords",
  entry: (entry) => findKeywords(entry, (keyword) => refused.has(keyword)),
});
