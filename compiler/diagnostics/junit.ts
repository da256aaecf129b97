import { locator } from "./position.js";
import type { Report } from "./report.js";
import { element, textElement } from "./xml.js";

/**
 * Formats reports as JUnit's XML: a suite per project, or per entry of a comparison, and a case per diagnostic. An error is a failure; a warning is a
 * passing case with output. A project without diagnostics has one passing case.
 */
export function formatJunit(reports: readonly Report[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element("testsuites", {}, reports.map(suite))}`;
}

function suite({ name: own, diagnostics, textOf, prefix }: Report): string {
  const name = own ?? (prefix === "" ? "mcpc" : prefix.replace(/\/$/, ""));
  const locate = locator(textOf);
  const cases = diagnostics.map(({ code, severity, message, span, help }) => {
    const range = span && locate.range(span);
    const place = range && { file: prefix + range.file, line: range.start.line };
    const where = place ? `${place.file}:${place.line}:${range!.start.column}\n` : "";
    const text = `${where}${message}${help === undefined ? "" : `\n${help}`}`;
    const child =
      severity === "error" ? textElement("failure", { message }, text) : textElement("system-out", {}, text);
    return element("testcase", { classname: name, name: code, ...place }, [child]);
  });
  const failures = diagnostics.filter(({ severity }) => severity === "error").length;
  const all = cases.length > 0 ? cases : [element("testcase", { classname: name, name: "no diagnostics" }, [])];
  return element("testsuite", { name, tests: all.length, failures, errors: 0, skipped: 0 }, all);
}
