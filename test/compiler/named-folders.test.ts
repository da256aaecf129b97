import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { main } from "../../compiler/command-line.js";
import { namedFolders } from "../../compiler/host-node/named-folders.js";

let top: string;
beforeAll(() => {
  top = mkdtempSync(join(tmpdir(), "mcpc-folders-"));
  const mistake = JSON.stringify({ server: { name: "s" } });
  for (const path of [
    "packages/b/b.mcp.json",
    "packages/a/manifests/a.mcp.json",
    "packages/client/.mcp.json",
    "packages/library/package.json",
    "packages/library/node_modules/c/c.mcp.json",
    "packages/a.mcp.json",
    "[odd]/odd.mcp.json",
    "deep/in/here/d.mcp.json",
  ]) {
    mkdirSync(dirname(join(top, path)), { recursive: true });
    writeFileSync(join(top, path), mistake);
  }
});
afterAll(() => rmSync(top, { recursive: true, force: true }));

test.each<readonly [names: readonly string[], folders: readonly string[]]>([
  [["packages/*"], ["packages/a", "packages/b"]],
  [["packages/*/"], ["packages/a", "packages/b"]],
  [["./packages/{b,a}"], ["packages/a", "packages/b"]],
  [["packages/[!b]"], ["packages/a"]],
  [
    ["deep/**/here", "packages/b"],
    ["deep/in/here", "packages/b"],
  ],
  [["[odd]"], ["[odd]"]],
  [["nowhere"], ["nowhere"]],
])("%j names %j", (names, folders) => {
  expect(namedFolders(names, top)).toEqual(folders);
});

test.each(["nowhere/*", "packages/l*"])("nothing matches %s: the command fails, and says so", async (pattern) => {
  let printed = "";
  const stream = { write: (text: string) => ((printed += text), true) };
  const surroundings = { cwd: top, env: {}, stdout: stream, stderr: stream } as never;
  for (const args of [
    ["check", pattern],
    ["diff", "packages/a", pattern],
  ]) {
    printed = "";
    expect(await main(args, surroundings)).toBe(2);
    expect(printed).toContain(`no folder with a manifest matches "${pattern}"`);
  }
});

test("mcpc check reports all projects that a pattern names", async () => {
  let printed = "";
  const stream = { write: (text: string) => ((printed += text), true) };
  const surroundings = { cwd: top, env: {}, stdout: stream, stderr: stream } as never;
  expect(await main(["check", "packages/*", "--format", "github"], surroundings)).toBe(1);
  const files = [...printed.matchAll(/file=([^,]+),/g)].map(([, file]) => file);
  expect([...new Set(files)]).toEqual(["packages/a/manifests/a.mcp.json", "packages/b/b.mcp.json"]);
});
