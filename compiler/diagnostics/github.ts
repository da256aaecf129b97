import { locator, type TextRange } from "./position.js";
import { printableLines } from "./printable.js";
import type { Report } from "./report.js";

/** Formats diagnostics as workflow commands, which GitHub shows as annotations on changed lines. Each is one line. */
export function formatGithub(reports: readonly Report[]): string {
  const summaries = reports.flatMap(({ summary }) =>
    summary?.severity ? [annotation(summary.severity, undefined, summary.title, summary.text)] : [],
  );
  return reports
    .flatMap((report) => {
      const locate = locator(report.textOf);
      return report.diagnostics.map(({ code, severity, message, span, help }) => {
        const range = span && locate.range(span);
        const place = range && { ...range, file: report.prefix + range.file };
        return annotation(severity, place, code, help === undefined ? message : `${message}\n${help}`);
      });
    })
    .toSpliced(0, 0, ...summaries)
    .join("");
}

/** Formats an annotation; `text` may have several lines. */
export function annotation(severity: string, place: TextRange | undefined, title: string, text: string): string {
  const properties: [string, string | number][] = [];
  if (place) {
    const { file, start, end } = place;
    properties.push(["file", file], ["line", start.line], ["endLine", end.line]);
    // GitHub refuses columns of an annotation with several lines.
    if (start.line === end.line) properties.push(["col", start.column], ["endColumn", end.column]);
  }
  properties.push(["title", title]);
  const list = properties.map(([name, value]) => `${name}=${escapeProperty(String(value))}`).join(",");
  return `::${severity} ${list}::${escapeData(text)}\n`;
}

function escapeData(text: string): string {
  return printableLines(text).replaceAll("%", "%25").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
