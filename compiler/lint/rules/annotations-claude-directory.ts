import { defineRule } from "../rule.js";
import { annotationsOf, placeOfHint } from "../annotations.js";

export const annotationsClaudeDirectory = defineRule<{ missing: string }>({
  severity: "error",
  message: ({ missing }) => `the directory of Claude connectors refuses a tool without ${missing}`,
  help: ({ missing }) =>
    missing === "a title"
      ? 'add "title" to "annotations"'
      : 'add "readOnlyHint": true to "annotations", or "destructiveHint" with what is true of the tool',
  explain:
    "Anthropic's directory accepts a server only if each tool has a title and says whether it only reads or may destroy. Its validator reads `annotations.title`, so `title` beside `name` does not suffice.",
  profiles: ["claude-directory"],
  evidence: [
    {
      who: "the directory of Claude connectors",
      demand: "each tool has annotations.title, and readOnlyHint or destructiveHint",
      sources: ["aiquila#386", "basicmachines-co/basic-memory#1031"],
      confidence: "C",
      asOf: "2026-10",
    },
  ],
  *entry({ section, listing }) {
    if (section !== "tools") return;
    const annotations = annotationsOf(listing);
    const at = placeOfHint(listing);
    if (typeof annotations["title"] !== "string") yield { at, parameters: { missing: "a title" } };
    if (typeof annotations["readOnlyHint"] !== "boolean" && typeof annotations["destructiveHint"] !== "boolean")
      yield { at, parameters: { missing: "a hint whether it only reads or may destroy" } };
  },
});
