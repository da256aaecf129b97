import { quote } from "../../diagnostics/catalogue/definition.js";
import { defineRule } from "../rule.js";

const typed = ["type", "$ref", "anyOf", "oneOf", "allOf"];

export const moonshotUntyped = defineRule<{ name: string }>({
  severity: "error",
  message: ({ name }) => `Moonshot refuses the property ${quote(name)} without a "type"`,
  help: () => 'add a "type"',
  explain:
    "Moonshot demands a `type` in the schema of each property; one with `anyOf`, `oneOf`, `allOf` or `$ref` has it there.",
  profiles: ["moonshot"],
  evidence: [
    {
      who: "Moonshot",
      demand: "each property has a type",
      sources: ["hermes-agent#14804", "hermes-agent#14805"],
      confidence: "C",
      asOf: "2026-10",
    },
  ],
  *entry({ subschemas }) {
    for (const { of, schema, keyword, name, at } of subschemas) {
      if (of !== "input" || keyword !== "properties") continue;
      const isTyped = typeof schema === "object" && typed.some((key) => Object.hasOwn(schema, key));
      if (!isTyped) yield { at, parameters: { name: name! } };
    }
  },
});
