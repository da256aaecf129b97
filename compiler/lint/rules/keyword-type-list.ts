import { defineRule } from "../rule.js";

export const keywordTypeList = defineRule<{ types: readonly string[] }>({
  severity: "warning",
  message: () => 'Cursor refuses calls with an argument whose "type" is a list, and other clients drop the tool',
  help: ({ types }) =>
    types.includes("null")
      ? 'use "anyOf" with a schema for each type, or leave out "null" if it means the same as no argument'
      : 'use "anyOf" with a schema for each type',
  explain:
    'Several clients read `type` as one word. Cursor then refuses each value of an argument such as `"type": ["string", "null"]`, before the server sees the call; others drop the tool. An argument that may be left out needs no `null`; otherwise `anyOf` with one schema for each type says the same.',
  profiles: ["portable", "cursor"],
  evidence: [
    {
      who: "Cursor",
      demand: 'compares "type" with the type of a value as words: a list equals none, and the call is not made',
      sources: ["cursor/cursor#3540", "cursor/cursor#3778"],
      confidence: "C",
      asOf: "2026-11",
    },
    {
      who: "Windsurf, Copilot for Eclipse, Kiro and gateways",
      demand: 'one word as "type": with a list the tool is dropped',
      sources: ["modelcontextprotocol/rust-sdk#135", "paperless-mcp#138", "arc-1#526"],
      confidence: "C",
      asOf: "2026-10",
    },
  ],
  repair: 'writes "anyOf" with a schema for each type',
  projection: 'writes "anyOf" for a list of types',
  *entry({ subschemas }) {
    for (const { of, schema, at } of subschemas) {
      if (of !== "input" || typeof schema === "boolean" || !Array.isArray(schema["type"])) continue;
      const types = schema["type"] as string[];
      const value = types.map((type) => ({ type }));
      const isFree = !Object.hasOwn(schema, "anyOf");
      yield {
        at: `${at}/type`,
        parameters: { types },
        ...(isFree && { repair: { kind: "exchange", key: "anyOf", value } }),
      };
    }
  },
});
