import { defineRule } from "../rule.js";

export const descriptionMissing = defineRule<{ isEmpty: boolean }>({
  severity: "warning",
  message: ({ isEmpty }) => (isEmpty ? "this description says nothing" : "this tool has no description"),
  help: () => "say what the tool does, when to call it, and what it answers",
  explain:
    'A model chooses a tool by its description. Without one it has only the name, and VS Code shows it the words "No description provided".',
  profiles: [
    "portable",
    "openai",
    "openai-strict",
    "anthropic",
    "anthropic-strict",
    "gemini",
    "bedrock",
    "vscode",
    "cursor",
    "claude-code",
    "claude-directory",
    "chatgpt-directory",
    "moonshot",
  ],
  evidence: [
    {
      who: "VS Code",
      demand: 'replaces an empty description with "No description provided"',
      sources: ["vscode-copilot-chat, toolSchemaNormalizer.ts"],
      confidence: "B",
      asOf: "2026-10",
    },
    {
      who: "Anthropic",
      demand: "describe a tool as to a new colleague",
      sources: ["anthropic.com/engineering/writing-tools-for-agents"],
      confidence: "A",
      asOf: "2026-11",
      since: "2025-09",
    },
  ],
  *entry({ section, listing: { description } }) {
    if (section !== "tools") return;
    if (description === undefined) yield { at: "/name", parameters: { isEmpty: false } };
    else if (String(description).trim() === "") yield { at: "/description", parameters: { isEmpty: true } };
  },
});
