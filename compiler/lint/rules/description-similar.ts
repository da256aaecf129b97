import { quote } from "../../diagnostics/catalogue/definition.js";
import { defineRule } from "../rule.js";
import { indexOf, likeDescription } from "../similarity.js";

/** The share of the weight of words that near-duplicates have in common. */
const least = 0.9;

export const descriptionSimilar = defineRule<{ other: string }>({
  severity: "warning",
  message: ({ other }) => `this description is nearly that of the tool ${quote(other)}`,
  help: () => "say what the tool does that the other does not, and when to call which",
  explain:
    "A model that reads the same of two tools calls either. Descriptions are near-duplicates if at least 90 % of the weight of their words is that of common words, where a word weighs the more, the fewer tools have it (the inverse document frequency of BM25). A word of a tool's own name that the other description lacks tells the two apart.",
  profiles: ["portable", "openai", "anthropic", "claude-directory", "chatgpt-directory"],
  evidence: [
    {
      who: "Anthropic",
      demand: "each tool has a clear, distinct purpose; tools that overlap distract from the right one",
      sources: ["anthropic.com/engineering/writing-tools-for-agents"],
      confidence: "A",
      asOf: "2026-11",
      since: "2025-09",
    },
  ],
  *surface({ entries }) {
    const index = indexOf(entries);
    for (const [at, { entry }] of index.tools.entries()) {
      const like = likeDescription(at, index, least);
      if (like) yield { entry, at: "/description", parameters: { other: like.entry.id } };
    }
  },
});
