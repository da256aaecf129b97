import { quote } from "../../diagnostics/catalogue/definition.js";
import type { Profile } from "../profiles.js";
import { defineRule, type Evidence } from "../rule.js";

/** The name under which a client calls a tool, and how long that may be. */
interface Renderer extends Evidence {
  readonly profiles: readonly Profile[];
  readonly render: (server: string, tool: string) => string;
  readonly most: number;
}

const asOf = "2026-10";

const renderers: readonly [Renderer, ...Renderer[]] = [
  {
    who: "Claude Code on Amazon Bedrock",
    profiles: ["portable", "claude-code", "bedrock"],
    render: (server, tool) => `mcp__${server}__${tool}`,
    most: 64,
    demand: "a tool is called mcp__{server}__{tool}, and Bedrock takes 64 characters",
    sources: ["agent-plugins#131", "awslabs/mcp#3181", "sample-apj-sup-sa#137"],
    confidence: "C",
    asOf,
  },
  {
    who: "Cursor",
    profiles: ["portable", "cursor"],
    render: (server, tool) => server + tool,
    most: 59,
    demand:
      "the names of server and tool have at most 60 characters together, by one report fewer, else the tool is gone",
    sources: ["ComposioHQ/composio#2788", "awslabs/mcp#1283", "mcp-playwright#145"],
    confidence: "C",
    asOf,
  },
  {
    who: "Claude Code",
    profiles: ["claude-code"],
    render: (server, tool) => `mcp__${server}__${tool}`,
    most: 128,
    demand:
      "a tool is called mcp__{server}__{tool}, and Anthropic's API takes 128 characters; a plugin's tools have longer names still",
    sources: ["agent-plugins#131"],
    confidence: "C",
    asOf,
  },
];

export const nameTooLong = defineRule<{ rendered: string; who: string; most: number }>({
  severity: "error",
  message: ({ rendered, who, most }) =>
    `${who} takes ${most} characters, and this tool would be ${quote(rendered)} with ${rendered.length}`,
  help: ({ rendered, most }) => `shorten the name of the tool, or of the server, by ${rendered.length - most}`,
  explain:
    "Clients put the name of the server before the names of its tools, so that tools of several servers differ. The limit of the client, or of its model provider, is for both together. The rule takes the name in the `server` section; users may configure a server under another one.",
  profiles: ["portable", "claude-code", "bedrock", "cursor"],
  evidence: renderers,
  *entry({ section, id }, { server, profiles }) {
    if (section !== "tools") return;
    const asked = renderers.filter((each) => each.profiles.some((profile) => profiles.has(profile)));
    const over = asked.find(({ render, most }) => render(server.name, id).length > most);
    if (!over) return;
    yield { at: "/name", parameters: { rendered: over.render(server.name, id), who: over.who, most: over.most } };
  },
});
