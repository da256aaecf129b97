import fc from "fast-check";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { formatJson } from "../../compiler/diagnostics/json.js";
import { residentCompiler } from "../../compiler/dist/resident.js";
import { contents, mcpc } from "./project.js";
import { apply, begin, edits } from "./edits.js";

/** More sequences of edits, for whoever changes what a build remembers: `MCPC_EDITS=200`; others: `MCPC_SEED=2`. */
const sequences = Number(process.env["MCPC_EDITS"] ?? 2);
const longest = 8;

/** Builds a folder again and again, and reports as JSON what there is to say; `touched` are paths that may have changed. */
interface Rebuilding {
  build(touched: ReadonlySet<string> | undefined): Promise<{ readonly file?: string }[]>;
  end(): Promise<void>;
}

function staying(folder: string): Rebuilding {
  const compiler = residentCompiler(folder);
  return {
    build: async (touched) => {
      const { diagnostics } = await compiler.build(touched);
      const textOf = (path: string) => readFileSync(join(folder, path), "utf8");
      return (JSON.parse(formatJson([{ diagnostics, prefix: "", textOf }])) as Report).diagnostics;
    },
    end: () => compiler.end(),
  };
}

/** A process for each build; with `verify`, one that computes once more whatever its caches hold. */
function separate(folder: string, cache = ""): Rebuilding {
  return {
    build: async () => {
      process.env["MCPC_CACHE"] = cache;
      const { stdout, stderr } = mcpc(folder, "build", "--format", "json");
      delete process.env["MCPC_CACHE"];
      expect(stderr).toBe("");
      return (JSON.parse(stdout) as Report).diagnostics;
    },
    end: async () => {},
  };
}

interface Report {
  readonly diagnostics: { readonly file?: string }[];
}

const rebuilding: readonly [string, (folder: string) => Rebuilding, runs: number][] = [
  ["a compiler that stays", staying, sequences],
  ["a process for each build", separate, Math.ceil(sequences / 2)],
  ["a process that verifies its caches", (folder) => separate(folder, "verify"), Math.ceil(sequences / 2)],
];

test.each(rebuilding)(
  "whatever is edited, %s makes what a fresh build makes, and says the same",
  { timeout: 3_600_000 },
  async (_, rebuilding, numRuns) => {
    const edit = fc.record({
      kind: fc.constantFrom(...(Object.keys(edits) as (keyof typeof edits)[]), "described" as const),
      pick: fc.nat(999),
      variant: fc.nat(999),
    });
    const rounds = fc.array(fc.array(edit, { minLength: 1, maxLength: 2 }), { minLength: longest, maxLength: longest });
    const sequence = fc.asyncProperty(fc.constantFrom(3, 3, 3, 52), rounds, async (count, all) => {
      const folder = mkdtempSync(join(tmpdir(), "mcpc-edited-"));
      const copies = mkdtempSync(join(tmpdir(), "mcpc-edited-copies-"));
      const compiler = rebuilding(folder);
      try {
        const edited = begin(folder, count);
        let before: Record<string, string> = {};
        const outcomes: { readonly files: unknown; readonly diagnostics: { readonly file?: string }[] }[] = [];
        for (const [index, round] of [[], ...all].entries()) {
          for (const each of round) apply(edited, each);
          const copy = join(copies, String(index));
          cpSync(folder, copy, { recursive: true });
          // Told what was touched, or not.
          const now = contents(folder);
          const touched = [...new Set([...Object.keys(before), ...Object.keys(now)])].filter(
            (path) => before[path] !== now[path],
          );
          const diagnostics = await compiler.build(index % 3 === 2 ? undefined : new Set(touched));
          before = contents(folder);
          outcomes.push({ files: visible(folder), diagnostics });
        }
        // One process for all, so that it loads TypeScript once; what it remembers is of one folder.
        const names = outcomes.map((_, index) => String(index));
        const { stdout, stderr } = mcpc(copies, "build", "--format", "json", ...names);
        expect(stderr).toBe("");
        const told = (JSON.parse(stdout) as Report).diagnostics;
        for (const [index, outcome] of outcomes.entries()) {
          const own = told.filter(({ file }) => file?.startsWith(`${index}/`));
          const fresh = JSON.stringify(own).replaceAll(`"file":"${index}/`, '"file":"');
          const same = JSON.parse(fresh.replaceAll(join(copies, String(index)), folder)) as unknown;
          const placed = outcome.diagnostics.filter(({ file }) => file !== undefined);
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
    await fc.assert(sequence, { numRuns, endOnFailure: true, seed: Number(process.env["MCPC_SEED"] ?? 1) });
  },
);

/** The texts of all files but those that builds keep for themselves. */
function visible(folder: string): Record<string, string> {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
    (path) => !path.startsWith("node_modules") && statSync(join(folder, path)).isFile(),
  );
  return Object.fromEntries(paths.sort().map((path) => [path, readFileSync(join(folder, path), "utf8")]));
}

const fixtures = join(import.meta.dirname, "..", "..", "fixtures");
/** Projects whose entries share definitions. */
const examples = ["cached", "pooled", "weather"];

test("a comment in front of a manifest changes nothing that is generated", () => {
  const folder = mkdtempSync(join(tmpdir(), "mcpc-commented-"));
  try {
    const generated = (): Record<string, string> =>
      Object.fromEntries(Object.entries(contents(folder)).filter(([path]) => /\/generated\/|mcpc\.lock/.test(path)));
    symlinkSync(join(fixtures, "..", "node_modules"), join(folder, "node_modules"));
    for (const name of examples) cpSync(join(fixtures, name), join(folder, name), { recursive: true });
    expect(mcpc(folder, "build", ...examples)).toMatchObject({ code: 0, stderr: "" });
    const before = generated();
    for (const name of examples)
      for (const file of readdirSync(join(folder, name)).filter((file) => file.endsWith(".mcp.json"))) {
        const path = join(folder, name, file);
        writeFileSync(path, `// A comment.\n${readFileSync(path, "utf8")}`);
      }
    expect(mcpc(folder, "build", ...examples)).toMatchObject({ code: 0, stderr: "" });
    const after = generated();
    expect(Object.keys(after)).toEqual(Object.keys(before));
    expect(Object.keys(before).filter((path) => after[path] !== before[path])).toEqual([]);
    expect(Object.keys(before)).toContain("weather/generated/types.ts");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
