import { expect, test } from "vitest";
import { manifest, short, surface, testFolders } from "./test-folders.js";

const { write, read, diff, changed } = testFolders();

test("a removal is shown in the old file", async () => {
  const now = JSON.parse(manifest("1.2.0"));
  changed(manifest("1.2.0"), JSON.stringify({ ...now, tools: now.tools.slice(0, 1) }));
  const { stdout } = await diff("git:HEAD", "--format", "github");
  const line =
    manifest("1.2.0")
      .split("\n")
      .findIndex((each) => each.includes("list_cities")) - 0;
  expect(stdout).toMatch(
    new RegExp(`^::error title=.*\n::error file=weather.mcp.json,line=${line},.*title=entry/removed::`),
  );
});

test("every format reports what breaks", async () => {
  changed(manifest("1.2.0"), manifest("1.2.0", {}, short));
  const reports = ["sarif", "markdown", "junit", "json"].map((format) => ["--output", `${format}=report.${format}`]);
  await diff("git:HEAD", ...reports.flat());
  for (const format of ["sarif", "markdown", "junit", "json"])
    expect(read(`report.${format}`)).toContain("input/narrowed");
});

test("reports say which version the changes ask for, and in which entries they are", async () => {
  const removed = (version: string): string => {
    const { tools, ...rest } = JSON.parse(manifest(version, {}, short));
    return JSON.stringify({ ...rest, tools: tools.slice(0, 1) }, null, 2);
  };
  changed(manifest("1.2.0"), removed("1.2.0"));
  const demand = "the changes ask for a major version: it is 1.2.0, was 1.2.0; raise it to 2.0.0";
  const report = async (format: string): Promise<string> => (await diff("git:HEAD", "--format", format)).stdout;
  const github = (await report("github")).split("\n");
  expect(github[0]).toBe(`::error title=mcpc diff::${demand}`);
  expect(github).toHaveLength(4);
  const [headline, , sentence, , header] = (await report("markdown")).split("\n");
  expect([headline, header]).toEqual(["## mcpc: 2 errors", "| | Where | What | Code |"]);
  expect(sentence!.replaceAll("&#58;", ":")).toBe(demand);
  const junit = await report("junit");
  expect([...junit.matchAll(/<testsuite name="([^"]*)" tests="1" failures="1"/g)].map(([, name]) => name)).toEqual([
    "tools/list_cities",
    "tools/get_weather",
  ]);
  expect([...junit.matchAll(/classname="([^"]*)"/g)].map(([, name]) => name)).toEqual([
    "tools/list_cities",
    "tools/get_weather",
  ]);
  expect(junit).not.toContain("no diagnostics");
  write("weather.mcp.json", removed("2.0.0"));
  const enough = "the changes ask for a major version: it is 2.0.0, was 1.2.0, which is enough";
  expect(await report("github")).toContain(`::notice title=mcpc diff::${enough}\n`);
  write("weather.mcp.json", manifest("1.2.0"));
  expect(await report("github")).toBe("");
  expect(await report("markdown")).toBe("## mcpc: no errors\n\nno changes\n");
  expect(await report("junit")).toContain("no diagnostics");
});

test("the annotations of a long witness are short", async () => {
  const limited = (maxLength: number): string => manifest("1.0.0", {}, { type: "string", maxLength });
  changed(limited(100_000), limited(99_999));
  const { stdout } = await diff("git:HEAD", "--format", "github");
  expect(stdout).toContain("aaa… (100011 characters)");
  expect(stdout.length).toBeLessThan(2000);
});

test.each([
  ["neither side", undefined, undefined, "the changes ask for a major version, but neither side has a version"],
  ["the old side", undefined, "1.0.0", "…: it is 1.0.0, and the old side has none to compare with"],
  ["the new side", "1.0.0", undefined, "…: the new side has none, it was 1.0.0; raise it to 2.0.0"],
])("%s has no version", async (_name, old, now, sentence) => {
  write("old.json", surface(["a", "b"], old));
  write("new.json", surface(["a"], now));
  const { stdout } = await diff("old.json", "new.json");
  expect(stdout).toContain(`${sentence.replace("…", "the changes ask for a major version")}\n`);
});

test("after --write-version, the report has the raised version", async () => {
  changed(manifest("1.9.0"), manifest("1.9.0", {}, short));
  const { code, stdout, stderr } = await diff("git:HEAD", "--write-version");
  expect(code).toBe(0);
  expect(stdout).toMatch(/\nthe changes ask for a major version: it is 2\.0\.0, was 1\.9\.0, which is enough\n$/);
  expect(stderr).toBe("weather.mcp.json: version 2.0.0\nnext: mcpc build, for the lock file\n");
});
