import { defineRule } from "../rule.js";

export const moonshotTypeBesideUnion = defineRule<Record<string, never>>({
  severity: "error",
  message: () => 'Moonshot refuses "type" beside "anyOf"',
  help: () => 'move "type" into each schema of "anyOf"',
  explain:
    'Moonshot demands that a schema with `anyOf` has no `type` of its own. At the root of an inputSchema nobody can do that, because the protocol demands `"type": "object"` there: move the union into a property.',
  profiles: ["moonshot"],
  evidence: [
    {
      who: "Moonshot",
      demand: "no type beside anyOf",
      sources: ["MoonshotAI/kimi-cli#2531", "FTShare-MCP#7"],
      confidence: "C",
      asOf: "2026-10",
    },
  ],
  projection: 'moves "type" into each schema of "anyOf"',
  *entry({ subschemas }) {
    for (const { of, schema, at } of subschemas)
      if (of === "input" && typeof schema === "object" && "type" in schema && "anyOf" in schema)
        yield { at: `${at}/type`, parameters: {} };
  },
});
