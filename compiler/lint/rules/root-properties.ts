import { defineRule } from "../rule.js";

export const rootProperties = defineRule<Record<string, never>>({
  severity: "error",
  message: () => 'OpenAI and compatible providers refuse an inputSchema without "properties"',
  help: () => 'add "properties": {}',
  explain:
    'A tool without arguments has the inputSchema `{ "type": "object", "properties": {} }`. Without `properties`, even empty, OpenAI and many providers with the same interface refuse the whole request. Some clients add it, many do not. The specification recommends `"additionalProperties": false` for such a tool; `properties` may stand beside it.',
  profiles: ["portable", "openai", "openai-strict"],
  evidence: [
    {
      who: "OpenAI",
      demand: '"properties" must exist, even when it is empty: "object schema missing properties"',
      sources: ["openai/openai-agents-python#454 (OpenAI's own SDK adds it)"],
      confidence: "A",
      asOf: "2026-11",
    },
    {
      who: "clients of OpenAI and compatible providers",
      demand: "one tool without it fails the whole request",
      sources: [
        "spring-projects/spring-ai#4776",
        "langchain-ai/langchain-mcp-adapters#137",
        "karakeep-app/karakeep#1696",
        "mark3labs/mcphost#88",
        "bnb-chain/bnbchain-mcp#68",
      ],
      confidence: "C",
      asOf: "2026-11",
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
