import { listOf } from "../../diagnostics/catalogue/definition.js";
import { defineRule } from "../rule.js";

export const moonshotReference = defineRule<{ siblings: readonly string[] }>({
  severity: "error",
  message: ({ siblings }) =>
    siblings.length > 0
      ? `Moonshot refuses ${listOf(siblings)} beside "$ref"`
      : 'Moonshot refuses a "$ref" that does not begin with #/$defs/',
  help: ({ siblings }) =>
    siblings.length > 0 ? "move it into the schema that the reference leads to" : "move the schema into $defs",
  explain:
    "Moonshot resolves only references into `$defs`, and refuses any keyword beside a `$ref`, even a description.",
  profiles: ["moonshot"],
  evidence: [
    {
      who: "Moonshot",
      demand: "references begin with #/$defs/ and have no siblings",
      sources: ["softeria/ms-365-mcp-server#458", "MoonshotAI/kimi-cli#2061", "CLIProxyAPI#5316"],
      confidence: "C",
      asOf: "2026-10",
    },
  ],
  projection: "writes the schemas of references in place",
  *entry({ subschemas }) {
    for (const { of, schema, at } of subschemas) {
      if (of !== "input" || typeof schema === "boolean" || typeof schema["$ref"] !== "string") continue;
      const siblings = Object.keys(schema).filter((key) => key !== "$ref" && key !== "$defs");
      if (siblings.length > 0) yield { at: `${at}/$ref`, parameters: { siblings } };
      else if (!schema["$ref"].startsWith("#/$defs/")) yield { at: `${at}/$ref`, parameters: { siblings: [] } };
    }
  },
});
