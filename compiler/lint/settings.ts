import { catalogue, type Code } from "../diagnostics/catalogue.js";
import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import { child } from "../json-schema/pointer.js";
import type { Disk } from "../model/cache.js";
import type { Project } from "../model/project.js";
import type { Located } from "../model/source.js";
import { type Profile } from "./profiles.js";
import type { LintRule } from "./rule.js";
import { rules, ruleTable, type RuleCode } from "./rules.js";
import { unknownRule } from "./unknown-rule.js";
import { readWaivers, type Waiver } from "./waivers.js";

export type Severity = "error" | "warning" | "off";

/** Severities that `build.rules` sets, by code. */
export type Severities = Readonly<Record<string, Severity>>;

/** A rule that runs in this project. */
export interface ActiveRule {
  readonly code: RuleCode;
  readonly rule: LintRule<unknown>;
  readonly severity: "error" | "warning";
  /** Chosen profiles that have the rule; all its profiles where only `build.rules` turns it on. */
  readonly profiles: ReadonlySet<Profile>;
}

export interface Settings {
  readonly active: readonly ActiveRule[];
  readonly severities: Severities;
  readonly waivers: readonly Waiver[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads `build.lint`, `build.rules` and `build.waivers`, whose shapes the check phase has validated. */
export function readSettings({ build, buildNode }: Project, disk: Pick<Disk, "isPast">): Settings {
  const { severities, diagnostics } = readSeverities(buildNode && child(buildNode, "rules"));
  const waivers = readWaivers(buildNode && child(buildNode, "waivers"), disk);
  return {
    active: activeRules(build.lint?.profiles, severities),
    severities,
    waivers: waivers.value,
    diagnostics: [...diagnostics, ...waivers.diagnostics],
  };
}

/** Returns the rules of the chosen profiles, and those that `build.rules` turns on. */
function activeRules(named: readonly Profile[] | undefined, severities: Severities): ActiveRule[] {
  const chosen = named ?? ["portable"];
  return [...ruleTable].flatMap(([code, rule]) => {
    const own = rule.profiles.filter((profile) => chosen.includes(profile));
    const set = Object.hasOwn(severities, code) ? severities[code] : undefined;
    const severity = set ?? (own.length === 0 ? "off" : named ? rule.severity : "warning");
    if (severity === "off") return [];
    return [{ code, rule, severity, profiles: new Set(own.length > 0 ? own : rule.profiles) }];
  });
}

function readSeverities(node: Located | undefined): { severities: Severities; diagnostics: Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const severities: Record<string, Severity> = {};
  for (const { key, keySpan, node: severity } of node?.kind === "object" ? node.members : []) {
    if (!Object.hasOwn(catalogue, key)) diagnostics.push(unknownRule(key, keySpan, adjustable));
    else if (!isAdjustable(key as Code)) diagnostics.push(diagnose("lint/fixed-severity", keySpan, { code: key }));
    else severities[key] = severity.value as Severity;
  }
  return { severities, diagnostics };
}

/** Whether `build.rules` may change the severity of a code: of lint rules and of warnings, but not of errors. */
function isAdjustable(code: Code): boolean {
  return Object.hasOwn(rules, code) || catalogue[code].severity === "warning";
}

const adjustable = (Object.keys(catalogue) as Code[]).filter(isAdjustable);

/** Returns a diagnostic with the severity that `build.rules` sets for its code; undefined where that is off. */
export function withSeverity(diagnostic: Diagnostic, severities: Severities): Diagnostic | undefined {
  const { code, severity } = diagnostic;
  // Errors keep their severity; lint findings already have it.
  if (severity === "error" || Object.hasOwn(rules, code) || !Object.hasOwn(severities, code)) return diagnostic;
  const set = severities[code]!;
  return set === "off" ? undefined : { ...diagnostic, severity: set };
}
