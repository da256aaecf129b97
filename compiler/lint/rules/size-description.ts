import { defineRule } from "../rule.js";

const most = 2048;

export const sizeDescription = defineRule<{ what: string; bytes: number }>({
  severity: "warning",
  message: ({ what, bytes }) => `Claude Code cuts ${what} at 2 KB; this has ${bytes} bytes`,
  help: () => "put what matters first, and details into the descriptions of arguments",
  explain:
    "Claude Code shows the model the first 2 KB of a tool's description, and of a server's instructions, and cuts the rest. What stands behind the cut is lost without notice.",
  profiles: ["portable", "claude-code"],
  evidence: [
    {
      who: "Claude Code",
      demand: "descriptions of tools and instructions of servers are cut at 2 KB each",
      sources: ["anthropics/claude-code#41593", "anthropics/claude-code#39106", "anthropics/claude-code#43474"],
      confidence: "C",
      asOf: "2026-10",
    },
  ],
  *entry({ section, listing }) {
    const bytes = bytesOf(listing["description"]);
    if (section === "tools" && bytes > most)
      yield { at: "/description", parameters: { what: "the description of a tool", bytes } };
  },
  *surface({ server }) {
    const bytes = bytesOf(server.instructions);
    if (bytes > most) yield { at: "/instructions", parameters: { what: "the instructions of a server", bytes } };
  },
});

function bytesOf(text: unknown): number {
  return typeof text === "string" ? new TextEncoder().encode(text).length : 0;
}
