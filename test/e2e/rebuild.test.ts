import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cacheOf, contents, mcpc, project, write } from "./project.js";

const tool = (name: string, more: object = {}) => ({
  name,
  description: `The tool ${name}.`,
  inputSchema: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
  ...more,
});
const manifest = (...tools: object[]) => ({
  server: { name: "rebuilt", version: "1.0.0" },
  $defs: { Amount: { type: "integer", minimum: 0 } },
  tools,
  resources: [{ uri: "a://b", name: "made" }],
  resourceTemplates: [{ uriTemplate: "a://{x}/{+rest}", name: "templated" }],
  prompts: [{ name: "asked", arguments: [{ name: "topic", required: true }] }],
});

function build(folder: string, ...options: string[]): void {
  expect(mcpc(folder, "build", ...options)).toMatchObject({ code: 0, stderr: "" });
}

test("a second build writes no byte, and a deleted generated/ comes back identical", () => {
  const folder = project({ "a.mcp.json": manifest(tool("first"), tool("second")) });
  build(folder);
  const before = contents(folder);
  const times = Object.keys(before).map((path) => statSync(join(folder, path)).mtimeMs);
  expect(mcpc(folder, "build").stdout).toMatch(/nothing to do/);
  expect(contents(folder)).toEqual(before);
  expect(Object.keys(before).map((path) => statSync(join(folder, path)).mtimeMs)).toEqual(times);
  // All over again, not known from the last time.
  expect(mcpc(folder, "build", "--force").stdout).toMatch(/nothing to do/);
  rmSync(cacheOf(folder), { recursive: true });
  expect(mcpc(folder, "build").stdout).toMatch(/nothing to do/);
  expect(contents(folder)).toEqual(before);
  rmSync(join(folder, "generated"), { recursive: true });
  rmSync(join(folder, "dist"), { recursive: true });
  rmSync(join(folder, "mcpc.lock.json"));
  build(folder);
  expect(contents(folder)).toEqual(before);
});

test("the same project in another folder has the same output", () => {
  const files = {
    "a.mcp.json": manifest(
      tool("first", { outputSchema: { type: "object", properties: { a: { $ref: "#/$defs/Amount" } } } }),
    ),
  };
  const [one, two] = [project(files), project(files)];
  build(one);
  build(two);
  expect(contents(one)).toEqual(contents(two));
});

test.each([
  ["LF", (text: string) => text],
  ["CRLF", (text: string) => text.replaceAll("\n", "\r\n")],
  ["a byte order mark and CRLF", (text: string) => `\uFEFF${text.replaceAll("\n", "\r\n")}`],
])("a stub edited by hand stays as it is, to the byte: %s", (_, style) => {
  const folder = project({ "a.mcp.json": manifest(tool("first")) });
  build(folder);
  const path = join(folder, "src/tools/first.ts");
  const edited = style(
    '// mine\nimport type { First } from "../../generated/types.js";\n\n\nexport  const first: First = async ({text}) => text  ;\n// end',
  );
  writeFileSync(path, edited);
  build(folder);
  build(folder);
  expect(readFileSync(path, "utf8")).toBe(edited);
});

test.each([
  ["LF", "\n", ""],
  ["CRLF and a byte order mark", "\r\n", "\uFEFF"],
])("a new tool of the same file is added to it; all that stood there still stands: %s", (_, end, mark) => {
  const one = (name: string) => tool(name, { handler: `./src/all.ts#${name}` });
  const folder = project({ "a.mcp.json": manifest(one("first")) });
  build(folder);
  const path = join(folder, "src/all.ts");
  const mine =
    mark +
    [
      'import type { First } from "../generated/types.js";',
      "",
      "export const first: First = ({ text }) => text;  // mine",
    ].join(end);
  writeFileSync(path, mine);
  write(folder, { "a.mcp.json": manifest(one("first"), one("second")) });
  build(folder);
  const grown = readFileSync(path, "utf8");
  for (const line of mine.split(end)) expect(grown).toContain(line);
  expect(grown.startsWith(mark)).toBe(true);
  expect(grown).toContain("export const second: Second");
  expect(grown.replaceAll(end, "")).not.toContain(end === "\n" ? "\r" : "\n");
  build(folder);
  expect(readFileSync(path, "utf8")).toBe(grown);
});

test.each([
  ["a handler's file", "src/tools/first.ts"],
  ["a file that a handler imports", "src/own.ts"],
])("a type error stands where the mistake does, behind a byte order mark: %s", (_, path) => {
  const own = "export const own: number = 'no';\n";
  const handler =
    'import type { First } from "../../generated/types.js";\nimport "../own.js";\nexport const first: First = () => "";\n';
  const files = { "src/own.ts": "export {};\n", "src/tools/first.ts": handler };
  const folder = project({ "a.mcp.json": manifest(tool("first")), ...files });
  write(folder, { [path]: `\uFEFF${own}${files[path as keyof typeof files]}` });
  const { code, stdout } = mcpc(folder, "check", "--format", "json");
  const [{ line, column, endColumn }] = JSON.parse(stdout).diagnostics;
  expect({ code, line, column, endColumn }).toEqual({ code: 1, line: 1, column: 14, endColumn: 17 });
});

test("a changed schema is an error at the handler's own line, and the bundle stays as it was", () => {
  const folder = project({ "a.mcp.json": manifest(tool("first")) });
  build(folder);
  const handler =
    'import type { First } from "../../generated/types.js";\n\nexport const first: First = ({ text }) => text;\n';
  writeFileSync(join(folder, "src/tools/first.ts"), handler);
  build(folder);
  const bundle = readFileSync(join(folder, "dist/server.js"), "utf8");
  const lock = readFileSync(join(folder, "mcpc.lock.json"), "utf8");
  const changed = {
    inputSchema: { type: "object", properties: { words: { type: "array", items: { type: "string" } } } },
  };
  write(folder, { "a.mcp.json": manifest(tool("first", changed)) });
  const { code, stderr } = mcpc(folder, "build");
  expect(code).toBe(1);
  expect(stderr).toContain("error[handler/type-error]");
  expect(stderr).toContain("src/tools/first.ts:3:");
  expect(readFileSync(join(folder, "dist/server.js"), "utf8")).toBe(bundle);
  expect(readFileSync(join(folder, "mcpc.lock.json"), "utf8")).toBe(lock);
});

test("the handler of a removed tool is reported and left alone", () => {
  const folder = project({ "a.mcp.json": manifest(tool("first"), tool("second")) });
  build(folder);
  write(folder, { "a.mcp.json": manifest(tool("first")) });
  const { code, stderr } = mcpc(folder, "build");
  expect(code).toBe(0);
  expect(stderr).toContain("warning[handler/orphaned]");
  expect(stderr).toContain("src/tools/second.ts");
  expect(contents(folder)).toHaveProperty(["src/tools/second.ts"]);
  expect(contents(folder)).not.toHaveProperty(["generated/validators/Second.ts"]);
});

test("a version that package.json has: a new one is built, and the lock file stays as it is", () => {
  const { tools } = manifest(tool("first"));
  const packageJson = (version: string) => ({ "package.json": { name: "rebuilt", version } });
  const folder = project({
    "a.mcp.json": { server: { name: "rebuilt", version: { file: "./package.json" } }, tools },
    ...packageJson("1.0.0"),
  });
  const said = (): string[] => {
    const { stdout } = spawnSync("node", ["dist/server.js", "--version"], { cwd: folder, encoding: "utf8" });
    return [stdout.trim(), JSON.stringify(JSON.parse(readFileSync(join(folder, "mcpc.lock.json"), "utf8")).server)];
  };
  const locked = '{"name":"rebuilt","version":{"file":"package.json"}}';
  build(folder);
  expect(said()).toEqual(["rebuilt 1.0.0", locked]);
  write(folder, packageJson("1.1.0"));
  rmSync(join(folder, "generated"), { recursive: true });
  expect(mcpc(folder, "check")).toMatchObject({ code: 0, stderr: expect.not.stringContaining("error") });
  build(folder);
  expect(said()).toEqual(["rebuilt 1.1.0", locked]);
});

test("a generated file edited by hand is not overwritten unless asked for", () => {
  const folder = project({ "a.mcp.json": manifest(tool("first")) });
  build(folder);
  const path = join(folder, "generated/types.ts");
  const edited = `${readFileSync(path, "utf8")}// mine\n`;
  writeFileSync(path, edited);
  const { code, stderr } = mcpc(folder, "build");
  expect([code, stderr]).toEqual([1, expect.stringContaining("output/hand-edited")]);
  expect(readFileSync(path, "utf8")).toBe(edited);
  build(folder, "--force");
  expect(readFileSync(path, "utf8")).not.toContain("// mine");
});

test("check writes nothing, and says what a build would change", () => {
  const folder = project({ "a.mcp.json": manifest(tool("first")) });
  const before = contents(folder);
  const fresh = mcpc(folder, "check");
  expect(fresh.code).toBe(1);
  expect(fresh.stderr).toContain('"mcpc.lock.json" does not exist yet');
  expect(contents(folder)).toEqual(before);
  build(folder);
  expect(mcpc(folder, "check")).toMatchObject({ code: 0, stderr: expect.not.stringContaining("error") });
  rmSync(join(folder, "generated"), { recursive: true });
  expect(mcpc(folder, "check")).toMatchObject({ code: 0, stderr: expect.not.stringContaining("error") });
  write(folder, { "a.mcp.json": manifest(tool("first", { description: "Another." })) });
  const stale = mcpc(folder, "check");
  expect(stale.code).toBe(1);
  expect(stale.stderr).toContain('"mcpc.lock.json" is out of date');
});
