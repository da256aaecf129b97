import { diffJson } from "diff";
import { locator } from "../diagnostics/position.js";
import { printable } from "../diagnostics/printable.js";
import type { Json } from "../model/source.js";
import type { ExampleResult } from "./example.js";
import type { TestReport } from "./report.js";

/** Formats one line per example; for failed ones also the place and the difference. */
export function formatPretty(report: TestReport, { color }: { readonly color: boolean }): string {
  const paint = color ? ansi : (_code: string, text: string) => text;
  const locate = locator(report.textOf);
  const failed = report.results.filter(({ failure }) => failure !== undefined).length;
  const lines = report.results.flatMap((result) => {
    const { tool, name, example, failure, durationMs } = result;
    const head = `${printable(`${tool}: ${name}`)}${durationMs < slowMs ? "" : paint("2", ` (${(durationMs / 1000).toFixed(1)} s)`)}`;
    if (failure === undefined) return [`${paint("32", "✓")} ${head}`];
    const { file, start } = locate.range(example.span);
    const where = `${paint("34", "-->")} ${printable(report.prefix + file)}:${start.line}:${start.column}`;
    return [`${paint("1;31", "✗")} ${head}`, ...indented([where, ...explained(result, paint)])];
  });
  const passed = report.results.length - failed;
  const counts = [`${passed} passed`, ...(failed > 0 ? [`${failed} failed`] : [])].join(", ");
  return `${lines.join("\n")}\n${printable(report.name)}: ${paint("1", counts)}\n`;
}

/** The minimum duration that is shown. */
const slowMs = 1_000;

type Paint = (code: string, text: string) => string;

function explained({ failure }: ExampleResult, paint: Paint): string[] {
  const { reason, difference, stack } = failure!;
  return [
    ...reason.split("\n").map(printable),
    ...(difference ? differenceLines(difference.expected, difference.got, paint) : []),
    ...(stack === undefined ? [] : stack.split("\n").map((line) => paint("2", printable(line)))),
  ];
}

/** The number of shown equal lines around a difference. */
const context = 3;

/** Compares values as JSON, line by line: `-` is expected, `+` is actual. */
function differenceLines(expected: Json, got: Json, paint: Paint): string[] {
  const parts = diffJson(expected as object, got as object);
  return parts.flatMap(({ value, added, removed }, index) => {
    const lines = value.replace(/\n$/, "").split("\n").map(printable);
    if (added) return lines.map((line) => paint("32", `+ ${line}`));
    if (removed) return lines.map((line) => paint("31", `- ${line}`));
    const [before, after] = [index === 0 ? 0 : context, index === parts.length - 1 ? 0 : context];
    if (lines.length <= before + after + 1) return lines.map((line) => `  ${line}`);
    const shown = [...lines.slice(0, before), "…", ...lines.slice(lines.length - after)];
    return shown.map((line) => `  ${line}`);
  });
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `    ${line}`);
}

function ansi(code: string, text: string): string {
  return `\u001b[${code}m${text}\u001b[0m`;
}
