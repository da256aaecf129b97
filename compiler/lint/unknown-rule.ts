import { diagnose, respell, type Diagnostic } from "../diagnostics/diagnostic.js";
import { certain, nearest } from "../diagnostics/suggest.js";
import type { Span } from "../model/source.js";

/** Reports a code that is not among the known ones. */
export function unknownRule(written: string, span: Span, known: readonly string[]): Diagnostic {
  const fix = respell(span, certain(written, known));
  return diagnose("lint/unknown-rule", span, { written, suggestion: nearest(written, known) }, [], fix);
}
