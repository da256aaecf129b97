import { quote } from "../../diagnostics/catalogue/definition.js";
import type { Profile } from "../profiles.js";
import { defineRule, type Evidence } from "../rule.js";

/** The property names that a provider takes. */
interface Taker extends Evidence {
  readonly profiles: readonly Profile[];
  readonly pattern: RegExp;
  readonly isNested: boolean;
  readonly help: string;
}

const takers: readonly [Taker, ...Taker[]] = [
  {
    who: "Anthropic",
    profiles: ["portable", "anthropic", "anthropic-strict", "claude-code"],
    pattern: /^[a-zA-Z0-9_.-]{1,64}$/,
    isNested: false,
    help: 'use up to 64 letters, digits, "_", "." and "-"',
    demand: 'arguments named by up to 64 letters, digits, "_", "." and "-"; another name fails the whole request',
    sources: [
      "anthropics/claude-code#79418",
      "decocms/studio#6874",
      "ComposioHQ/composio#2330",
      "ComposioHQ/composio#3500",
    ],
    confidence: "C",
    asOf: "2026-10",
  },
  {
    who: "Gemini",
    profiles: ["gemini"],
    pattern: /^[a-zA-Z_][a-zA-Z0-9_]{0,63}$/,
    isNested: true,
    help: 'use up to 64 letters, digits and "_", and no digit first',
    demand: 'properties of `parameters` named by a letter or "_", then up to 63 letters, digits and "_"',
    sources: ["@google/genai, FunctionDeclaration.parameters"],
    confidence: "A",
    asOf: "2026-10",
  },
];

export const propertyUnportable = defineRule<{ name: string; who: string; help: string }>({
  severity: "error",
  message: ({ name, who }) => `${who} refuses the argument name ${quote(name)}`,
  help: ({ help }) => help,
  explain:
    "Anthropic's API refuses a request in which a tool has an argument with any other name than `[a-zA-Z0-9_.-]{1,64}`: spaces, brackets, `$` and letters beyond ASCII fail all tools of the request. Gemini takes even fewer names.",
  profiles: ["portable", "anthropic", "anthropic-strict", "claude-code", "gemini"],
  evidence: takers,
  *entry({ subschemas }, { profiles }) {
    const asked = takers.filter((taker) => taker.profiles.some((each) => profiles.has(each)));
    for (const { of, keyword, name, at, parent } of subschemas) {
      if (of !== "input" || keyword !== "properties" || name === undefined) continue;
      const refusing = asked.find(
        ({ pattern, isNested }) => (isNested || parent?.parent === undefined) && !pattern.test(name),
      );
      if (refusing) yield { at, parameters: { name, who: refusing.who, help: refusing.help } };
    }
  },
});
