import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

const root = join(import.meta.dirname, "..", "..");
const read = (...path: string[]): any => JSON.parse(readFileSync(join(root, ...path), "utf8"));
/** Those that people copy; the tutorial has what the README makes. */
const projects = readdirSync(join(root, "fixtures")).filter(
  (name) => !["fix", "invalid", "lint", "tutorial"].includes(name),
);

const versions: Readonly<Record<string, string>> = {
  ...read("package.json").devDependencies,
  mcpc: `^${read("compiler", "package.json").version}`,
  "@mcpc/runtime": `^${read("runtime", "package.json").version}`,
};

test.each(projects)("%s names the packages that it needs, and the schema of its manifests", (name) => {
  const { dependencies, devDependencies } = read("fixtures", name, "package.json");
  const needed = { ...dependencies, ...devDependencies };
  const sources = readdirSync(join(root, "fixtures", name), { recursive: true, encoding: "utf8" })
    .filter((path) => /^(?:src|test)\/.*\.ts$/.test(path))
    .map((path) => readFileSync(join(root, "fixtures", name, path), "utf8"))
    .join("\n");
  for (const [, imported] of sources.matchAll(/from "((?:@[^/"]+\/)?[^./"][^/"]*)/g))
    if (!imported!.startsWith("node:")) expect(Object.keys(needed)).toContain(imported);
  expect(needed).toEqual(Object.fromEntries(Object.keys(needed).map((name) => [name, versions[name]])));
  // The bundle contains what it needs of it.
  const isMounted = /from "[./]*generated\/server\.js"/.test(sources);
  expect(Object.keys((isMounted ? dependencies : devDependencies) ?? {})).toContain("@mcpc/runtime");
  for (const file of readdirSync(join(root, "fixtures", name)).filter((file) => file.endsWith(".mcp.json")))
    expect(readFileSync(join(root, "fixtures", name, file), "utf8")).toContain(
      '"$schema": "./node_modules/mcpc/mcp.schema.json"',
    );
});

test("editors that read .vscode/settings.json take manifests for JSON with comments", () => {
  const { "files.associations": associations } = read("fixtures", "weather", ".vscode", "settings.json");
  const [[pattern, language]] = Object.entries<string>(associations) as [[string, string]];
  expect(language).toBe("jsonc");
  expect(
    readdirSync(join(root, "fixtures", "weather")).filter((file) => file.endsWith(pattern.replace("*", ""))),
  ).toEqual(["weather.mcp.json"]);
});

test("a copy elsewhere builds and compiles", () => {
  const folder = mkdtempSync(join(tmpdir(), "mcpc-copied-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const skipped = new Set(["dist", "generated", "node_modules"].map((name) => join(root, "fixtures", "weather", name)));
  cpSync(join(root, "fixtures", "weather"), folder, { recursive: true, filter: (path) => !skipped.has(path) });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  const run = (script: string, ...options: string[]) => {
    const { output, status } = spawnSync(process.execPath, [join(root, script), ...options], {
      cwd: folder,
      encoding: "utf8",
    });
    return [output.join(""), status];
  };
  expect(run("compiler/dist/cli.js", "build", "--strict")).toEqual([expect.stringMatching(/^weather: 2 tools/), 0]);
  expect(run("compiler/node_modules/typescript/bin/tsc")).toEqual(["", 0]);
});
