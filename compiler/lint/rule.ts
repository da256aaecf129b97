import type { DiagnosticDefinition } from "../diagnostics/catalogue/definition.js";
import type { Json } from "../model/source.js";
import type { ListedEntry, ServerInfo, ListedSurface } from "./entry.js";
import type { HandlerRule } from "./handler-rule.js";
import type { Profile } from "./profiles.js";

/**
 * A lint rule. Its definition is the only source of its message, its severity, `mcpc explain`, docs/lint.md and the
 * rules of SARIF. `severity` counts where a manifest names a profile of the rule; without `build.lint`, all findings
 * are warnings.
 */
export interface LintRule<P> extends DiagnosticDefinition<P> {
  readonly profiles: readonly Profile[];
  readonly evidence: readonly [Evidence, ...Evidence[]];
  /** The edit of `mcpc check --fix`, in the imperative; findings then carry a `repair`. */
  readonly repair?: string;
  /** The change by which a projection meets the rule, if one can. */
  readonly projection?: string;
  /** Returns the findings of one entry. Results are cached: they depend on the arguments alone. */
  readonly entry?: (entry: ListedEntry, context: RuleContext) => Iterable<LintFinding<P>>;
  /** Returns the findings that need more than one entry, or concern the server. */
  readonly surface?: (surface: ListedSurface, context: RuleContext) => Iterable<SurfaceFinding<P>>;
  /** Returns the findings in the source of handlers. */
  readonly handler?: HandlerRule<P>;
}

/** A source that says who makes the demand of a rule. */
export interface Evidence {
  /** The client, the provider or the document. */
  readonly who: string;
  readonly demand: string;
  readonly sources: readonly string[];
  /** A: text of the vendor or the specification. B: source code of the client. C: reports of users. */
  readonly confidence: "A" | "B" | "C";
  /** The month in which the sources were read. */
  readonly asOf: string;
  /** The version or the date that brought the demand, if known. */
  readonly since?: string;
}

export interface RuleContext {
  readonly server: ServerInfo;
  /** Chosen profiles that have the rule; all its profiles where only `build.rules` turns it on. */
  readonly profiles: ReadonlySet<Profile>;
}

export interface LintFinding<P> {
  /** JSON Pointer into the listing of the entry; "" is the entry itself. */
  readonly at: string;
  readonly parameters: P;
  /** The only edit that removes the finding. */
  readonly repair?: Repair;
}

export interface SurfaceFinding<P> extends LintFinding<P> {
  /** Absent for a finding about the server: `at` then points into the `server` section. */
  readonly entry?: ListedEntry;
}

/** An edit at the place of a finding: another value, another member instead of it, or a new member of the object there. */
export type Repair =
  | { readonly kind: "replace"; readonly value: Json }
  | { readonly kind: "exchange"; readonly key: string; readonly value: Json }
  | { readonly kind: "add"; readonly key: string; readonly value: Json };

export function defineRule<P>(rule: LintRule<P>): LintRule<P> {
  return rule;
}
