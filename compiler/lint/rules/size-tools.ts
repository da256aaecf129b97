import type { Profile } from "../profiles.js";
import { defineRule, type Evidence } from "../rule.js";

/** The number of tools that a client hands to a model. */
interface Limit extends Evidence {
  readonly profiles: readonly Profile[];
  readonly most: number;
}

const limits: readonly [Limit, ...Limit[]] = [
  {
    who: "Cursor",
    profiles: ["cursor"],
    most: 80,
    demand: "80 tools of all servers together (40 before)",
    sources: ["Snowflake-Labs/mcp#77"],
    confidence: "C",
    asOf: "2026-10",
    since: "2025-09",
  },
  {
    who: "VS Code and OpenAI",
    profiles: ["portable", "vscode", "openai", "openai-strict"],
    most: 128,
    demand: "128 tools in a request, of all servers together",
    sources: ["microsoft/vscode#254189", "microsoft/vscode#337428"],
    confidence: "C",
    asOf: "2026-10",
  },
];

export const sizeTools = defineRule<{ tools: number; who: string; most: number }>({
  severity: "warning",
  message: ({ tools, who, most }) =>
    `the server has ${tools} tools, and ${who} take${who.includes(" and ") ? "" : "s"} ${most}`,
  help: () => "split the server, or join tools that differ in little",
  explain:
    "Clients send the tools of all servers with each request to a model, and both clients and providers limit their number. A server that alone has more cannot be used whole, and long before that models choose worse.",
  profiles: ["portable", "cursor", "vscode", "openai", "openai-strict"],
  evidence: limits,
  *surface({ tools }, { profiles }) {
    const exceeded = limits.find((each) => each.profiles.some((one) => profiles.has(one)) && tools > each.most);
    if (exceeded) yield { at: "/name", parameters: { tools, who: exceeded.who, most: exceeded.most } };
  },
});
