import { listOf, quote } from "../../diagnostics/catalogue/definition.js";
import type { Profile } from "../profiles.js";
import { defineRule, type Evidence } from "../rule.js";

/** The tool names that a client, a provider or the protocol takes. */
interface Taker extends Evidence {
  readonly profiles: readonly Profile[];
  readonly pattern: RegExp;
}

const asOf = "2026-10";

const takers: readonly Taker[] = [
  {
    who: "the MCP specification",
    profiles: ["portable", "spec-2026-07-28", "spec-2025-11-25"],
    pattern: /^[A-Za-z0-9_.-]{1,128}$/,
    demand: 'should be 1 to 128 letters, digits, "_", "-" and "."',
    sources: ["MCP specification, server/tools, Tool Names"],
    confidence: "A",
    asOf,
  },
  {
    who: "OpenAI",
    profiles: ["portable", "openai", "openai-strict"],
    pattern: /^[A-Za-z0-9_-]{1,64}$/,
    demand: 'up to 64 letters, digits, "_" and "-"',
    sources: ["openai-node 6.49.0, resources/shared.ts, FunctionDefinition.name"],
    confidence: "A",
    asOf,
  },
  {
    who: "Anthropic",
    profiles: ["portable", "anthropic", "anthropic-strict", "claude-code"],
    pattern: /^[A-Za-z0-9_-]{1,128}$/,
    demand: 'up to 128 letters, digits, "_" and "-" (64 in 2025)',
    sources: ["wayland-core#130", "macro#5921", "aws-sdk-js-v3#7287"],
    confidence: "C",
    asOf,
  },
  {
    who: "Amazon Bedrock",
    profiles: ["portable", "bedrock"],
    pattern: /^[A-Za-z0-9_-]{1,64}$/,
    demand: 'up to 64 letters, digits, "_" and "-"',
    sources: ["awslabs/mcp#3181", "sample-apj-sup-sa#137", "openclaw#12892"],
    confidence: "C",
    asOf,
  },
  {
    who: "Gemini",
    profiles: ["portable", "gemini"],
    pattern: /^[A-Za-z_][A-Za-z0-9_.:-]{0,63}$/,
    demand: 'a letter or "_", then up to 63 letters, digits, "_", ".", ":" and "-" (127 by the current SDK)',
    sources: ["@google/genai, FunctionDeclaration.name", "Vertex AI, FunctionDeclaration", "gemini-cli, mcp-tool.ts"],
    confidence: "A",
    asOf,
  },
  {
    who: "Moonshot",
    profiles: ["moonshot"],
    pattern: /^[A-Za-z_-][A-Za-z0-9_-]*$/,
    demand: "no digit at the beginning",
    sources: ["kimi-cli#2531"],
    confidence: "C",
    asOf,
  },
];

export const nameUnportable = defineRule<{ name: string; who: readonly string[] }>({
  severity: "error",
  message: ({ name, who }) => `the tool name ${quote(name)} is not valid for ${namesOf(who)}`,
  help: () => 'use up to 64 letters, digits, "_" and "-", beginning with a letter',
  explain:
    "Clients hand the names of tools on to model providers, and each provider has its own pattern: a name outside of it costs the tool, or the whole request. A name of up to 64 ASCII letters, digits, underscores and hyphens that begins with a letter suits them all.",
  profiles: [...new Set(takers.flatMap(({ profiles }) => profiles))],
  evidence: takers as unknown as readonly [Evidence, ...Evidence[]],
  *entry({ section, id }, { profiles }) {
    if (section !== "tools") return;
    const refusing = takers.filter(
      (taker) => taker.profiles.some((each) => profiles.has(each)) && !taker.pattern.test(id),
    );
    if (refusing.length > 0) yield { at: "/name", parameters: { name: id, who: refusing.map(({ who }) => who) } };
  },
});

function namesOf(who: readonly string[]): string {
  return listOf(who).replaceAll('"', "");
}
