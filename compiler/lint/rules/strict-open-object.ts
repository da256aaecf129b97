import type { Profile } from "../profiles.js";
import { defineRule, type Evidence } from "../rule.js";
import { hasType } from "../schema-types.js";

const evidence: readonly [Evidence, ...Evidence[]] = [
  {
    who: "OpenAI's strict mode",
    demand: "additionalProperties is false in each object",
    sources: ["openai-node 6.49.0, lib/transform.ts"],
    confidence: "A",
    asOf: "2026-10",
  },
  {
    who: "Anthropic's strict mode",
    demand: "additionalProperties is false in each object",
    sources: ["@anthropic-ai/sdk, transform-json-schema.ts"],
    confidence: "A",
    asOf: "2026-10",
  },
];
const profiles: readonly Profile[] = ["openai-strict", "anthropic-strict"];

export const strictOpenObject = defineRule<Record<string, never>>({
  severity: "error",
  message: () => 'strict modes demand "additionalProperties": false in each object',
  help: () => 'add "additionalProperties": false; the server then refuses other properties, too',
  explain:
    "A provider that guarantees arguments by the schema must know all properties of an object, so each object schema has `additionalProperties` with false. An object with free names cannot be said in a strict schema: take a list of names and values instead.",
  profiles,
  evidence,
  *entry({ subschemas }) {
    for (const { of, schema, at } of subschemas) {
      if (of !== "input" || !hasType(schema, "object") || schema["additionalProperties"] === false) continue;
      yield { at: Object.hasOwn(schema, "additionalProperties") ? `${at}/additionalProperties` : at, parameters: {} };
    }
  },
});
