import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import { nearest } from "../diagnostics/suggest.js";
import { child } from "../json-schema/pointer.js";
import type { Disk } from "../model/cache.js";
import type { Located, Span } from "../model/source.js";
import { rules } from "./rules.js";
import { unknownRule } from "./unknown-rule.js";

/** A rule that an entry need not meet, for a reason and until a date. */
export interface Waiver {
  readonly rule: string;
  readonly entry: string;
  /** Waives only findings at this place of the entry, or below. */
  readonly at?: string;
  readonly span: Span;
}

const ruleCodes = Object.keys(rules);

/** Reads `build.waivers`. An expired waiver is an error, and waives nothing. */
export function readWaivers(
  node: Located | undefined,
  { isPast = () => false }: Pick<Disk, "isPast">,
): { readonly value: Waiver[]; readonly diagnostics: Diagnostic[] } {
  const value: Waiver[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const item of node?.kind === "array" ? node.items : []) {
    const text = (key: string): string => String(child(item, key)!.value);
    const [rule, entry, until, at] = [text("rule"), text("entry"), text("until"), child(item, "at")?.value];
    const span = child(item, "rule")!.span;
    const untilSpan = child(item, "until")!.span;
    const mistakes = [
      ...(ruleCodes.includes(rule) ? [] : [unknownRule(rule, span, ruleCodes)]),
      ...(!isDate(until)
        ? [diagnose("manifest/invalid-value", untilSpan, { reason: `there is no day ${until}` })]
        : isPast(until)
          ? [diagnose("lint/expired-waiver", untilSpan, { rule, entry, until })]
          : []),
    ];
    diagnostics.push(...mistakes);
    if (mistakes.length === 0) value.push({ rule, entry, span, ...(typeof at === "string" && { at }) });
  }
  return { value, diagnostics };
}

/** Whether a text such as 2027-02-28 is a day of the calendar. */
function isDate(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

/** A place of a finding: its rule, its entry and its JSON Pointer. */
export interface Waivable {
  readonly code: string;
  readonly entry?: string;
  readonly at: string;
}

/** Removes waived findings, and reports waivers that waive nothing. */
export function applyWaivers<F extends Waivable>(
  findings: readonly F[],
  waivers: readonly Waiver[],
  entries: readonly string[],
): { readonly value: F[]; readonly diagnostics: Diagnostic[] } {
  const used = new Set<Waiver>();
  const value = findings.filter((finding) => {
    const matching = waivers.filter((waiver) => waives(waiver, finding));
    for (const waiver of matching) used.add(waiver);
    return matching.length === 0;
  });
  return { value, diagnostics: unusedWaivers(waivers, used, entries) };
}

/** Reports the waivers that waive nothing. */
export function unusedWaivers(
  waivers: readonly Waiver[],
  used: ReadonlySet<Waiver>,
  entries: readonly string[],
): Diagnostic[] {
  return waivers
    .filter((waiver) => !used.has(waiver))
    .map(({ rule, entry, span }) => {
      const isEntry = entries.includes(entry);
      const suggestion = isEntry ? undefined : nearest(entry, entries);
      return diagnose("lint/unused-waiver", span, { rule, entry, isEntry, suggestion });
    });
}

export function waives({ rule, entry, at }: Waiver, finding: Waivable): boolean {
  if (rule !== finding.code || entry !== finding.entry) return false;
  return at === undefined || finding.at === at || finding.at.startsWith(`${at}/`);
}
