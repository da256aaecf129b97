import { quote } from "../../diagnostics/catalogue/definition.js";
import { defineRule } from "../rule.js";
import { isInPlace } from "../schema-types.js";

export const keywordRequired = defineRule<{ name: string }>({
  severity: "error",
  message: ({ name }) => `"required" names ${quote(name)}, which "properties" does not have`,
  help: ({ name }) => `add ${quote(name)} to "properties", or remove it from "required"`,
  explain:
    "JSON Schema allows a required property that has no schema, but Moonshot refuses it and VS Code removes it from `required`: the model then never learns of an argument without which each call fails. It is mostly a misspelt name.",
  profiles: ["portable", "moonshot", "vscode"],
  evidence: [
    {
      who: "VS Code",
      demand: 'removes names from "required" that are not in "properties"',
      sources: ["vscode-copilot-chat, toolSchemaNormalizer.ts"],
      confidence: "B",
      asOf: "2026-10",
    },
    {
      who: "Moonshot",
      demand: 'refuses a name in "required" that is not in "properties"',
      sources: ["MoonshotAI/kimi-code#1610"],
      confidence: "C",
      asOf: "2026-10",
    },
  ],
  *entry({ subschemas }) {
    for (const subschema of subschemas) {
      const { of, schema, at } = subschema;
      // A branch requires properties of the schema around it.
      if (of !== "input" || typeof schema === "boolean" || isInPlace(subschema)) continue;
      const { required, properties = {} } = schema;
      if (!Array.isArray(required) || "$ref" in schema || "allOf" in schema) continue;
      // The check phase reports these: no value is valid.
      if (schema["additionalProperties"] === false) continue;
      for (const [index, name] of required.entries())
        if (!Object.hasOwn(properties as object, String(name)))
          yield { at: `${at}/required/${index}`, parameters: { name: String(name) } };
    }
  },
});
