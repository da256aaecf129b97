import { locator } from "./position.js";
import type { Report } from "./report.js";

/** Workflow commands that GitHub shows as annotations on the changed lines; one line each. */
export function formatGithub(reports: readonly Report[]): string {
  return reports
    .flatMap((report) => {
      const locate = locator(report.textOf);
      return report.diagnostics.map(({ code, severity, message, span, help }) => {
        const properties: [string, string | number][] = [];
        if (span) {
          const { file, start, end } = locate.range(span);
          properties.push(["file", report.prefix + file], ["line", start.line], ["endLine", end.line]);
          // GitHub refuses columns of an annotation that spans lines.
          if (start.line === end.line) properties.push(["col", start.column], ["endColumn", end.column]);
        }
        properties.push(["title", code]);
        const list = properties.map(([name, value]) => `${name}=${escapeProperty(String(value))}`).join(",");
        return `::${severity} ${list}::${escapeData(help === undefined ? message : `${message}\n${help}`)}\n`;
      });
    })
    .join("");
}

function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
