import type { ListedEntry } from "../entry.js";
import { defineRule } from "../rule.js";

interface Size {
  readonly what: string;
  readonly most: number;
  readonly size: (entry: ListedEntry) => number;
}

const input = ({ subschemas }: ListedEntry) => subschemas.filter(({ of }) => of === "input");
const depths = ({ subschemas }: ListedEntry): number[] =>
  input({ subschemas } as ListedEntry).map(({ at }) => at.split("/properties/").length - 1);
const enums = (entry: ListedEntry): unknown[][] =>
  input(entry).flatMap(({ schema }) =>
    typeof schema === "object" && Array.isArray(schema["enum"]) ? [schema["enum"] as unknown[]] : [],
  );

const charactersOf = (values: readonly unknown[]): number =>
  values.reduce((sum: number, value) => sum + (typeof value === "string" ? value.length : 0), 0);

const sizes: readonly Size[] = [
  {
    what: "properties",
    most: 5000,
    size: (entry) => input(entry).filter(({ keyword }) => keyword === "properties").length,
  },
  { what: "levels of nesting", most: 10, size: (entry) => Math.max(0, ...depths(entry)) },
  { what: "enum values", most: 1000, size: (entry) => enums(entry).reduce((sum, values) => sum + values.length, 0) },
  {
    what: "characters of names and values",
    most: 120_000,
    size: (entry) =>
      input(entry).reduce((sum, { schema, name = "" }) => {
        const { const: value, enum: values = [] } = schema as { readonly const?: unknown; readonly enum?: unknown[] };
        return sum + name.length + charactersOf([value, ...values]);
      }, 0),
  },
  {
    what: "characters of a long enum",
    most: 15_000,
    size: (entry) => Math.max(0, ...enums(entry).map((values) => (values.length > 250 ? charactersOf(values) : 0))),
  },
];

export const strictLimits = defineRule<{ what: string; size: number; most: number }>({
  severity: "warning",
  message: ({ what, size, most }) => `OpenAI's strict mode takes ${most} ${what}, and this tool has ${size}`,
  help: () => "make several tools of it, or take a part of the arguments as text",
  explain:
    "OpenAI limits the size of strict schemas: 5,000 properties, 10 levels of nesting and 1,000 enum values (100, 5 and 500 for older models), 120,000 characters of names, enum values and constants, and 15,000 of an enum with more than 250 values.",
  profiles: ["openai-strict"],
  evidence: [
    {
      who: "OpenAI's strict mode",
      demand:
        "at most 5000 properties, 10 levels, 1000 enum values, 120000 characters of names and values, 15000 of an enum with more than 250 values",
      sources: ["jsonschemaprofiles.unitvectorylabs.com/schemas/openai", "tidyverse/ellmer#671"],
      confidence: "A",
      asOf: "2026-02",
    },
  ],
  *entry(entry) {
    for (const { what, most, size } of sizes) {
      const own = size(entry);
      if (own > most) yield { at: "/inputSchema", parameters: { what, size: own, most } };
    }
  },
});
