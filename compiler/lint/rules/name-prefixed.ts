import { tooLong, type Renderer } from "../rendered-names.js";
import { defineRule } from "../rule.js";

const asOf = "2026-10";

/** Renderers that one report names. */
const renderers: readonly [Renderer, ...Renderer[]] = [
  {
    who: "an app in Codex",
    profiles: ["openai"],
    render: (_server, tool) => `mcp__codex_apps__${tool}`,
    most: 64,
    demand: "a tool of an app is called mcp__codex_apps__{tool}, and OpenAI takes 64 characters",
    sources: ["aws-sdk-python#99"],
    confidence: "C",
    asOf,
  },
  {
    who: "LibreChat on Amazon Bedrock",
    profiles: ["bedrock"],
    render: (server, tool) => `${tool}_mcp_${server}`,
    most: 64,
    demand: "a tool is called {tool}_mcp_{server}, and Bedrock takes 64 characters",
    sources: ["awslabs/mcp#2395"],
    confidence: "C",
    asOf,
  },
  {
    who: "a plugin of Claude Code on Amazon Bedrock",
    profiles: ["claude-code"],
    render: (server, tool) => `mcp__plugin_${server}_${server}__${tool}`,
    most: 64,
    demand: "a plugin's tool is called mcp__plugin_{plugin}_{server}__{tool}, and Bedrock takes 64 characters",
    sources: ["agent-plugins#131"],
    confidence: "C",
    asOf,
  },
];

export const namePrefixed = defineRule<{ rendered: string; who: string; most: number }>({
  severity: "warning",
  ...tooLong(renderers),
  explain:
    "Some clients put more before or after the name of a tool than others, as one report each says. A plugin is taken to have the name of the server. `name/too-long` has the clients that several reports name.",
  profiles: ["openai", "bedrock", "claude-code"],
  evidence: renderers,
});
