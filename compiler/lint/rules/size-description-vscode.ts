import { defineRule } from "../rule.js";

const most = 1024;

export const sizeDescriptionVscode = defineRule<{ length: number }>({
  severity: "warning",
  message: ({ length }) => `VS Code cuts descriptions at ${most} characters for gpt-4 models; this has ${length}`,
  help: () => "put what matters first, and details into the descriptions of arguments",
  explain:
    "For models whose name begins with gpt-4, VS Code cuts the descriptions of tools at 1,024 characters. What stands behind the cut is lost without notice.",
  profiles: ["vscode"],
  evidence: [
    {
      who: "VS Code",
      demand: "cuts descriptions at 1024 characters, for gpt-4 models",
      sources: ["vscode-copilot-chat, toolSchemaNormalizer.ts"],
      confidence: "B",
      asOf: "2026-10",
    },
  ],
  *entry({ section, listing: { description } }) {
    if (section === "tools" && typeof description === "string" && description.length > most)
      yield { at: "/description", parameters: { length: description.length } };
  },
});
