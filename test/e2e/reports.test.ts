import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { formatNames } from "../../compiler/diagnostics/report.js";
import { mcpc, project } from "./project.js";

const tool = { name: "a", inputSchema: { type: "object", properties: {} }, handlr: "./a.ts" };
const manifest = { server: { name: "a", version: "1.0.0" }, tools: [tool] };

test("one run writes a report in each format, of all its folders", () => {
  const folder = project({ "one/a.mcp.json": manifest, "two/a.mcp.json": manifest });
  const outputs = formatNames.flatMap((name) => ["--output", `${name}=reports/new/${name}.txt`]);
  const { code, stderr, stdout } = mcpc(folder, "check", ...outputs, "one", "two");
  expect([code, stdout]).toEqual([1, ""]);
  const reports = formatNames.map((name) => readFileSync(join(folder, "reports/new", `${name}.txt`), "utf8"));
  expect(reports[0]).toBe(stderr);
  for (const report of reports) for (const name of ["one", "two"]) expect(report).toContain(`${name}/a.mcp.json`);
  for (const name of formatNames.slice(1))
    expect(mcpc(folder, "check", "--format", name, "one", "two")).toMatchObject({
      code: 1,
      stdout: reports[formatNames.indexOf(name)],
    });
});

test.each([
  ["sarif", /Write it as FORMAT=FILE; formats are pretty, json, sarif/],
  ["sarf=a", /Write it as FORMAT=FILE/],
  ["json=.", /a folder exists where a file is needed/],
  ["json=a.mcp.json/b", /a file exists where a folder is needed/],
])("an output that cannot be written is refused: %s", (output, told) => {
  const folder = project({ "a.mcp.json": manifest });
  expect(mcpc(folder, "check", "--output", output)).toMatchObject({ code: 2, stderr: expect.stringMatching(told) });
});
