import { rules, type Rule } from "../diff/rules.js";
import { version } from "../package-folder.js";
import { catalogue, type Code } from "./catalogue.js";
import type { Diagnostic, Fix } from "./diagnostic.js";
import { locator, type TextRange } from "./position.js";
import { printableJson } from "./printable.js";
import type { Report } from "./report.js";

const schema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/** Formats all reports as one run of SARIF 2.1.0 for code scanning. Files are relative to the working directory. */
export function formatSarif(reports: readonly Report[]): string {
  const codes = [...new Set(reports.flatMap(({ diagnostics }) => diagnostics.map(({ code }) => code)))].sort();
  const run = {
    tool: { driver: { name: "mcpc", semanticVersion: version, rules: codes.map(rule) } },
    columnKind: "utf16CodeUnits",
    results: reports.flatMap((report) => resultsOf(report, codes)),
  };
  return `${printableJson({ $schema: schema, version: "2.1.0", runs: [run] })}\n`;
}

function rule(code: Code): object {
  const { severity, explain } = definitionOf(code);
  return {
    id: code,
    shortDescription: { text: explain.split(/(?<=\.)\s/)[0] },
    fullDescription: { text: explain },
    defaultConfiguration: { level: severity },
  };
}

/** Returns the severity and the explanation of a diagnostic's code, or of a rule of `mcpc diff`. */
function definitionOf(code: Code | Rule): { readonly severity: string; readonly explain: string } {
  if (!Object.hasOwn(rules, code)) return catalogue[code as Code];
  const { verdict, explain } = rules[code as Rule];
  return { severity: verdict === "breaking" ? "error" : "warning", explain };
}

function resultsOf({ diagnostics, textOf, prefix }: Report, codes: readonly Code[]): object[] {
  const locate = locator(textOf);
  const place = (range: TextRange): object => ({
    physicalLocation: { ...artifact(prefix + range.file), region: regionOf(range) },
  });
  return diagnostics.map(({ code, severity, message, span, help, related, fix }: Diagnostic) => ({
    ruleId: code,
    ruleIndex: codes.indexOf(code),
    level: severity,
    message: { text: help === undefined ? message : `${message}\n${help}` },
    // A diagnostic of the project is shown at its folder.
    locations: [span ? place(locate.range(span)) : { physicalLocation: artifact(prefix === "" ? "./" : prefix) }],
    ...(related.length > 0 && {
      relatedLocations: related.map((other, index) => ({
        id: index + 1,
        ...place(locate.range(other.span)),
        message: { text: other.message },
      })),
    }),
    ...(fix && { fixes: [fixOf(fix, prefix, locate.range(fix.span))] }),
  }));
}

function fixOf({ text }: Fix, prefix: string, range: TextRange): object {
  const replacement = { deletedRegion: regionOf(range), insertedContent: { text } };
  return { artifactChanges: [{ ...artifact(prefix + range.file), replacements: [replacement] }] };
}

function artifact(path: string): object {
  const uri = path.split("/").map(encodeURIComponent).join("/");
  return { artifactLocation: { uri } };
}

function regionOf({ start, end }: TextRange): object {
  return { startLine: start.line, startColumn: start.column, endLine: end.line, endColumn: end.column };
}
