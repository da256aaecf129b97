import { defineRule } from "../rule.js";

export const keywordTuple = defineRule<Record<string, never>>({
  severity: "warning",
  message: () => 'VS Code rewrites a list of schemas in "items" as a union of all of them',
  help: () => 'use "prefixItems" of 2020-12',
  explain:
    "Before 2020-12, a list of schemas in `items` described a tuple. VS Code makes a union of them for most models, so the model no longer sees which schema is for which place.",
  profiles: ["vscode"],
  evidence: [
    {
      who: "VS Code",
      demand: 'rewrites "items" that is a list to "anyOf", for gpt-4, Claude and o4',
      sources: ["vscode-copilot-chat, toolSchemaNormalizer.ts"],
      confidence: "B",
      asOf: "2026-10",
    },
  ],
  *entry({ subschemas }) {
    for (const { of, schema, at } of subschemas)
      if (of === "input" && typeof schema === "object" && Array.isArray(schema["items"]))
        yield { at: `${at}/items`, parameters: {} };
  },
});
