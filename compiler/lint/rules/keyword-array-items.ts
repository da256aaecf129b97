import { defineRule } from "../rule.js";
import { hasType } from "../schema-types.js";

export const keywordArrayItems = defineRule<Record<string, never>>({
  severity: "error",
  message: () => 'OpenAI and VS Code refuse a list without "items"',
  help: () => 'say what the items are, such as "items": { "type": "string" }',
  explain:
    'A schema of a list in the arguments of a tool needs `items`. OpenAI refuses the request without it, and VS Code throws for every model. `"items": {}` is enough, but a model fills a list better when it knows what belongs in it.',
  profiles: ["portable", "openai", "openai-strict", "vscode"],
  evidence: [
    {
      who: "VS Code",
      demand: 'throws for "type": "array" without "items", whatever the model is',
      sources: ["vscode-copilot-chat, toolSchemaNormalizer.ts"],
      confidence: "B",
      asOf: "2026-10",
    },
    {
      who: "OpenAI",
      demand: 'refuses "type": "array" without "items"',
      sources: ["digitalocean/mcp-digitalocean#265"],
      confidence: "C",
      asOf: "2026-10",
    },
  ],
  projection: 'adds "items": {}',
  *entry({ subschemas }) {
    for (const { of, schema, at } of subschemas) {
      if (of === "input" && hasType(schema, "array") && !("items" in schema))
        yield { at: `${at}/type`, parameters: {} };
    }
  },
});
