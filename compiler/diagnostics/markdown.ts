import { locator } from "./position.js";
import { printable } from "./printable.js";
import type { Report } from "./report.js";

/** The maximum number of rows, since a job's summary is limited to 1 MB. */
const maxRows = 500;

/** Formats a summary in Markdown: a headline with the counts, and a table of diagnostics, errors first. */
export function formatMarkdown(reports: readonly Report[]): string {
  const rows = reports.flatMap(({ diagnostics, textOf, prefix }) => {
    const locate = locator(textOf);
    return diagnostics.map(({ code, severity, message, span, help }) => {
      const range = span && locate.range(span);
      const where = range ? `${prefix}${range.file}:${range.start.line}:${range.start.column}` : prefix;
      const text = [message, ...(help === undefined ? [] : [help])].map(escaped).join("<br>");
      return { severity, text: `| ${severity} | ${escaped(where)} | ${text} | ${escaped(code)} |\n` };
    });
  });
  const [errors, warnings] = (["error", "warning"] as const).map((one) =>
    rows.filter(({ severity }) => severity === one),
  );
  const counts = [count(errors!.length, "error"), count(warnings!.length, "warning")].filter((text) => text !== "");
  const headline = `## mcpc: ${counts.length === 0 ? "no errors" : counts.join(", ")}\n`;
  const summaries = reports.flatMap(({ summary }) => (summary ? [`\n${escaped(summary.text)}\n`] : [])).join("");
  if (rows.length === 0) return headline + summaries;
  const all = [...errors!, ...warnings!];
  const shown = all.slice(0, maxRows).map(({ text }) => text);
  const more = all.length > shown.length ? `\n…and ${all.length - shown.length} more.\n` : "";
  return `${headline}${summaries}\n| | Where | What | Code |\n|---|---|---|---|\n${shown.join("")}${more}`;
}

function count(number: number, noun: string): string {
  return number === 0 ? "" : `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** Escapes text for a table cell, so that it contains neither markup nor links. */
function escaped(text: string): string {
  return printable(text)
    .replace(/[&<>:@]/g, (character) => `&#${character.charCodeAt(0)};`)
    .replace(/[\\`*_{}[\]()+!|~$]|(?<!&)#|(?<=www)\./gi, "\\$&");
}
