import { XMLParser, XMLValidator } from "fast-xml-parser";
import { marked, type Tokens } from "marked";
import { describe, expect, test } from "vitest";
import { diagnose, type Diagnostic } from "../../compiler/diagnostics/diagnostic.js";
import { formats } from "../../compiler/diagnostics/formats.js";
import type { Report } from "../../compiler/diagnostics/report.js";
import { expectWellFormed, isSarif } from "./every-report.js";

const path = "a.mcp.json";
const text = '{\n  "name": "x",\n  "日本": "y"\n}\n';
const at = (marked: string) => ({ path, start: text.indexOf(marked), end: text.indexOf(marked) + marked.length });
const duplicate = diagnose("name/duplicate", at('"x"'), { kind: "tool", name: "x" });
const report = (diagnostics: readonly Diagnostic[], prefix = ""): Report => ({
  diagnostics,
  textOf: () => text,
  prefix,
});

/** Texts that would be markup, ends of cells or elements, or commands of a terminal. */
const hostile = [
  "a | b\n| c |",
  "<img src=x onerror=alert(1)>",
  "](javascript:alert(1)) [x",
  "`code` **bold** _it_ ~~no~~ # h",
  "]]></failure><x/>",
  "&amp; &lt; \\| \\",
  "\u001b[31m\u202e\u0000\ud800",
  "https://example.com/a_b_c and www.example.com, a@example.com",
  "{{7*7}} ${x} $x$ $& $' $` $1",
];
const diagnostics = hostile.flatMap((message): Diagnostic[] => [
  { ...duplicate, message, help: message, related: [{ span: at('"y"'), message }] },
  { code: "output/stale", severity: "warning", message, related: [] },
]);
const reports: readonly (readonly [what: string, reports: readonly Report[]])[] = [
  ["nothing", [report([])]],
  ["one error", [report([duplicate])]],
  ["several projects", [report([duplicate]), report([], "packages/b/"), report([duplicate], "packages/ü c%/")]],
  ["a diagnostic with a fix", [report([{ ...duplicate, fix: { span: at('"x"'), text: '"z"' } }])]],
  ["hostile texts", [report(diagnostics)]],
  ["many", [report(Array.from({ length: 1200 }, () => duplicate))]],
];

describe.each(reports)("a report of %s", (_what, given) => {
  const all = given.flatMap(({ diagnostics }) => diagnostics);

  test("is SARIF by its schema, and names each rule and file", () => {
    const log = JSON.parse(formats.sarif(given));
    expect(isSarif(log), JSON.stringify(isSarif.errors)).toBe(true);
    const [{ tool, results }] = log.runs;
    expect(results).toHaveLength(all.length);
    for (const { ruleId, ruleIndex, level, locations } of results) {
      expect(tool.driver.rules[ruleIndex].id).toBe(ruleId);
      expect(["error", "warning"]).toContain(level);
      expect(() => new URL(locations[0].physicalLocation.artifactLocation.uri, "file:///")).not.toThrow();
    }
  });

  test("is well-formed in each format for machines", () => {
    if (all.length > 0) expectWellFormed(given);
  });

  test("is well-formed JUnit, with a failure for each error", () => {
    const xml = formats.junit(given);
    expect(XMLValidator.validate(xml)).toBe(true);
    const options = { ignoreAttributes: false, isArray: (name: string) => ["testsuite", "testcase"].includes(name) };
    const { testsuites } = new XMLParser(options).parse(xml);
    const failures = testsuites.testsuite.flatMap(({ testcase }: any) =>
      testcase.filter((one: object) => "failure" in one),
    );
    const errors = all.filter(({ severity }) => severity === "error");
    expect(failures).toHaveLength(errors.length);
    // Characters that XML cannot hold, or that a terminal acts upon, are a question mark.
    const held = (text: string): string => text.replace(/(?![\n])[\p{Cc}\p{Cs}\p{Bidi_Control}]/gu, "?");
    for (const [index, { message }] of errors.entries())
      expect(failures[index].failure["#text"]).toContain(held(message));
    expect(testsuites.testsuite).toHaveLength(given.length);
  });

  test("is a table of Markdown whose cells show the texts as they are", () => {
    const [headline, table] = marked.lexer(formats.markdown(given)).filter(({ type }) => type !== "space");
    expect((headline as Tokens.Heading).text).toMatch(/^mcpc: (no errors|\d+ errors?(, \d+ warnings?)?)$/);
    const rows = (table as Tokens.Table | undefined)?.rows ?? [];
    expect(rows).toHaveLength(Math.min(all.length, 500));
    const sorted = [...all].sort((a, b) => a.severity.localeCompare(b.severity));
    for (const [index, cells] of rows.entries()) {
      expect(cells).toHaveLength(4);
      const shown = marked.parser([{ type: "paragraph", raw: "", text: "", tokens: cells[2]!.tokens }]);
      const words = shown.replace(/<br>/g, "\n").replace(/^<p>|<\/p>\n$/g, "");
      expect(words).not.toMatch(/<(?!br>)/);
      const { message } = sorted[index]!;
      const plain = message.replace(/[\p{Cc}\p{Cs}\p{Bidi_Control}]/gu, (character) =>
        character === "\ud800" ? "\ufffd" : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
      );
      expect(unescaped(words.split("\n")[0]!).replaceAll("\ud800", "\ufffd")).toBe(plain);
    }
  });
});

function unescaped(html: string): string {
  const names: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', amp: "&" };
  return html.replace(/&(?:#(\d+)|(\w+));/g, (_, code, name) => names[name] ?? String.fromCharCode(Number(code)));
}

test("SARIF places a diagnostic, its relatives and its fix", () => {
  const fix = { span: at('"x"'), text: '"z"' };
  const related = [{ span: at('"y"'), message: "first here" }];
  const [result] = JSON.parse(formats.sarif([report([{ ...duplicate, related, fix }], "sub dir/")])).runs[0].results;
  const artifactLocation = { uri: "sub%20dir/a.mcp.json" };
  const region = { startLine: 2, startColumn: 11, endLine: 2, endColumn: 14 };
  expect(result).toMatchObject({
    ruleId: "name/duplicate",
    level: "error",
    locations: [{ physicalLocation: { artifactLocation, region } }],
    relatedLocations: [
      { physicalLocation: { region: { startLine: 3, startColumn: 9 } }, message: { text: "first here" } },
    ],
    fixes: [
      {
        artifactChanges: [
          { artifactLocation, replacements: [{ deletedRegion: region, insertedContent: { text: '"z"' } }] },
        ],
      },
    ],
  });
});
