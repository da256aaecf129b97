import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import type { RuleCode } from "./rules.js";
import type { Waivable } from "./waivers.js";

/** Two demands that no entry can meet together: what removes a finding of one is a finding of the other. */
interface Contradiction {
  /** The places at which a finding of a rule is part of the contradiction. */
  readonly places: Readonly<Partial<Record<RuleCode | "schema/root-not-object", RegExp>>>;
  readonly help: string;
}

const contradictions: readonly Contradiction[] = [
  {
    places: { "strict/open-object": /^/, "gemini/parameters": /\/additionalProperties$/ },
    help: "choose one of the profiles for the schema, and turn the rule of the other off",
  },
  {
    places: { "moonshot/type-beside-union": /^\/inputSchema\/type$/, "schema/root-not-object": /^/ },
    help: "move the union from the root into a property",
  },
  {
    places: { "keyword/tuple": /^/, "strict/keyword-openai": /\/prefixItems$/ },
    help: "take an object with a property for each item instead of a tuple",
  },
];

export interface Found extends Waivable {
  readonly diagnostic: Diagnostic;
}

/**
 * Returns the diagnostics of findings. Where rules of an entry contradict each other, one diagnostic names both and
 * replaces theirs.
 */
export function foldContradictions(
  findings: readonly Found[],
  isActive: (code: string, entry: string) => boolean,
): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const reported = new Set<string>();
  for (const finding of findings) {
    const { code, entry, at, diagnostic } = finding;
    const index = contradictions.findIndex(({ places }) => {
      const others = Object.keys(places).filter((other) => other !== code);
      const isPart = places[code as RuleCode]?.test(at) === true;
      return isPart && entry !== undefined && others.every((other) => isActive(other, entry));
    });
    const key = `${index} ${entry}`;
    if (index < 0) diagnostics.push(diagnostic);
    else if (!reported.has(key)) {
      reported.add(key);
      diagnostics.push(folded(contradictions[index]!, finding, findings));
    }
  }
  return diagnostics;
}

function folded({ places, help }: Contradiction, { entry, diagnostic }: Found, findings: readonly Found[]): Diagnostic {
  const parts = findings.filter((each) => each.entry === entry && places[each.code as RuleCode]?.test(each.at));
  const severity = parts.some((each) => each.diagnostic.severity === "error") ? "error" : "warning";
  const rules = Object.keys(places);
  return { ...diagnose("lint/contradiction", diagnostic.span, { rules, entry: entry!, help }), severity };
}
