import type { Diagnostic } from "../diagnostics/diagnostic.js";
import type { Code } from "../diagnostics/catalogue.js";
import type { Report } from "../diagnostics/report.js";
import type { SurfaceChange } from "./change.js";
import { isRefused, spanOf, wantedVersion, type SurfaceComparison } from "./comparison.js";
import { conclusion } from "./conclusion.js";

const maxWitnessLength = 300;

/**
 * Returns diagnostics of breaking and possibly breaking changes, for the report formats: errors unless the version
 * reflects them. Each entry has a report of its own; the first report has the conclusion.
 */
export function reportsOf(comparison: SurfaceComparison, strict: boolean): Report[] {
  const { changes, sufficient, new: now } = comparison;
  const isError = isRefused(comparison, strict);
  const wanted = wantedVersion(comparison);
  const help = wanted === undefined ? "raise the version" : `raise the version to ${wanted}, or take the change back`;
  const reports = new Map<string, Report & { readonly diagnostics: Diagnostic[] }>();
  for (const change of changes.filter(({ verdict }) => verdict !== "compatible")) {
    const { side, span } = spanOf(comparison, change);
    const key = JSON.stringify([change.entry, side === now]);
    const { textOf, prefix } = side;
    const report = reports.get(key) ?? { name: prefix + change.entry, diagnostics: [], textOf, prefix };
    reports.set(key, report);
    const error = isError && change.level === "major";
    report.diagnostics.push({
      code: change.rule as string as Code,
      severity: error ? "error" : "warning",
      message: `${change.entry}: ${change.message}${example(change)}`,
      ...(span && { span }),
      ...(error && { help }),
      related: [],
    });
  }
  const severity = isError ? "error" : sufficient ? "notice" : "warning";
  const text = `${now.prefix === "" ? "" : `${now.prefix.replace(/\/$/, "")}: `}${conclusion(comparison, strict)}`;
  const summary = { title: "mcpc diff", text, ...(changes.length > 0 && ({ severity } as const)) };
  const [first = { diagnostics: [], textOf: now.textOf, prefix: now.prefix }, ...others] = reports.values();
  return [{ ...first, summary }, ...others];
}

function example({ witness }: SurfaceChange): string {
  if (witness === undefined) return "";
  const text = JSON.stringify(witness);
  const isLong = text.length > maxWitnessLength;
  return `, for example ${isLong ? `${text.slice(0, maxWitnessLength)}… (${text.length} characters)` : text}`;
}
