import { locator, type TextRange } from "./position.js";
import { printableJson } from "./printable.js";
import type { Report } from "./report.js";

/**
 * Formats all reports as one JSON object: `{ "diagnostics": [{ code, severity, message, file, line, column, endLine,
 * endColumn, help?, related? }], costs?: [{ project, total, entries }] }`.
 */
export function formatJson(reports: readonly Report[]): string {
  const costs = reports.flatMap(({ prefix, costs }) => (costs ? [{ project: prefix, ...costs }] : []));
  return `${printableJson({ diagnostics: diagnosticObjects(reports), ...(costs.length > 0 && { costs }) })}\n`;
}

export function diagnosticObjects(reports: readonly Report[]): object[] {
  return reports.flatMap((report) => {
    const locate = locator(report.textOf);
    const place = (range: TextRange): object => ({
      file: report.prefix + range.file,
      line: range.start.line,
      column: range.start.column,
      endLine: range.end.line,
      endColumn: range.end.column,
    });
    return report.diagnostics.map(({ code, severity, message, span, help, related }) => ({
      code,
      severity,
      message,
      ...(span && place(locate.range(span))),
      ...(help !== undefined && { help }),
      ...(related.length > 0 && {
        related: related.map((other) => ({ message: other.message, ...place(locate.range(other.span)) })),
      }),
    }));
  });
}
