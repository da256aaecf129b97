import { tooLong, type Renderer } from "../rendered-names.js";
import { defineRule } from "../rule.js";

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
  ...tooLong(renderers),
  explain:
    "Clients put the name of the server before the names of its tools, so that tools of several servers differ. The limit of the client, or of its model provider, is for both together. The rule takes the name in the `server` section; users may configure a server under another one.",
  profiles: ["portable", "claude-code", "bedrock", "cursor"],
  evidence: renderers,
});
