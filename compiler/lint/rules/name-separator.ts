import { quote } from "../../diagnostics/catalogue/definition.js";
import { defineRule } from "../rule.js";

export const nameSeparator = defineRule<{ name: string; separator: string }>({
  severity: "warning",
  message: ({ name, separator }) => `clients split names at ${quote(separator)}, which ${quote(name)} has inside`,
  help: () => 'use a single "_" or "-"',
  explain:
    "Clients join the names of a server and a tool by `__` or `--`, and split them there again. A name that has such a separator itself may be split in the wrong place.",
  profiles: ["claude-code", "cursor", "vscode"],
  evidence: [
    {
      who: "Claude Code and gateways",
      demand: 'no "__" and no "--" inside the names of tools',
      sources: ["apify/apify-mcp-server#36", "agent-plugins#131"],
      confidence: "C",
      asOf: "2026-10",
    },
  ],
  *entry({ section, id }) {
    const separator = section === "tools" ? /(?<=[^_])__(?=[^_])|(?<=[^-])--(?=[^-])/.exec(id)?.[0] : undefined;
    if (separator !== undefined) yield { at: "/name", parameters: { name: id, separator } };
  },
});
