import { defineRule } from "../rule.js";

export const rootProperties = defineRule<Record<string, never>>({
  severity: "error",
  message: () => 'OpenAI and compatible providers refuse an inputSchema without "properties"',
  help: () => 'add "properties": {}',
  explain:
    'A tool without arguments has the inputSchema `{ "type": "object", "properties": {} }`. Without `properties`, even empty, OpenAI and many providers with the same interface refuse the whole request.',
  profiles: ["portable", "openai", "openai-strict", "vscode"],
  evidence: [
    {
      who: "OpenAI and compatible providers",
      demand: '"properties" must exist, even when it is empty',
      sources: ["bnbchain-mcp#68"],
      confidence: "C",
      asOf: "2026-10",
    },
    {
      who: "VS Code",
      demand: 'adds "properties" where it is missing',
      sources: ["vscode-copilot-chat, toolSchemaNormalizer.ts"],
      confidence: "B",
      asOf: "2026-10",
    },
  ],
  repair: 'adds "properties": {} to the inputSchema',
  projection: 'adds "properties": {}',
  *entry({ listing }) {
    const root = listing["inputSchema"];
    if (typeof root !== "object" || root === null || "$ref" in root || "properties" in root) return;
    yield { at: "/inputSchema", parameters: {}, repair: { kind: "add", key: "properties", value: {} } };
  },
});
