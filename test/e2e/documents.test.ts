import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { blocksOf, documents, originOf, root, stepsOf, textOf, withoutTimes, type Step } from "../house/documents.js";

/** A copy of a folder, in which commands may leave what they like. */
function copyOf(folder: string): string {
  const copy = mkdtempSync(join(tmpdir(), "mcpc-documented-"));
  onTestFinished(() => rmSync(copy, { recursive: true, force: true }));
  cpSync(join(root, folder), copy, { recursive: true, filter: (path) => basename(path) !== "node_modules" });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  return copy;
}

/** A command and all that it prints; without input, and without the network. */
function run(command: string, cwd: string): Step & { readonly status: number | null } {
  const env = { ...process.env, npm_config_offline: "true" };
  const options = { cwd, env, input: "", encoding: "utf8" } as const;
  const { stdout, status } = spawnSync("sh", ["-c", `(${command}\n) 2>&1`], options);
  return { command, printed: withoutTimes(stdout.trimEnd()), status };
}

const blocks = documents.flatMap((document) =>
  blocksOf(textOf(document)).flatMap((block) => {
    const origin = originOf(block);
    if (typeof origin === "string" || origin.kind !== "commands") return [];
    return [{ ...block, folder: origin.folder, at: `${document}:${block.line}` }];
  }),
);
const sessions = blocks.filter(({ language }) => language === "console");
const scripts = blocks.filter(({ language }) => language === "sh");

test.each(sessions)("$at: commands print what is shown", ({ folder, text }) => {
  const cwd = copyOf(folder);
  const steps = stepsOf(text);
  expect(steps).not.toEqual([]);
  for (const { command, printed } of steps) expect(run(command, cwd)).toMatchObject({ command, printed });
});

test.skipIf(scripts.length === 0).each(scripts)("$at: commands succeed", ({ folder, text }) => {
  const cwd = copyOf(folder);
  for (const line of text.trim().split("\n")) expect(run(line, cwd)).toMatchObject({ status: 0 });
});

const projects = readdirSync(join(root, "fixtures")).filter((name) => !["fix", "invalid", "lint"].includes(name));

test("the projects to copy from have no errors and no other warnings, and compile with their tests", () => {
  // With the cache of the builds before all tests, a project that is up to date is not checked again.
  const env = { ...process.env, XDG_CACHE_HOME: join(root, "node_modules", ".cache") };
  const node = (...args: string[]) => {
    const { output, status } = spawnSync(process.execPath, args, { cwd: root, env, encoding: "utf8" });
    return { printed: output.join(""), status };
  };
  const folders = projects.map((name) => `fixtures/${name}`);
  const { diagnostics } = JSON.parse(node("compiler/dist/cli.js", "check", "--format", "json", ...folders).printed);
  // A result that is a list, on purpose: of the project that tests every form, and of the one that shows every feature.
  expect(diagnostics.map(({ file, code }: Record<string, string>) => `${file} ${code}`)).toEqual([
    "fixtures/contract/tools.mcp.json schema/wrapped-output",
    "fixtures/everything/tools.mcp.json schema/wrapped-output",
  ]);
  // With -b, one compiler checks them all; it notes in each folder what it has seen.
  onTestFinished(() => {
    for (const name of projects) rmSync(join(root, "fixtures", name, "tsconfig.tsbuildinfo"), { force: true });
  });
  const configured = folders.filter((folder) => folder !== "fixtures/tutorial");
  expect(node("compiler/node_modules/typescript/bin/tsc", "-b", ...configured)).toEqual({ printed: "", status: 0 });
});
