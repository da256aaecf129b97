import { quote } from "../../diagnostics/catalogue/definition.js";
import { annotationsOf, placeOfHint } from "../annotations.js";
import { defineRule } from "../rule.js";

export const annotationsContradictory = defineRule<{ hint: string }>({
  severity: "warning",
  message: ({ hint }) => `${quote(hint)} means nothing for a tool that is read-only`,
  help: ({ hint }) => `remove ${quote(hint)}, or set "readOnlyHint" to false`,
  explain:
    "`destructiveHint` and `idempotentHint` describe what a tool changes, so the protocol gives them a meaning only if `readOnlyHint` is false. A tool that is said to be read-only and destructive is shown as either, depending on the client.",
  profiles: ["portable", "spec-2026-07-28", "spec-2025-11-25"],
  evidence: [
    {
      who: "the MCP specification",
      demand: "destructiveHint and idempotentHint are meaningful only when readOnlyHint is false",
      sources: ["schema.ts, ToolAnnotations", "orval-labs/orval#3921"],
      confidence: "A",
      asOf: "2026-10",
    },
  ],
  *entry({ section, listing }) {
    const annotations = annotationsOf(listing);
    if (section !== "tools" || annotations["readOnlyHint"] !== true) return;
    // Other hints say no more than that the tool changes nothing.
    if (annotations["destructiveHint"] === true)
      yield { at: placeOfHint(listing, "destructiveHint"), parameters: { hint: "destructiveHint" } };
  },
});
