import { listOf } from "../../diagnostics/catalogue/definition.js";
import type { Profile } from "../profiles.js";
import { defineRule, type Evidence } from "../rule.js";

/** The keywords at the root of an inputSchema that a client or a provider does not take. */
interface Refuser extends Evidence {
  readonly profiles: readonly Profile[];
  readonly keywords: readonly string[];
}

const unions = ["oneOf", "anyOf", "allOf"];
const asOf = "2026-10";

const refusers: readonly [Refuser, ...Refuser[]] = [
  {
    who: "Anthropic's API and Claude Code",
    profiles: ["portable", "anthropic", "anthropic-strict", "claude-code"],
    keywords: unions,
    demand: 'no "oneOf", "anyOf" or "allOf" at the root: the request fails, or the tool is gone',
    sources: ["modelcontextprotocol/python-sdk#494", "anthropics/claude-code#95504"],
    confidence: "C",
    asOf,
  },
  {
    who: "VS Code",
    profiles: ["portable", "vscode"],
    keywords: unions,
    demand: "deletes the keywords at the root, because Claude and GPT-4o refuse them; the model never sees them",
    sources: ["vscode-copilot-chat, toolSchemaNormalizer.ts"],
    confidence: "B",
    asOf,
  },
  {
    who: "VS Code",
    profiles: ["vscode"],
    keywords: ["not", "if", "then", "else"],
    demand: 'deletes "not", "if", "then" and "else" at the root, too',
    sources: ["vscode-copilot-chat, toolSchemaNormalizer.ts"],
    confidence: "B",
    asOf,
  },
  {
    who: "OpenAI's strict mode",
    profiles: ["openai-strict"],
    keywords: ["anyOf", "oneOf"],
    demand: 'the root must be an object, and no "anyOf"',
    sources: ["openai-node 6.49.0, lib/transform.ts, toStrictJsonSchema"],
    confidence: "A",
    asOf,
  },
];

export const rootNoComposition = defineRule<{ keywords: readonly string[] }>({
  severity: "error",
  message: ({ keywords }) => `some clients refuse or drop ${listOf(keywords)} at the root of an inputSchema`,
  help: () =>
    "move the alternatives into a property, or make a tool of each, or make all arguments optional and check them in the handler",
  explain:
    "The arguments of a tool are one object, and several providers refuse a schema whose root is a choice between several: the call to the model fails, or the tool is not there. Below the root, in a property, unions are fine nearly everywhere.",
  profiles: ["portable", "anthropic", "anthropic-strict", "claude-code", "vscode", "openai-strict"],
  evidence: refusers,
  projection: "removes the keywords; the handler's validator still applies them",
  *entry({ listing }, { profiles }) {
    const root = listing["inputSchema"];
    if (typeof root !== "object" || root === null) return;
    const refused = refusers.filter((each) => each.profiles.some((profile) => profiles.has(profile)));
    const keywords = Object.keys(root).filter((key) => refused.some((each) => each.keywords.includes(key)));
    if (keywords.length > 0) yield { at: `/inputSchema/${keywords[0]!}`, parameters: { keywords } };
  },
});
