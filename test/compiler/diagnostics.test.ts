import { expect, test } from "vitest";
import { catalogue, type Code } from "../../compiler/diagnostics/catalogue.js";
import { diagnose, type Diagnostic } from "../../compiler/diagnostics/diagnostic.js";
import { formatGithub } from "../../compiler/diagnostics/github.js";
import { formatJson } from "../../compiler/diagnostics/json.js";
import { formatPretty } from "../../compiler/diagnostics/render.js";
import { phases } from "../../compiler/compile.js";
import { progress } from "../../compiler/progress.js";
import { nearest } from "../../compiler/diagnostics/suggest.js";

const path = "a.mcp.json";

/** A diagnostic at the first occurrence of `marked`. */
function at(text: string, marked: string, more: Partial<Diagnostic> = {}): Diagnostic {
  const start = text.indexOf(marked);
  return {
    ...diagnose("name/duplicate", { path, start, end: start + marked.length }, { kind: "tool", name: "x" }),
    ...more,
  };
}

function pretty(text: string, diagnostic: Diagnostic): string[] {
  return formatPretty({ diagnostics: [diagnostic], textOf: () => text, prefix: "" }, { color: false }).split("\n");
}

/** The source line and the carets of the first frame. */
function frame(text: string, marked: string): string[] {
  const lines = pretty(text, at(text, marked));
  const arrow = lines.findIndex((line) => line.includes("-->"));
  return lines.slice(arrow + 2, arrow + 4).map((line) => line.replace(/^[\d ]+\| ?/, ""));
}

test.each([
  ["plain", '{\n  "name": "x"\n}', '"x"', ['  "name": "x"', "          ^^^"]],
  ["Windows line ends", '{\r\n  "name": "x"\r\n}', '"x"', ['  "name": "x"', "          ^^^"]],
  ["a byte order mark", '\uFEFF{ "name": "x" }', '"x"', ['{ "name": "x" }', "          ^^^"]],
  ["tabs", '{\n\t"name":\t"x"\n}', '"x"', ['  "name":  "x"', "           ^^^"]],
  ["wide characters before the mark", '{ "日本": "x" }', '"x"', ['{ "日本": "x" }', "          ^^^"]],
  ["wide characters in the mark", '{ "n": "日本" }', '"日本"', ['{ "n": "日本" }', "       ^^^^^^"]],
  ["nothing to mark", '{ "n": "x" }', "", ['{ "n": "x" }', "^"]],
])("a frame underlines the place: %s", (_, text, marked, expected) => {
  expect(frame(text, marked)).toEqual(expected);
});

test("a mark over several lines stays on its first line", () => {
  expect(frame('{\n  "a": [\n    1\n  ]\n}', "[\n    1\n  ]")).toEqual(['  "a": [', "       ^"]);
});

test("a place past the end of the text, or in a file that is gone, is shown without failing", () => {
  const far = at("", "", { span: { path, start: 900, end: 950 } });
  expect(pretty("{}", far).join("\n")).toContain(`${path}:1:3`);
  const gone = formatPretty({ diagnostics: [far], textOf: () => undefined, prefix: "sub/" }, { color: false });
  expect(gone).toContain(`--> sub/${path}`);
});

test("a minified manifest shows the part around the mark, not a line of kilobytes", () => {
  const text = `{"a":"${"y".repeat(5000)}","name":"x","b":"${"z".repeat(5000)}"}`;
  const [line = "", carets = ""] = frame(text, '"x"');
  expect(line.length).toBeLessThan(200);
  expect(line.slice(carets.indexOf("^"), carets.lastIndexOf("^") + 1)).toBe('"x"');
});

test("control and direction characters of a manifest never reach the terminal", () => {
  const text = '{ "n": "\u001b[31m\u202e\u0007" }';
  const shown = pretty(text, at(text, '"n"', { message: "\u001b[2J\u202e", help: "\u009b1m" })).join("\n");
  expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
});

test("related places have frames of their own, and the end counts", () => {
  const text = '{\n  "a": 1,\n  "b": 2\n}';
  const related = [{ span: { path, start: text.indexOf('"a"'), end: text.indexOf('"a"') + 3 }, message: "first here" }];
  const report = {
    diagnostics: [at(text, '"b"', { related }), at(text, '"a"', { severity: "warning" })],
    textOf: () => text,
    prefix: "",
  };
  expect(formatPretty(report, { color: false })).toMatchInlineSnapshot(`
    "warning[name/duplicate]: two tools are named "x"
     --> a.mcp.json:2:3
      |
    2 |   "a": 1,
      |   ^^^
      = help: rename one; clients call it by this name

    error[name/duplicate]: two tools are named "x"
     --> a.mcp.json:3:3
      |
    3 |   "b": 2
      |   ^^^
     ::: a.mcp.json:2:3
      |
    2 |   "a": 1,
      |   ^^^ first here
      = help: rename one; clients call it by this name

    1 error, 1 warning
    "
  `);
});

test("no colour unless asked for, and the same text below it", () => {
  const text = '{ "n": "x" }';
  const report = { diagnostics: [at(text, '"x"')], textOf: () => text, prefix: "" };
  const bare = formatPretty(report, { color: false });
  const painted = formatPretty(report, { color: true });
  expect(bare).not.toContain("\u001b");
  expect(painted).toContain("\u001b[");
  expect(painted.replace(/\u001b\[[\d;]*m/g, "")).toBe(bare);
});

test("JSON: lines and columns from 1, files relative to the working directory", () => {
  const text = '{\n  "a": 1,\n  "b": 2\n}';
  const start = text.indexOf('"b"');
  const related = [{ span: { path, start: 0, end: 1 }, message: "first here" }];
  const report = {
    diagnostics: [at(text, '"b"', { related }), { ...at(text, '"b"'), span: undefined } as unknown as Diagnostic],
    textOf: () => text,
    prefix: "weather/",
  };
  const { diagnostics } = JSON.parse(formatJson([report, report])) as { diagnostics: unknown[] };
  expect(diagnostics).toHaveLength(4);
  expect(diagnostics[0]).toEqual({
    code: "name/duplicate",
    severity: "error",
    message: 'two tools are named "x"',
    file: "weather/a.mcp.json",
    line: 3,
    column: 3,
    endLine: 3,
    endColumn: 6,
    help: expect.any(String),
    related: [{ message: "first here", file: "weather/a.mcp.json", line: 1, column: 1, endLine: 1, endColumn: 2 }],
  });
  expect(diagnostics[1]).not.toHaveProperty("file");
  expect(start).toBeGreaterThan(0);
});

test("GitHub: one line for each, whatever the text holds", () => {
  const text = '{\n  "a": 1\n}';
  const hostile = at(text, '"a"', { message: "100%\n::error::b,c:d", help: "x\r\ny" });
  const shown = formatGithub([{ diagnostics: [hostile], textOf: () => text, prefix: "we,ird:dir/" }]);
  expect(shown.match(/\n/g)).toHaveLength(1);
  expect(shown).toMatch(/^::error file=we%2Cird%3Adir\/a\.mcp\.json,line=2,/);
  expect(shown).toContain("title=name/duplicate::100%25%0A::error::b,c:d");
});

test.each([
  ["descripton", "description"],
  ["inputschema", "inputSchema"],
  ["hadnler", "handler"],
  ["x", undefined],
  ["somethingElse", undefined],
])("the word nearest to %s is %s", (word, expected) => {
  expect(nearest(word, ["name", "description", "inputSchema", "outputSchema", "handler"])).toBe(expected);
});

test("every code has the parts and the style of the catalogue", () => {
  for (const code of Object.keys(catalogue) as Code[]) {
    expect(code).toMatch(/^[a-z]+\/[a-z0-9]+(-[a-z0-9]+)*$/);
    const { explain, severity } = catalogue[code];
    expect(["error", "warning"]).toContain(severity);
    expect(explain, code).toMatch(/^([A-Z`"]|mcpc )[\s\S]*\.$/);
  }
});

test("progress: a line for those who watch and wait, wiped before anything else is written", () => {
  const told = (terminal: { isTTY?: boolean }, env: NodeJS.ProcessEnv, times: number[]): string => {
    let text = "";
    const line = progress({ ...terminal, write: (more) => (text += more) }, env, () => times.shift()!);
    for (const phase of phases) line.onPhase(phase);
    line.clear();
    line.clear();
    return text;
  };
  const slow = (): number[] => [0, 1, 2, 3, 4, 1000, 2000, 3000, 4000];
  expect(told({ isTTY: true }, {}, slow())).toBe(
    ["[5/8] generating code…", "[6/8] writing files…", "[7/8] type-checking the handlers…", "[8/8] bundling…", ""]
      .map((text) => `\r\u001b[2K${text}`)
      .join(""),
  );
  expect(told({ isTTY: true }, {}, [0, 1, 2, 3, 4, 5, 6, 7, 8])).toBe("");
  expect(told({}, {}, slow())).toBe("");
  expect(told({ isTTY: true }, { CI: "true" }, slow())).toBe("");
  expect(told({ isTTY: true }, { TERM: "dumb" }, slow())).toBe("");
});
