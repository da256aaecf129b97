import { defineRule } from "../rule.js";

export const geminiEnum = defineRule<Record<string, never>>({
  severity: "warning",
  message: () => 'Gemini takes an "enum" of strings, or of one other primitive type',
  help: () => "give all values one type, or describe other values in the description",
  explain:
    "Gemini's function declarations support `enum` for strings and numbers. The AI SDK throws for values of several types, and writes other values than strings as strings.",
  profiles: ["gemini"],
  evidence: [
    {
      who: "Gemini through the AI SDK",
      demand: "the values of an enum have one primitive type",
      sources: ["@ai-sdk/google, convert-json-schema-to-openapi-schema.ts"],
      confidence: "B",
      asOf: "2026-10",
    },
    {
      who: "Gemini, `parametersJsonSchema`",
      demand: "enum of strings and numbers",
      sources: ["@google/genai, genai.d.ts, parametersJsonSchema"],
      confidence: "A",
      asOf: "2026-10",
    },
  ],
  *entry({ subschemas }) {
    for (const { of, schema, at } of subschemas) {
      if (of !== "input" || typeof schema === "boolean" || !Array.isArray(schema["enum"])) continue;
      // Null stands for a nullable value.
      const types = new Set(
        (schema["enum"] as unknown[]).filter((value) => value !== null).map((value) => typeof value),
      );
      if (types.size > 1 || types.has("object") || types.has("boolean")) yield { at: `${at}/enum`, parameters: {} };
    }
  },
});
