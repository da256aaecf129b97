import { defineRule } from "../rule.js";

export const keywordBooleanSchema = defineRule<{ value: boolean }>({
  severity: "warning",
  message: ({ value }) => `Claude Code takes no ${String(value)} for the schema of a property`,
  help: ({ value }) =>
    value ? "write {} instead, which means the same" : 'write { "not": {} } instead, which means the same',
  explain:
    "In JSON Schema, `true` is a schema that accepts everything. Claude Code was seen to call a tool invalid whose property has such a schema. `{}` means the same.",
  profiles: ["claude-code"],
  evidence: [
    {
      who: "Claude Code",
      demand: "`true` as the schema of a property is invalid",
      sources: ["modelcontextprotocol/inspector#1005"],
      confidence: "C",
      asOf: "2026-10",
    },
  ],
  repair: 'writes {} for true, and { "not": {} } for false',
  projection: "writes {} for true",
  *entry({ subschemas }) {
    for (const { schema, keyword, at } of subschemas) {
      if (typeof schema !== "boolean" || keyword !== "properties") continue;
      yield { at, parameters: { value: schema }, repair: { kind: "replace", value: schema ? {} : { not: {} } } };
    }
  },
});
