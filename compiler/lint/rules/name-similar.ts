import { quote } from "../../diagnostics/catalogue/definition.js";
import { defineRule } from "../rule.js";
import { wordsOf } from "../words.js";

export const nameSimilar = defineRule<{ name: string; other: string }>({
  severity: "warning",
  message: ({ name, other }) => `the names ${quote(name)} and ${quote(other)} have the same words`,
  help: () => "name what one of them does and the other does not",
  explain:
    "Two names of tools that differ only in case, in separators or in the order of their words, such as `get_user` and `userGet`, are one name to a model. Singular and plural are different words: `get_issue` beside `get_issues` is a usual pair.",
  profiles: ["portable", "openai", "anthropic", "claude-directory", "chatgpt-directory"],
  evidence: [
    {
      who: "Anthropic",
      demand: "each tool has a clear, distinct purpose, and a name that shows it",
      sources: ["anthropic.com/engineering/writing-tools-for-agents"],
      confidence: "A",
      asOf: "2026-11",
      since: "2025-09",
    },
  ],
  *surface({ entries }) {
    const known = new Map<string, string>();
    for (const entry of entries) {
      if (entry.section !== "tools") continue;
      const { id } = entry;
      const words = wordsOf(id).sort().join(" ");
      const other = known.get(words);
      if (other === undefined) known.set(words, id);
      else yield { entry, at: "/name", parameters: { name: id, other } };
    }
  },
});
