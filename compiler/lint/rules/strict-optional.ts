import { quote } from "../../diagnostics/catalogue/definition.js";
import { defineRule } from "../rule.js";

export const strictOptional = defineRule<{ name: string }>({
  severity: "error",
  message: ({ name }) => `OpenAI's strict mode takes no optional property, such as ${quote(name)}`,
  help: ({ name }) => `add ${quote(name)} to "required", and let it be null: "anyOf": [{ … }, { "type": "null" }]`,
  explain:
    "With strict schemas, OpenAI demands that each property is in `required`. A property that may be left out becomes one that may be null.",
  profiles: ["openai-strict"],
  evidence: [
    {
      who: "OpenAI's strict mode",
      demand: "all properties are in required; what is optional is a union with null",
      sources: ["openai-node 6.49.0, lib/transform.ts"],
      confidence: "A",
      asOf: "2026-10",
    },
  ],
  *entry({ subschemas }) {
    for (const { of, schema, at } of subschemas) {
      if (of !== "input" || typeof schema === "boolean") continue;
      const { properties, required } = schema;
      if (typeof properties !== "object" || properties === null) continue;
      const names = Array.isArray(required) ? required : [];
      const first = Object.keys(properties).find((name) => !names.includes(name));
      // One finding for each object: its other properties have the same remedy.
      if (first !== undefined) yield { at: `${at}/properties`, parameters: { name: first } };
    }
  },
});
