import { defineRule } from "../rule.js";

export const referenceBlind = defineRule<Record<string, never>>({
  severity: "warning",
  message: () => 'the client loses tools, or parts of their arguments, that are described by "$ref"',
  help: () => "write the schema in place, or waive the rule for clients that resolve references",
  explain:
    "Some clients do not resolve a `$ref` to `$defs`: Cursor, Kiro and opencode lost such tools, and VS Code removes `$defs`, so that the reference leads nowhere. The model then guesses that part of the arguments.",
  profiles: ["cursor", "vscode"],
  evidence: [
    {
      who: "Cursor, Kiro, opencode and Open Cowork",
      demand: "no `$ref` in the arguments of a tool",
      sources: ["stitch-mcp#184", "softeria/ms-365-mcp-server#643", "jlowin/fastmcp#2808"],
      confidence: "C",
      asOf: "2026-10",
    },
    {
      who: "VS Code",
      demand: "removes `$defs`",
      sources: ["vscode-copilot-chat, toolSchemaNormalizer.ts"],
      confidence: "B",
      asOf: "2026-10",
    },
  ],
  projection: "writes the schemas of references in place",
  *entry({ subschemas }) {
    const first = subschemas.find(
      ({ of, schema, at }) =>
        of === "input" && typeof schema === "object" && "$ref" in schema && !at.includes("/$defs/"),
    );
    if (first) yield { at: `${first.at}/$ref`, parameters: {} };
  },
});
