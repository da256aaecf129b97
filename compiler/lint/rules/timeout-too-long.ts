import { defineRule } from "../rule.js";

/** The time after which clients give up, in milliseconds. */
const most = 60_000;

export const timeoutTooLong = defineRule<{ timeoutMs: number; isDefault: boolean }>({
  severity: "warning",
  message: ({ timeoutMs, isDefault }) =>
    `clients give up after ${most / 1000} s, and ${isDefault ? '"runtime.limits.timeoutMs" gives tools' : "this tool may take"} ${timeoutMs / 1000} s`,
  help: () => 'shorten "timeoutMs", or let the call become a task with "execution": { "taskSupport": "optional" }',
  explain:
    "The official TypeScript SDK ends a request after 60 seconds, unless the client asks for more, and most clients are made with it. The server then works on for nobody. Progress restarts that time only where the client asks for it: waive the rule for a tool whose clients do. A task has no such limit, because the client asks for its result later.",
  profiles: ["portable", "claude-code", "vscode", "cursor"],
  evidence: [
    {
      who: "clients with the TypeScript SDK",
      demand: "DEFAULT_REQUEST_TIMEOUT_MSEC is 60000",
      sources: ["@modelcontextprotocol/sdk 1.x, shared/protocol.ts"],
      confidence: "B",
      asOf: "2026-11",
    },
  ],
  *entry({ lowered }, { server }) {
    if (lowered.kind !== "tool" || lowered.task || lowered.timeoutMs === server.timeoutMs) return;
    const { timeoutMs = 0 } = lowered;
    if (timeoutMs > most) yield { at: "/timeoutMs", parameters: { timeoutMs, isDefault: false } };
  },
  *surface({ server: { timeoutMs = 0 }, entries }) {
    const isUsed = entries.some(
      ({ lowered }) => lowered.kind === "tool" && !lowered.task && lowered.timeoutMs === timeoutMs,
    );
    if (timeoutMs > most && isUsed) yield { at: "/name", parameters: { timeoutMs, isDefault: true } };
  },
});
