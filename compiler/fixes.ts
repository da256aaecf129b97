import type { Diagnostic, Fix } from "./diagnostics/diagnostic.js";
import { linesOf, positionAt } from "./diagnostics/position.js";
import { printable } from "./diagnostics/printable.js";
import { applyReplacements, type Replacement } from "./model/output.js";
import type { Change, Host } from "./host.js";

export interface Fixed {
  readonly changes: readonly Change[];
  /** Lines that describe the changes, one for each. */
  readonly descriptions: readonly string[];
}

/** Applies the fixes of diagnostics to the user's files. Of two overlapping fixes, the first is applied. */
export function fixed(diagnostics: readonly Diagnostic[], host: Host): Fixed {
  const byPath = new Map<string, Fix[]>();
  for (const { fix } of diagnostics) if (fix) byPath.set(fix.span.path, [...(byPath.get(fix.span.path) ?? []), fix]);
  const changes: Change[] = [];
  const descriptions: string[] = [];
  for (const [path, fixes] of byPath) {
    const bytes = host.read(path);
    if (!bytes) continue;
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    const applied = withoutOverlaps(fixes);
    const mended = applyReplacements(
      text,
      applied.map((fix) => replacement(text, fix)),
    );
    changes.push({ path, bytes: new TextEncoder().encode(mended) });
    descriptions.push(...describeFixes(text, applied));
  }
  return { changes, descriptions };
}

/** Returns the fixes in the order of the text, without overlaps. */
function withoutOverlaps(fixes: readonly Fix[]): Fix[] {
  const chosen: Fix[] = [];
  for (const fix of fixes.toSorted((a, b) => a.span.start - b.span.start)) {
    const last = chosen.at(-1)?.span;
    if (!last || (fix.span.start > last.start && fix.span.start >= last.end)) chosen.push(fix);
  }
  return chosen;
}

function replacement(text: string, { span: { start, end }, text: instead, spaced, after }: Fix): Replacement {
  const before = after === undefined ? "" : `,${whiteSpaceBefore(text, after)}`;
  return { start, end, text: before + instead + (spaced ? whiteSpaceBefore(text, start) : "") };
}

function whiteSpaceBefore(text: string, end: number): string {
  const before = text.slice(0, end);
  return before.slice(before.trimEnd().length);
}

function describeFixes(text: string, fixes: readonly Fix[]): string[] {
  const lines = linesOf(text);
  return fixes.map(({ span, text: instead }) => {
    const { line, column } = positionAt(lines, span.start);
    const what = span.start === span.end ? "added" : `${text.slice(span.start, span.end)} is now`;
    return printable(`${span.path}:${line}:${column}: ${what} ${instead.trim().replace(/,$/, "")}`);
  });
}
