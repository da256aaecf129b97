import { defineRule } from "../rule.js";

export const keywordTypeList = defineRule<{ types: readonly string[] }>({
  severity: "error",
  message: () => "Cursor and other clients drop a tool with a list of types in its arguments",
  help: ({ types }) =>
    types.includes("null")
      ? 'make the argument optional instead of nullable, or use "anyOf" with a schema for each type'
      : 'use "anyOf" with a schema for each type',
  explain:
    'Several clients read `type` as one word, and drop a tool that has `"type": ["string", "null"]` anywhere in its arguments. An argument that may be left out needs no `null`; otherwise `anyOf` with one schema for each type says the same.',
  profiles: ["portable", "cursor"],
  evidence: [
    {
      who: "Cursor, Windsurf, Copilot for Eclipse, Kiro and gateways",
      demand: 'one word as "type": with a list the tool is dropped',
      sources: ["modelcontextprotocol/rust-sdk#135", "paperless-mcp#138", "arc-1#526"],
      confidence: "C",
      asOf: "2026-10",
    },
  ],
  projection: 'writes "anyOf" for a list of types',
  *entry({ subschemas }) {
    for (const { of, schema, at } of subschemas) {
      if (of !== "input" || typeof schema === "boolean" || !Array.isArray(schema["type"])) continue;
      yield { at: `${at}/type`, parameters: { types: schema["type"] as string[] } };
    }
  },
});
