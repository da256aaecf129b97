import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { contents, mcpc, project } from "./project.js";

const fixtures = join(import.meta.dirname, "..", "..", "fixtures", "fix");
const cases = readdirSync(fixtures);
const styles: readonly [name: string, apply: (text: string) => string][] = [
  ["LF", (text) => text],
  ["CRLF", (text) => text.replaceAll("\n", "\r\n")],
  ["a byte order mark and CRLF", (text) => `\uFEFF${text.replaceAll("\n", "\r\n")}`],
  ["one line", (text) => text.replace(/(^|\s)\/\/.*$/gm, "").replace(/\s*\n\s*/g, " ")],
];

/** Only manifests come in all styles. */
function restyled(path: string, style: (text: string) => string): string {
  const text = readFileSync(path, "utf8");
  return path.endsWith(".mcp.json") ? style(text) : text;
}

/** The files of `before` or `after`, in a style of line ends. */
function files(name: string, state: string, style: (text: string) => string): Record<string, string> {
  const folder = join(fixtures, name, state);
  return Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile())
      .map((file) => join(file.parentPath, file.name))
      .map((path) => [path.slice(folder.length + 1), restyled(path, style)]),
  );
}

describe.each(cases)("check --fix: %s", (name) => {
  test.each(styles)("%s", (_, style) => {
    const folder = project(files(name, "before", style));
    mcpc(folder, "check", "--fix");
    const fixed = Object.fromEntries(
      Object.entries(contents(folder))
        .filter(([path]) => !path.startsWith("node_modules"))
        .map(([path, bytes]) => [path, Buffer.from(bytes, "latin1").toString()]),
    );
    expect(fixed).toEqual(files(name, "after", style));
  });
});

test("each change is told, with its place; what is left is reported, and the shape of JSON stays", () => {
  const folder = project(files("spelling", "before", styles[0]![1]));
  const before = mcpc(folder, "check");
  expect(before.stderr).toMatch(/\d+ errors, \d+ warnings? \(mcpc check --fix puts \d+ right\)\n$/);
  const { code, stdout, stderr } = mcpc(folder, "check", "--fix", "--format", "json");
  expect(stderr).toContain('fixed a.mcp.json:8:7: "descripton" is now "description"\n');
  expect(stderr.match(/^fixed /gm)).toHaveLength(9);
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { code: string }[] };
  expect(code).toBe(1);
  expect(new Set(diagnostics.map(({ code }) => code))).toEqual(new Set(["output/stale"]));
  const keys = ["code", "severity", "message", "file", "line", "column", "endLine", "endColumn", "help", "related"];
  for (const diagnostic of diagnostics) expect(keys).toEqual(expect.arrayContaining(Object.keys(diagnostic)));
  // Whatever is left is not for a machine to decide.
  expect(mcpc(folder, "check", "--fix", "--format", "json")).toEqual({ code, stdout, stderr: "" });
});

test("check without --fix changes nothing", () => {
  const folder = project(files("spelling", "before", styles[0]![1]));
  const before = contents(folder);
  mcpc(folder, "check");
  expect(contents(folder)).toEqual(before);
});
