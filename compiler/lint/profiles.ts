/** Lint profiles: named sets of rules, each with what it stands for. Rules name the profiles that they belong to. */
export const profiles = {
  portable:
    "what any widespread client or model provider refuses or cuts, or makes models choose the wrong tool; the default",
  "spec-2026-07-28": "recommendations of the protocol's revision 2026-07-28",
  "spec-2025-11-25": "recommendations of the protocol's revision 2025-11-25",
  openai: "tools as functions of OpenAI models",
  "openai-strict": "the same with strict schemas, which OpenAI guarantees to follow",
  anthropic: "tools of Claude through Anthropic's API",
  "anthropic-strict": "the same with strict schemas",
  gemini: "function declarations of Gemini, through its API or Vertex AI",
  bedrock: "tools of Amazon Bedrock's Converse API",
  vscode: "GitHub Copilot in VS Code",
  cursor: "Cursor",
  "claude-code": "Claude Code",
  "claude-directory": "submission to the directory of Claude connectors",
  "chatgpt-directory": "submission to the directory of ChatGPT apps",
  moonshot: "Kimi models of Moonshot",
} as const;

export type Profile = keyof typeof profiles;

export const profileNames = Object.keys(profiles) as Profile[];
