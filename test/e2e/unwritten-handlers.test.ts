import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { contents, kept, mcpc, write } from "./project.js";

const object = { type: "object", properties: {} };
const manifest = {
  server: { name: "unwritten", version: "1.0.0" },
  tools: [
    { name: "sum_up", description: "Adds numbers.", inputSchema: object },
    { name: "other", description: "Does something else.", inputSchema: object },
  ],
  resources: [{ uri: "numbers://all", name: "numbers" }],
  resourceTemplates: [
    { uriTemplate: "numbers://{n}", name: "number", complete: { n: "./src/completions.ts#completeN" } },
  ],
  prompts: [{ name: "ask" }],
};
const folder = kept({ "a.mcp.json": manifest });
const path = "src/tools/sum_up.ts";
const other = {
  "src/tools/other.ts": 'export const other = () => "";\n',
  "src/resources/numbers.ts": 'export const numbers = () => "";\n',
};
let first = "";

beforeAll(() => {
  first = mcpc(folder, "build").stdout;
});

test("a build names the files with stubs, those it makes and those of earlier builds", () => {
  const stubs = Object.keys(contents(folder)).filter((path) => path.startsWith("src/"));
  for (const stdout of [first, mcpc(folder, "build").stdout, mcpc(folder, "build", "--no-cache").stdout]) {
    const [, named = ""] = stdout.split("stubs for you to fill in:\n");
    expect(named.match(/\S+/g)?.sort()).toEqual(stubs);
  }
});

test("a strict build fails with stubs that it has just written, which stay, and with those of earlier builds", () => {
  const fresh = kept({ "a.mcp.json": { ...manifest, resources: [], resourceTemplates: [], prompts: [] } });
  for (const options of [[], [], ["--no-cache"]]) {
    const { code, stderr } = mcpc(fresh, "build", "--strict", ...options);
    expect(code).toBe(1);
    expect(stderr.match(/(?<=error\[handler\/not-implemented\]: the handler of )the .*(?= is a stub)/g)).toEqual([
      'the tool "other"',
      'the tool "sum_up"',
    ]);
    expect(Object.keys(contents(fresh))).toContain(path);
  }
  const written = (name: string): string => `export const ${name} = () => "";\n`;
  write(fresh, { "src/tools/other.ts": written("other"), [path]: written("sumUp") });
  const { code, stdout } = mcpc(fresh, "build", "--strict");
  expect(code).toBe(0);
  expect(stdout).not.toContain("stubs");
});

test.each([
  ["from the last build's record", []],
  ["without it", ["--no-cache"]],
])("a check names each handler that is still a stub, %s, and fails where it is strict", (_, options) => {
  const { code, stderr } = mcpc(folder, "check", ...options);
  expect(code).toBe(0);
  const named = stderr.match(/(?<=warning\[handler\/not-implemented\]: the handler of )the .*(?= is a stub)/g);
  expect(named?.sort()).toEqual([
    'the completion of "n"',
    'the prompt "ask"',
    'the resource "numbers://all"',
    'the resource template "numbers://{n}"',
    'the tool "other"',
    'the tool "sum_up"',
  ]);
  expect(stderr).toMatch(/src\/tools\/sum_up\.ts:6:3\n.*\n6 \| {3}throw notImplemented\("sum_up"\);\n.*\^{30}\n/);
  expect(mcpc(folder, "check", "--strict", ...options)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("error[handler/not-implemented]"),
  });
});

test.each<[what: string, file: string, source: string, entries: object, told: string[]]>([
  [
    "a list",
    "src/issue.ts",
    "export const listIssues = () => [];",
    { resourceTemplates: [{ uriTemplate: "i://{id}", name: "issue", list: "./src/issue.ts#listAll" }] },
    ['"src/issue.ts" does not export "listAll", the list of "i://{id}"', 'rename "listIssues", or name it with "list"'],
  ],
  [
    "a completion",
    "src/values.ts",
    "export const completeNames = () => [];",
    { prompts: [{ name: "ask", arguments: [{ name: "who", complete: "./src/values.ts#completeWho" }] }] },
    ['does not export "completeWho", the completion of "who"', 'rename "completeNames", or name it with "complete"'],
  ],
  [
    "a tool",
    "src/all.ts",
    'export const findAllUsers = () => "";',
    { tools: [{ name: "find", description: "Finds users.", inputSchema: object, handler: "./src/all.ts#findUsers" }] },
    ['does not export "findUsers", the handler of the tool "find"', 'rename "findAllUsers", or name it with "handler"'],
  ],
])("a file that has %s under a name like it stays as it is", (_, file, source, entries, words) => {
  const named = kept({ "a.mcp.json": { server: manifest.server, ...entries }, [file]: `${source}\n` });
  const before = contents(named)[file];
  const { code, stderr } = mcpc(named, "build");
  expect(code).toBe(1);
  for (const each of words) expect(stderr).toContain(each);
  expect(contents(named)[file]).toBe(before);
});

test.each([
  ["its verb", "listColours"],
  ["its noun", "fetchUsers"],
])("a function that shares %s with a handler is another one: the stub is added to their file", (_, helper) => {
  const one = (name: string, handler: string) => ({
    name,
    description: `Runs ${name}.`,
    inputSchema: object,
    handler: `./src/all.ts#${handler}`,
  });
  const tools = [one("list_issues", "listIssues"), one("list_users", "listUsers")];
  const written = `export const listIssues = () => "";\nexport const ${helper} = () => 1;\n`;
  const folder = kept({ "a.mcp.json": { server: manifest.server, tools }, "src/all.ts": written });
  expect(mcpc(folder, "build")).toMatchObject({ code: 0, stderr: "" });
  const text = readFileSync(join(folder, "src/all.ts"), "utf8");
  expect(text).toContain(written);
  expect(text).toContain("export const listUsers: ListUsers");
});

test.each([
  ["a default export", "export default () => 1;\n", /did you mean to export "sumUp"\? write it as export const/],
  ["another spelling", "export const sum_up = () => 1;\n", /did you mean to export "sumUp"\? rename "sum_up"/],
  ["another name", "export async function handler() {}\n", /did you mean to export "sumUp"\? rename "handler"/],
])("%s is not the handler, and the file stays as it is", (_, text, help) => {
  write(folder, { ...other, [path]: text });
  const before = contents(folder);
  const { code, stderr } = mcpc(folder, "build");
  expect(code).toBe(1);
  expect(stderr).toMatch(/error\[handler\/missing-export\]: "src\/tools\/sum_up\.ts" does not export "sumUp"/);
  expect(stderr).toMatch(/--> src\/tools\/sum_up\.ts:1:\d+\n/);
  expect(stderr).toMatch(help);
  expect(contents(folder)[path]).toBe(before[path]);
});
