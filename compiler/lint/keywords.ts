import { pointer } from "../json-schema/pointer.js";
import type { ListedEntry } from "./entry.js";
import type { LintFinding } from "./rule.js";

export interface KeywordFound {
  readonly keyword: string;
  /** The number of places in the entry. */
  readonly places: number;
}

/** Finds keywords in the arguments of a tool: one finding for each keyword, at its first place. */
export function findKeywords(
  { subschemas }: ListedEntry,
  isRefused: (keyword: string, value: unknown) => boolean,
): LintFinding<KeywordFound>[] {
  const found = new Map<string, { at: string; places: number }>();
  for (const { of, schema, at } of subschemas) {
    if (of !== "input" || typeof schema === "boolean") continue;
    for (const [keyword, value] of Object.entries(schema)) {
      if (!isRefused(keyword, value)) continue;
      const known = found.get(keyword);
      if (known) known.places += 1;
      else found.set(keyword, { at: at + pointer([keyword]), places: 1 });
    }
  }
  return [...found].map(([keyword, { at, places }]) => ({ at, parameters: { keyword, places } }));
}

/** ` (in 3 places)`, if there are several. */
export function inPlaces(places: number): string {
  return places > 1 ? ` (in ${places} places)` : "";
}
