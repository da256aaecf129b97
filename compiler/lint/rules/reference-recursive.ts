import type { Profile } from "../profiles.js";
import { recursiveReferences } from "../recursion.js";
import { defineRule, type Evidence } from "../rule.js";

/** A client or provider that does not take recursive schemas. */
interface Refuser extends Evidence {
  readonly profiles: readonly Profile[];
  readonly of: readonly ("input" | "output")[];
}

const refusers: readonly [Refuser, ...Refuser[]] = [
  {
    who: "Claude Code",
    profiles: ["portable", "claude-code"],
    of: ["output"],
    demand: "recursive `$defs` in an outputSchema fail the whole list of tools",
    sources: ["anthropics/claude-code#76040", "anthropics/claude-code#76881"],
    confidence: "C",
    asOf: "2026-10",
    since: "2.1.205",
  },
  {
    who: "Anthropic's strict mode",
    profiles: ["anthropic-strict"],
    of: ["input"],
    demand: "refuses recursive schemas",
    sources: ["@anthropic-ai/sdk, transform-json-schema.ts"],
    confidence: "A",
    asOf: "2026-10",
  },
  {
    who: "Gemini through the AI SDK",
    profiles: ["gemini"],
    of: ["input"],
    demand: "refuses recursive references",
    sources: ["@ai-sdk/google, convert-json-schema-to-openapi-schema.ts"],
    confidence: "B",
    asOf: "2026-10",
  },
];

export const referenceRecursive = defineRule<{ who: string; of: string }>({
  severity: "error",
  message: ({ who, of }) => `${who} refuses a schema that contains itself, in an ${of}Schema`,
  help: () => "write the levels out as far as they are needed, or take nested values as a list with parents",
  explain:
    "A `$ref` to a schema around it describes trees of any depth. Claude Code was seen to lose all tools of a server for one such outputSchema; Anthropic's strict mode and Gemini through the AI SDK refuse such arguments.",
  profiles: ["portable", "claude-code", "anthropic-strict", "gemini"],
  evidence: refusers,
  projection: "replaces the inner occurrence by its type",
  *entry({ subschemas }, { profiles }) {
    const asked = refusers.filter((each) => each.profiles.some((profile) => profiles.has(profile)));
    for (const of of ["input", "output"] as const) {
      const refusing = asked.find((each) => each.of.includes(of));
      const first = refusing && recursiveReferences(subschemas, of)[0];
      if (first) yield { at: `${first.at}/$ref`, parameters: { who: refusing.who, of } };
    }
  },
});
