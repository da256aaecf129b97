import { defineRule } from "../rule.js";

/** Keywords beside which a schema without properties still has no arguments. */
const neutral = new Set(["$schema", "type", "title", "description", "properties", "required"]);

export const rootNoArguments = defineRule<Record<string, never>>({
  severity: "warning",
  message: () => "the specification recommends that a tool without arguments refuses all",
  help: () => 'add "additionalProperties": false',
  explain:
    'The specification names two forms of the inputSchema of a tool without arguments, and recommends the closed one: `{ "type": "object", "additionalProperties": false }`. The open one accepts any arguments, so a model that makes some up is not told. `properties` may stand beside it, and `root/properties` says who wants that.',
  profiles: ["spec-2026-07-28", "spec-2025-11-25"],
  evidence: [
    {
      who: "the MCP specification",
      demand: 'recommends { "type": "object", "additionalProperties": false } for no arguments',
      sources: ["MCP specification, server/tools, Tool"],
      confidence: "A",
      asOf: "2026-10",
      since: "2025-11-25",
    },
  ],
  repair: 'adds "additionalProperties": false to the inputSchema',
  *entry({ listing: { inputSchema } }) {
    if (typeof inputSchema !== "object" || inputSchema === null || Array.isArray(inputSchema)) return;
    const { properties = {} } = inputSchema as { properties?: object };
    if (Object.keys(properties).length > 0 || !Object.keys(inputSchema).every((key) => neutral.has(key))) return;
    yield { at: "/inputSchema", parameters: {}, repair: { kind: "add", key: "additionalProperties", value: false } };
  },
});
