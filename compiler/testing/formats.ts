import { annotation } from "../diagnostics/github.js";
import { diagnosticObjects } from "../diagnostics/json.js";
import { locator } from "../diagnostics/position.js";
import { printableJson } from "../diagnostics/printable.js";
import { element, textElement } from "../diagnostics/xml.js";
import type { ExampleFailure, ExampleResult } from "./example.js";
import type { TestReport } from "./report.js";

/** `{ "diagnostics": […], "examples": [{ server, tool, name, status, durationMs, file, line, column, … }] }` */
export function formatJson(reports: readonly TestReport[]): string {
  const examples = reports.flatMap((report) => {
    const locate = locator(report.textOf);
    return report.results.map(({ tool, name, example, failure, durationMs }) => {
      const { file, start } = locate.range(example.span);
      return {
        server: report.name,
        tool,
        name,
        status: failure === undefined ? "passed" : "failed",
        durationMs: Math.round(durationMs),
        file: report.prefix + file,
        line: start.line,
        column: start.column,
        arguments: example.arguments,
        ...(failure && { reason: failure.reason, ...failure.difference }),
        ...(failure?.stack !== undefined && { stack: failure.stack }),
      };
    });
  });
  return `${printableJson({ diagnostics: diagnosticObjects(reports), examples })}\n`;
}

/** Formats annotations for failed examples. */
export function formatGithub(reports: readonly TestReport[]): string {
  return reports
    .flatMap((report) => {
      const locate = locator(report.textOf);
      return report.results.flatMap(({ tool, name, example, failure }) => {
        if (failure === undefined) return [];
        const { file, start, end } = locate.range(example.span);
        const title = `the example of ${tool}: ${name}`;
        return [annotation("error", { file: report.prefix + file, start, end }, title, plain(failure))];
      });
    })
    .join("");
}

/** Formats reports as JUnit's XML: a suite per server, a case per example. */
export function formatJunit(reports: readonly TestReport[]): string {
  const suites = reports.map((report) => {
    const locate = locator(report.textOf);
    const cases = [
      ...report.diagnostics
        .filter(({ severity }) => severity === "error")
        .map(({ code, message, span }) => {
          const file = span && report.prefix + span.path;
          return element("testcase", { classname: report.name, name: code, file }, [failureElement(message, message)]);
        }),
      ...report.results.map((result) => testcase(result, report, locate)),
    ];
    const failures = cases.filter((text) => text.includes("<failure")).length;
    const time = seconds(report.results.reduce((sum, { durationMs }) => sum + durationMs, 0));
    return element(
      "testsuite",
      { name: report.name, tests: cases.length, failures, errors: 0, skipped: 0, time },
      cases,
    );
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element("testsuites", {}, suites)}`;
}

function testcase(
  { tool, name, example, failure, durationMs }: ExampleResult,
  { name: server, prefix }: TestReport,
  locate: ReturnType<typeof locator>,
): string {
  const { file, start } = locate.range(example.span);
  const attributes = {
    classname: `${server}.${tool}`,
    name,
    file: prefix + file,
    line: start.line,
    time: seconds(durationMs),
  };
  return element("testcase", attributes, failure ? [failureElement(failure.reason, plain(failure))] : []);
}

function failureElement(message: string, text: string): string {
  return textElement("failure", { message }, text);
}

function plain({ reason, difference, stack }: ExampleFailure): string {
  const values = difference
    ? [`expected ${JSON.stringify(difference.expected)}`, `got ${JSON.stringify(difference.got)}`]
    : [];
  return [reason, ...values, ...(stack === undefined ? [] : [stack])].join("\n");
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3);
}
