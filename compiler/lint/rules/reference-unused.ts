import { listOf } from "../../diagnostics/catalogue/definition.js";
import { pointerTokens } from "../../json-schema/pointer.js";
import { defineRule } from "../rule.js";

export const referenceUnused = defineRule<{ names: readonly string[] }>({
  severity: "warning",
  message: ({ names }) =>
    names.length === 1 ? `nothing refers to the definition ${listOf(names)}` : `nothing refers to ${listOf(names)}`,
  help: ({ names }) => (names.length === 1 ? "remove it" : "remove these definitions"),
  explain:
    "A definition in `$defs` has no effect without a `$ref` to it, but clients send it to the model with each request. Definitions that several tools share stand in the `$defs` of a manifest: the compiler then lists with each tool what that tool uses.",
  profiles: ["portable", "openai", "anthropic"],
  evidence: [
    {
      who: "JSON Schema",
      demand: "$defs only holds schemas for references",
      sources: ["JSON Schema 2020-12, core, 8.2.4"],
      confidence: "A",
      asOf: "2026-11",
    },
    {
      who: "clients",
      demand: "send the whole inputSchema with each request",
      sources: ["@notionhq/notion-mcp-server 2.5.2 lists nine definitions with each tool; most use none"],
      confidence: "B",
      asOf: "2026-11",
    },
  ],
  *entry({ unusedDefinitions }) {
    const bySection = new Map<string, string[]>();
    for (const at of unusedDefinitions) {
      const section = at.slice(0, at.lastIndexOf("/"));
      bySection.set(section, [...(bySection.get(section) ?? []), at]);
    }
    for (const [section, places] of bySection) {
      const names = places.map((at) => pointerTokens(at).at(-1)!);
      yield { at: places.length === 1 ? places[0]! : section, parameters: { names } };
    }
  },
});
