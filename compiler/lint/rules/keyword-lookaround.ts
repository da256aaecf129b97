import { defineRule } from "../rule.js";

export const keywordLookaround = defineRule<Record<string, never>>({
  severity: "warning",
  message: () => 'OpenAI refuses a "pattern" with lookaround',
  help: () => "write the pattern without (?=, (?!, (?<= and (?<!, or check it in the handler",
  explain:
    "OpenAI's engine for regular expressions has no lookahead and no lookbehind: a tool whose schema has a `pattern` with one was refused.",
  profiles: ["openai", "openai-strict"],
  evidence: [
    {
      who: "OpenAI",
      demand: 'no lookaround in "pattern"',
      sources: ["oh-my-pi#2784"],
      confidence: "C",
      asOf: "2026-10",
    },
  ],
  projection: 'removes the "pattern"; the handler\'s validator still applies it',
  *entry({ subschemas }) {
    for (const { of, schema, at } of subschemas) {
      if (of !== "input" || typeof schema === "boolean") continue;
      const { pattern } = schema;
      if (typeof pattern === "string" && /\(\?<?[=!]/.test(pattern)) yield { at: `${at}/pattern`, parameters: {} };
    }
  },
});
