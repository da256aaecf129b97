import { renameSync, readFileSync, mkdirSync, existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { contents, mcpc, project, write } from "./project.js";

const tool = (name: string, more: object = {}) => ({
  name,
  description: `The tool ${name}.`,
  inputSchema: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
  ...more,
});
const manifest = (...tools: object[]) => ({ server: { name: "small", version: "1.0.0" }, tools });

const written = [
  "\uFEFF// mine",
  'import type { SayIt, SayItInput } from "../../generated/types.js";',
  "",
  "const shout = ({ text }: SayItInput) => ({ sayIt: text.toUpperCase() });",
  "/** sayIt says it. */",
  "export const sayIt: SayIt = (input) => {",
  "  const { sayIt: louder } = shout(input);",
  "  return [sayIt.name, louder, JSON.stringify({ sayIt: typeof sayIt })].join();",
  "};",
  "// end",
].join("\r\n");

function built(folder: string, ...options: string[]): string {
  const { code, stdout, stderr } = mcpc(folder, "build", ...options);
  expect(code, stderr).toBe(0);
  return stdout + stderr;
}

test("a renamed tool's handler is recognised, and follows when asked: to the byte, but for its names", () => {
  const folder = project({ "a.mcp.json": manifest(tool("say_it"), tool("other")) });
  built(folder);
  write(folder, { "src/tools/say_it.ts": written });
  built(folder);
  write(folder, { "a.mcp.json": manifest(tool("tell"), tool("other")) });
  const before = contents(folder);
  const warned = mcpc(folder, "check");
  expect(contents(folder)).toEqual(before);
  expect(warned.stderr).toContain("mcpc build --rename say_it=tell lets the handler follow");
  expect(built(folder)).toContain("mcpc build --rename say_it=tell lets the handler follow");
  expect(readFileSync(join(folder, "src/tools/say_it.ts"), "utf8")).toBe(written);
  expect(built(folder, "--rename", "say_it=tell")).not.toContain("warning");
  expect(existsSync(join(folder, "src/tools/say_it.ts"))).toBe(false);
  expect(readFileSync(join(folder, "src/tools/tell.ts"), "utf8")).toBe(
    written
      .replaceAll("SayIt", "Tell")
      .replace("const sayIt:", "const tell:")
      .replace("[sayIt.name", "[tell.name")
      .replace("typeof sayIt", "typeof tell"),
  );
  expect(built(folder)).toContain("nothing to do");
});

test.each([
  ["getuser", "getUser", "export const getUser: GetUser"],
  ["get_user", "Get_User", "export const getUser: GetUser"],
])("the handler of %s follows to %s, which differs in case alone", (from, to, exported) => {
  const folder = project({ "a.mcp.json": manifest(tool(from)) });
  built(folder);
  const stub = readFileSync(join(folder, `src/tools/${from}.ts`), "utf8");
  const text = stub.replace(/throw .*;/, 'return "mine";').replace(/import .*notImplemented.*\n/, "");
  write(folder, { [`src/tools/${from}.ts`]: text, "a.mcp.json": manifest(tool(to)) });
  const before = contents(folder);
  const { code, stderr } = mcpc(folder, "build");
  expect(code).toBe(1);
  expect(stderr).toContain("error[handler/other-case]");
  expect(stderr).toContain("warning[handler/orphaned]");
  expect(stderr).toContain(`mcpc build --rename ${from}=${to} lets the handler follow`);
  expect(Object.keys(contents(folder)).filter((path) => path.startsWith("src/"))).toEqual([`src/tools/${from}.ts`]);
  expect(contents(folder)[`src/tools/${from}.ts`]).toBe(before[`src/tools/${from}.ts`]);
  expect(built(folder, "--rename", `${from}=${to}`)).not.toContain("warning");
  expect(Object.keys(contents(folder)).filter((path) => path.startsWith("src/"))).toEqual([`src/tools/${to}.ts`]);
  const moved = readFileSync(join(folder, `src/tools/${to}.ts`), "utf8");
  expect(moved).toContain(exported);
  expect(moved).toContain('return "mine";');
});

test.each([
  ["a handler that is written", ["say_it=other"], /"src\/tools\/other.ts" is written already/],
  ["a name of nobody's", ["say_it=tel"], /no entry called "tel" .*\n.*did you mean "tell"/],
  ["a file that is not there", ["said=tell"], /no file called "said" .*\n.*did you mean "say_it"/],
])("nothing is overwritten: %s", (_, renames, told) => {
  const folder = project({ "a.mcp.json": manifest(tool("say_it"), tool("other")) });
  built(folder);
  write(folder, { "src/tools/say_it.ts": written, "src/tools/other.ts": 'export const other = () => "mine";\n' });
  write(folder, { "a.mcp.json": manifest(tool("tell"), tool("other")) });
  // What builds leave to later ones is not the user's.
  const visible = () => Object.entries(contents(folder)).filter(([path]) => !path.startsWith("node_modules/.cache/"));
  const before = visible();
  const { code, stderr } = mcpc(folder, "build", ...renames.flatMap((rename) => ["--rename", rename]));
  expect(code).toBe(1);
  expect(stderr).toMatch(told);
  expect(visible()).toEqual(before);
});

test("a command line that names no two names is refused", () => {
  expect(mcpc(project({}), "build", "--rename", "old")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("OLD=NEW"),
  });
});

test("--prune deletes stubs that nobody needs or wrote into, and nothing else", () => {
  const folder = project({ "a.mcp.json": manifest(tool("kept"), tool("stub"), tool("mine")) });
  built(folder);
  write(folder, { "src/tools/mine.ts": `${readFileSync(join(folder, "src/tools/mine.ts"), "utf8")}// a note\n` });
  write(folder, { "a.mcp.json": manifest(tool("kept")) });
  const told = built(folder);
  expect(told).toContain("it is an unchanged stub: mcpc build --prune deletes it");
  expect(told).toContain("delete src/tools/mine.ts, name it");
  expect(existsSync(join(folder, "src/tools/stub.ts"))).toBe(true);
  const pruned = built(folder, "--prune");
  expect(pruned).not.toContain("stub.ts");
  expect(pruned).toContain("delete src/tools/mine.ts, name it");
  expect(Object.keys(contents(folder)).filter((path) => path.startsWith("src/"))).toEqual([
    "src/tools/kept.ts",
    "src/tools/mine.ts",
  ]);
});

test("a handler that was moved is found, and gets no stub in its old place", () => {
  const folder = project({ "a.mcp.json": manifest(tool("first")) });
  built(folder);
  const handler =
    'import type { First } from "../../generated/types.js";\n\nexport const first: First = ({ text }) => text;\n';
  write(folder, { "src/tools/first.ts": handler });
  built(folder);
  mkdirSync(join(folder, "src/texts"));
  renameSync(join(folder, "src/tools/first.ts"), join(folder, "src/texts/all.ts"));
  const before = contents(folder);
  const lost = mcpc(folder, "build");
  expect(lost).toMatchObject({ code: 1, stderr: expect.stringContaining("error[handler/moved]") });
  expect(lost.stderr).toContain('"handler": "./src/texts/all.ts#first"');
  expect(contents(folder)).toEqual(before);
  expect(mcpc(folder, "check", "--fix").stderr).toContain("fixed a.mcp.json:");
  expect(built(folder)).not.toContain("warning");
  expect(readFileSync(join(folder, "src/texts/all.ts"), "utf8")).toBe(handler);
});
