import { diagnose, respell, type Diagnostic } from "../diagnostics/diagnostic.js";
import { rules as diffRules } from "../diff/rules.js";
import { certain, nearest } from "../diagnostics/suggest.js";
import type { Span } from "../model/source.js";

/** Reports a code that is not among the known ones. */
export function unknownRule(written: string, span: Span, known: readonly string[]): Diagnostic {
  // The rules of mcpc diff have the form of lint rules, and mcpc explain lists them with these.
  if (Object.hasOwn(diffRules, written)) return diagnose("lint/unknown-rule", span, { written, isOfDiff: true });
  const fix = respell(span, certain(written, known));
  return diagnose("lint/unknown-rule", span, { written, suggestion: nearest(written, known) }, [], fix);
}
