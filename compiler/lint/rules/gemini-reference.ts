import { listOf } from "../../diagnostics/catalogue/definition.js";
import { defineRule } from "../rule.js";

export const geminiReference = defineRule<{ siblings: readonly string[] }>({
  severity: "warning",
  message: ({ siblings }) => `Gemini takes no ${listOf(siblings)} beside "$ref"`,
  help: () => "move it into the schema that the reference leads to",
  explain:
    "In the newer form of Gemini's function declarations, `parametersJsonSchema`, a schema with `$ref` may have no other members than those whose names begin with `$`.",
  profiles: ["gemini"],
  evidence: [
    {
      who: "Gemini, `parametersJsonSchema`",
      demand: "beside $ref, only members whose names begin with $",
      sources: ["@google/genai, genai.d.ts, parametersJsonSchema"],
      confidence: "A",
      asOf: "2026-10",
    },
  ],
  projection: "writes the schemas of references in place",
  *entry({ subschemas }) {
    for (const { of, schema, at } of subschemas) {
      if (of !== "input" || typeof schema === "boolean" || typeof schema["$ref"] !== "string") continue;
      const siblings = Object.keys(schema).filter((key) => !key.startsWith("$"));
      if (siblings.length > 0) yield { at: `${at}/$ref`, parameters: { siblings } };
    }
  },
});
