import fc from "fast-check";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { formatJson } from "../../compiler/diagnostics/json.js";
import { residentCompiler, type ResidentCompiler } from "../../compiler/dist/resident.js";
import { contents, mcpc, project, write } from "./project.js";
import { apply, begin, edits } from "./resident-edits.js";

const tool = (name: string, more: object = {}) => ({
  name,
  description: `The tool ${name}.`,
  inputSchema: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
  ...more,
});
const manifest = (...tools: object[]) => ({ server: { name: "stays", version: "1.0.0" }, tools });

function resident(folder: string): ResidentCompiler {
  const compiler = residentCompiler(folder);
  onTestFinished(() => compiler.end());
  return compiler;
}

/** The processes of esbuild that this one has started. */
function esbuilds(): number[] {
  const running = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const told = (pid: string, file: string): string => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, "utf8");
    } catch {
      return "";
    }
  };
  const own = running.filter((pid) => new RegExp(`^PPid:\\s*${process.pid}$`, "m").test(told(pid, "status")));
  return own.filter((pid) => told(pid, "cmdline").includes("--service=")).map(Number);
}

test.runIf(process.platform === "linux")("esbuild's process may be killed between two builds", async () => {
  const folder = project({ "a.mcp.json": manifest(tool("first")) });
  const compiler = resident(folder);
  expect(await compiler.build()).toMatchObject({ diagnostics: [], summary: { tools: 1 } });
  for (const answer of [5, 6]) {
    const killed = esbuilds();
    expect(killed.length).toBeGreaterThan(0);
    for (const pid of killed) process.kill(pid, "SIGKILL");
    await vi.waitFor(() => expect(esbuilds()).toEqual([]));
    write(folder, {
      "src/tools/first.ts": `import type { First } from "../../generated/types.js";\nexport const first: First = () => "${answer}";\n`,
    });
    const built = await compiler.build(new Set(["src/tools/first.ts"]));
    expect(built.diagnostics).toEqual([]);
    expect(built.changed).toContain("dist/server.js");
    expect(readFileSync(join(folder, "dist/server.js"), "utf8")).toContain(`"${answer}"`);
  }
});

test("a compiler that stays builds what has changed, and says what it looked at", async () => {
  const folder = project({ "a.mcp.json": manifest(tool("first"), tool("second")) });
  const compiler = resident(folder);
  const first = await compiler.build();
  expect(first).toMatchObject({ diagnostics: [], summary: { tools: 2 } });
  expect(first.changed).toContain("dist/server.js");
  expect(first.inputs).toEqual(expect.arrayContaining(["a.mcp.json", "src/tools/first.ts", "tsconfig.json"]));
  expect(await compiler.build()).toMatchObject({ diagnostics: [], changed: [], summary: { tools: 2 } });

  const handler = join(folder, "src/tools/first.ts");
  const text = readFileSync(handler, "utf8");
  writeFileSync(
    handler,
    'import type { First } from "../../generated/types.js";\nexport const first: First = () => 5;\n',
  );
  const wrong = await compiler.build(new Set(["src/tools/first.ts"]));
  expect(wrong).toMatchObject({ diagnostics: [{ code: "handler/type-error" }], changed: [] });
  expect(wrong.inputs).toEqual(expect.arrayContaining(["a.mcp.json", "src/tools/first.ts"]));
  writeFileSync(handler, text.replace("notImplemented", "/* none */ notImplemented"));
  expect((await compiler.build(new Set(["src/tools/first.ts"]))).diagnostics).toEqual([]);
  rmSync(join(folder, "generated/types.ts"));
  expect((await compiler.build()).changed).toEqual(["generated/types.ts"]);

  write(folder, { "a.mcp.json": manifest(tool("first", { title: "First" })) });
  const changed = await compiler.build(new Set(["a.mcp.json"]));
  expect(changed).toMatchObject({ diagnostics: [{ code: "handler/orphaned" }], summary: { tools: 1 } });
  expect(mcpc(folder, "build").stdout).toContain("nothing to do");
  expect(mcpc(folder, "build", "--force").stdout).toContain("nothing to do");
  expect(contents(folder)["generated/validators/Second.ts"]).toBeUndefined();
});

/** More sequences of edits, for whoever changes what a build remembers: `MCPC_EDITS=200`; others: `MCPC_SEED=2`. */
const sequences = Number(process.env["MCPC_EDITS"] ?? 4);
const longest = 8;

test("whatever is edited, it builds what a fresh build makes, and says the same", { timeout: 3_600_000 }, async () => {
  const edit = fc.record({
    kind: fc.constantFrom(...(Object.keys(edits) as (keyof typeof edits)[])),
    pick: fc.nat(999),
    variant: fc.nat(999),
  });
  const rounds = fc.array(fc.array(edit, { minLength: 1, maxLength: 2 }), { minLength: longest, maxLength: longest });
  const sequence = fc.asyncProperty(fc.constantFrom(3, 3, 3, 52), rounds, async (count, all) => {
    const folder = mkdtempSync(join(tmpdir(), "mcpc-edited-"));
    const copies = mkdtempSync(join(tmpdir(), "mcpc-edited-copies-"));
    const compiler = residentCompiler(folder);
    try {
      const edited = begin(folder, count);
      const outcomes: { readonly files: unknown; readonly diagnostics: unknown }[] = [];
      for (const [index, round] of [[], ...all].entries()) {
        for (const each of round) apply(edited, each);
        const copy = join(copies, String(index));
        cpSync(folder, copy, { recursive: true, filter: (path) => basename(path) !== "node_modules" });
        const { diagnostics } = await compiler.build();
        const textOf = (path: string) => readFileSync(join(folder, path), "utf8");
        const report = JSON.parse(formatJson([{ diagnostics, prefix: "", textOf }])) as { diagnostics: unknown };
        outcomes.push({ files: visible(folder), diagnostics: report.diagnostics });
      }
      // One process for all, so that it loads TypeScript once; what it remembers is of one folder.
      const names = outcomes.map((_, index) => String(index));
      const { stdout, stderr } = mcpc(copies, "build", "--format", "json", ...names);
      expect(stderr).toBe("");
      const told = (JSON.parse(stdout) as { diagnostics: { file?: string }[] }).diagnostics;
      for (const [index, outcome] of outcomes.entries()) {
        const own = told.filter(({ file }) => file?.startsWith(`${index}/`));
        const fresh = JSON.stringify(own).replaceAll(`"file":"${index}/`, '"file":"');
        const same = JSON.parse(fresh.replaceAll(join(copies, String(index)), folder)) as unknown;
        const placed = (outcome.diagnostics as { file?: string }[]).filter(({ file }) => file !== undefined);
        expect({ round: index, diagnostics: placed, files: outcome.files }).toEqual({
          round: index,
          diagnostics: same,
          files: visible(join(copies, String(index))),
        });
      }
    } finally {
      await compiler.end();
      for (const each of [folder, copies]) rmSync(each, { recursive: true });
    }
  });
  await fc.assert(sequence, { numRuns: sequences, endOnFailure: true, seed: Number(process.env["MCPC_SEED"] ?? 1) });
});

/** The texts of all files but those that builds keep for themselves. */
function visible(folder: string): Record<string, string> {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
    (path) => !path.startsWith("node_modules") && statSync(join(folder, path)).isFile(),
  );
  return Object.fromEntries(paths.sort().map((path) => [path, readFileSync(join(folder, path), "utf8")]));
}
