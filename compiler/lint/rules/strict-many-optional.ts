import { defineRule } from "../rule.js";

const most = 24;

export const strictManyOptional = defineRule<{ optional: number }>({
  severity: "error",
  message: ({ optional }) =>
    `Anthropic's strict mode takes ${most} optional properties in a tool, and this has ${optional}`,
  help: () => "make some of them required, or make several tools of it",
  explain:
    "Anthropic's strict mode compiles a grammar from the schema, whose size grows with each property that may be left out. It takes 24 of them at most, and in practice may refuse 13.",
  profiles: ["anthropic-strict"],
  evidence: [
    {
      who: "Anthropic's strict mode",
      demand: "at most 24 optional properties",
      sources: ["@ai-sdk/anthropic, supports-native-structured-output-schema.ts"],
      confidence: "A",
      asOf: "2026-10",
    },
  ],
  *entry({ subschemas }) {
    const optional = subschemas.filter(({ of, keyword, name, parent }) => {
      if (of !== "input" || keyword !== "properties" || typeof parent?.schema !== "object") return false;
      const { required } = parent.schema;
      return !Array.isArray(required) || !required.includes(name!);
    }).length;
    if (optional > most) yield { at: "/inputSchema", parameters: { optional } };
  },
});
