import { quote } from "../../diagnostics/catalogue/definition.js";
import { findKeywords, inPlaces, type KeywordFound } from "../keywords.js";
import { defineRule } from "../rule.js";

const refused = new Set(
  (
    "minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength pattern maxItems uniqueItems " +
    "minProperties maxProperties"
  ).split(" "),
);
const formats = new Set("date-time time date duration email hostname uri ipv4 ipv6 uuid".split(" "));

function isRefused(keyword: string, value: unknown): boolean {
  if (keyword === "format") return !formats.has(String(value));
  if (keyword === "minItems") return Number(value) > 1;
  return refused.has(keyword);
}

export const strictKeywordAnthropic = defineRule<KeywordFound>({
  severity: "error",
  message: ({ keyword, places }) => `Anthropic's strict mode takes no such ${quote(keyword)}${inPlaces(places)}`,
  help: () => "say it in the description, and check it in the handler",
  explain:
    "Anthropic's strict mode refuses bounds of numbers, lengths and counts, patterns, `minItems` above 1, and formats beyond the common ones. Anthropic's SDK moves them into the description; other clients send them as they are.",
  profiles: ["anthropic-strict"],
  evidence: [
    {
      who: "Anthropic's strict mode",
      demand:
        "no bounds, lengths or patterns; formats date-time, time, date, duration, email, hostname, uri, ipv4, ipv6 and uuid",
      sources: [
        "@anthropic-ai/sdk, transform-json-schema.ts",
        "@ai-sdk/anthropic, supports-native-structured-output-schema.ts",
      ],
      confidence: "A",
      asOf: "2026-10",
    },
  ],
  projection: "moves the demand into the description",
  entry: (entry) => findKeywords(entry, isRefused),
});
