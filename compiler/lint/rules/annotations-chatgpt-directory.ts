import { listOf } from "../../diagnostics/catalogue/definition.js";
import { annotationsOf, placeOfHint } from "../annotations.js";
import { defineRule } from "../rule.js";

const hints = ["readOnlyHint", "destructiveHint", "openWorldHint"];

export const annotationsChatgptDirectory = defineRule<{ missing: readonly string[] }>({
  severity: "error",
  message: ({ missing }) => `the directory of ChatGPT apps refuses a tool without ${listOf(missing)}`,
  help: () => 'add each to "annotations", with true or false',
  explain:
    "OpenAI's directory asks for `readOnlyHint`, `destructiveHint` and `openWorldHint` on each tool, each written out: the protocol's defaults do not count.",
  profiles: ["chatgpt-directory"],
  evidence: [
    {
      who: "the directory of ChatGPT apps",
      demand: "readOnlyHint, openWorldHint and destructiveHint are explicit booleans",
      sources: ["whisper-money#751", "open-metadata/OpenMetadata#30107"],
      confidence: "C",
      asOf: "2026-10",
    },
  ],
  *entry({ section, listing }) {
    if (section !== "tools") return;
    const annotations = annotationsOf(listing);
    const missing = hints.filter((hint) => typeof annotations[hint] !== "boolean");
    if (missing.length > 0) yield { at: placeOfHint(listing), parameters: { missing } };
  },
});
