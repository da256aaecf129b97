import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { blocksTestedBy, root, textOf } from "./documents.js";
import { install, pack } from "./packing.js";

const guide = "docs/ci.md";
const [gate, raise, withAction, several, hooks] = blocksTestedBy(guide, "test/house/gate-tutorial.test.ts").map(
  ({ text }) => text,
);
const action = textOf("compiler/action/action.yml");
const manifest = "greeter.mcp.json";

let top: string;
/** A clone in which a contributor works; its origin has the branch `main`. */
let folder: string;
/** The commit with which pull requests are compared. */
let base: string;

const git = (cwd: string, ...args: readonly string[]): string =>
  execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@example.com", ...args], { cwd, encoding: "utf8" });

beforeAll(() => {
  top = mkdtempSync(join(tmpdir(), "mcpc-gate-"));
  const tarballs = pack(root, top, "--ignore-scripts");
  const project = join(top, "project");
  cpSync(join(root, "fixtures", "tutorial"), project, {
    recursive: true,
    filter: (path) => !/\/(?:dist|node_modules)$/.test(path),
  });
  install(project, "-D", "--package-lock-only", tarballs.get("compiler")!, tarballs.get("runtime")!);
  writeFileSync(join(project, ".gitignore"), "node_modules/\ndist/\n");
  git(project, "init", "-q", "-b", "main");
  git(project, "add", "-A");
  git(project, "commit", "-q", "-m", "first");
  git(top, "clone", "-q", "--bare", "project", "origin.git");
  git(top, "clone", "-q", "origin.git", "checkout");
  folder = join(top, "checkout");
  base = git(folder, "rev-parse", "origin/main").trim();
  mkdirSync(join(top, "runner"));
  expect(run([installation!])).toMatchObject({ code: 0 });
  commit("rewords", (text) => text.replace("Greets somebody", "Greets a person"));
  commit("breaks", (text) =>
    text
      .replace('"enum": ["en", "de", "fr"]', '"enum": ["en", "de"]')
      .replace('"Ada", "language": "fr" }, "result": "Bonjour, Ada!"', '"Ada" }, "result": "Hello, Ada!"'),
  );
}, 900_000);
afterAll(() => rmSync(top, { recursive: true, force: true }));

/** The shell commands of a workflow's or an action's steps: `run: COMMAND`, or a block of lines. */
function scriptsOf(yaml: string): string[] {
  return [...yaml.matchAll(/^( *)(?:- )?run: (?:\|\n((?:\1 {2,}.*\n|\n)*)|(.*)\n)/gm)].map(
    ([, indent = "", block, line]) => line ?? block!.replace(new RegExp(`^${indent}  `, "gm"), ""),
  );
}

interface Ran {
  readonly code: number;
  readonly printed: string;
}

/** Runs shell commands as a runner does, until one fails. */
function run(scripts: readonly string[], env: Readonly<Record<string, string>> = {}): Ran {
  let printed = "";
  for (const script of scripts) {
    const { stdout, stderr, status } = spawnSync("bash", ["-e", "-o", "pipefail", "-c", script], {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, CI: "true", npm_config_prefer_offline: "true", npm_config_audit: "false", ...env },
    });
    printed += stdout + stderr;
    if (status !== 0) return { code: status!, printed };
  }
  return { code: 0, printed };
}

/** Commits an edited manifest, built, on a branch of its own. */
function commit(branch: string, edit: (text: string) => string): void {
  git(folder, "checkout", "-q", "-B", branch, "origin/main");
  const before = readFileSync(join(folder, manifest), "utf8");
  expect(edit(before)).not.toBe(before);
  writeFileSync(join(folder, manifest), edit(before));
  expect(run(["npx mcpc build"])).toMatchObject({ code: 0 });
  git(folder, "commit", "-q", "-a", "-m", branch);
}

const checkOut = (branch: string): string => git(folder, "checkout", "-q", "-f", branch);

const [installation, ...commands] = scriptsOf(gate!);
const checks = (): Ran => run(commands, { GITHUB_BASE_REF: "main" });

describe("the gate in ten lines", () => {
  test("has ten lines", () => {
    expect(gate!.trim().split("\n")).toHaveLength(10);
    expect(installation).toBe("npm ci");
    expect(commands).toHaveLength(2);
  });

  test("passes a pull request that breaks nothing", () => {
    checkOut("rewords");
    expect(checks()).toMatchObject({ code: 0 });
  });

  test("fails one that breaks clients, at its line, and passes it with the version that it needs", () => {
    checkOut("breaks");
    const line =
      readFileSync(join(folder, manifest), "utf8")
        .split("\n")
        .findIndex((each) => each.includes('"enum"')) + 1;
    const { code, printed } = checks();
    expect({ code, printed }).toMatchObject({ code: 1, printed: expect.stringContaining("input/narrowed") });
    expect(printed).toContain(`::error file=${manifest},line=${line},`);
    git(folder, "checkout", "-q", "-b", "raised");
    expect(run(raise!.trim().split("\n"))).toMatchObject({ code: 0 });
    git(folder, "commit", "-q", "-a", "-m", "raise the version");
    expect(checks()).toMatchObject({ code: 0 });
  });

  test("fails one whose lock file is out of date", () => {
    checkOut("rewords");
    git(folder, "checkout", "origin/main", "--", "mcpc.lock.json");
    expect(checks()).toMatchObject({ code: 1, printed: expect.stringContaining("output/stale") });
  });
});

describe("the action", () => {
  /** Runs the steps as a runner does on a branch: the codes, and the summary of the job. */
  const runOn = (branch: string, env: Record<string, string> = {}) => {
    checkOut(branch);
    const summary = join(top, "runner", "summary.md");
    rmSync(summary, { force: true });
    const given = { MCPC_FOLDERS: ".", MCPC_STRICT: "false", MCPC_SARIF: "report.sarif", MCPC_BASE: base, ...env };
    const codes = scriptsOf(action).map(
      (script) => run([script], { ...given, RUNNER_TEMP: join(top, "runner"), GITHUB_STEP_SUMMARY: summary }).code,
    );
    return { codes, summary: existsSync(summary) ? readFileSync(summary, "utf8") : "" };
  };

  test("takes all its inputs from the environment, so that none becomes code", () => {
    const scripts = scriptsOf(action);
    expect(scripts).toHaveLength(2);
    for (const script of scripts) expect(script).not.toContain("${{");
    const used = [...scripts.join("").matchAll(/\$\{?(MCPC_\w+)/g)].map(([, name]) => name);
    for (const name of used)
      expect(action).toMatch(new RegExp(`^        ${name}: \\$\\{\\{ inputs\\.\\w+ \\}\\}$`, "m"));
  });

  test("passes and fails as the commands do, and writes both reports", () => {
    expect(runOn("rewords", { MCPC_STRICT: "true" })).toMatchObject({ codes: [0, 1] });
    expect(JSON.parse(readFileSync(join(folder, "report.sarif"), "utf8")).version).toBe("2.1.0");
    const { codes, summary } = runOn("breaks");
    expect(codes).toEqual([0, 1]);
    expect(summary.match(/^## mcpc/gm)).toHaveLength(2);
    expect(summary).toContain("input/narrowed");
  });

  test("does not run what its inputs say", () => {
    expect(runOn("rewords", { MCPC_FOLDERS: ". $(touch injected)" }).codes).toEqual([2, 2]);
    expect(existsSync(join(folder, "injected"))).toBe(false);
  });

  test("fetches the base that a shallow checkout does not have", () => {
    const full = folder;
    folder = join(top, "shallow");
    git(full, "push", "-q", "origin", "breaks");
    git(top, "clone", "-q", "--depth=1", "--branch=breaks", pathToFileURL(join(top, "origin.git")).href, folder);
    symlinkSync(join(full, "node_modules"), join(folder, "node_modules"));
    try {
      expect(runOn("breaks").codes).toEqual([0, 1]);
    } finally {
      folder = full;
    }
  });

  test("is what the workflow of a new project uses, and compares nothing on a push", () => {
    expect(textOf("compiler/templates/common/.github/workflows/ci.yml")).toContain(
      "- uses: ./node_modules/mcpc/action\n",
    );
    expect(action).toContain("default: ${{ github.event.pull_request.base.sha }}");
    expect(action).toContain("if: ${{ !cancelled() && inputs.base != '' }}");
  });

  test("is used as the guide says", () => {
    const names = [...action.matchAll(/^  ([\w-]+):\n    description:/gm)].map(([, name]) => name!);
    const used = [...withAction!.matchAll(/^          (\w[\w-]*):/gm)].map(([, name]) => name!);
    for (const name of used.filter((each) => each !== "sarif_file")) expect(names).toContain(name);
    for (const name of names) expect(textOf(guide)).toContain(`| \`${name}\` |`);
  });
});

test("several projects are named as the guide says", () => {
  for (const line of several!.trim().split("\n"))
    expect(line).toMatch(/^npx mcpc (?:check|diff git:origin\/main) packages\/\w+ packages\/\w+$/);
});

/** The members of each hook, by its id. */
function hooksOf(yaml: string): Record<string, Record<string, string>> {
  const each = yaml.split(/^ *- id: /m).slice(1);
  return Object.fromEntries(
    each.map((text) => [
      text.split("\n")[0]!,
      Object.fromEntries([...text.matchAll(/^ +(\w+): (.*)$/gm)].map(([, key, value]) => [key!, value!])),
    ]),
  );
}

test("the hooks for pre-commit run, and are those of the guide", () => {
  const { "mcpc-check": check, "mcpc-diff": diff, ...others } = hooksOf(hooks!);
  expect(others).toEqual({});
  const revision = " git:origin/main";
  const defined = hooksOf(textOf(".pre-commit-hooks.yaml"));
  for (const [id, hook] of Object.entries({ "mcpc-check": check!, "mcpc-diff": diff! }))
    expect({ ...defined[id], description: "" }).toEqual({
      ...hook,
      entry: hook["entry"]!.replace(revision, ""),
      description: "",
    });
  checkOut("breaks");
  expect([check!, diff!].map((hook) => run([hook["entry"]!]).code)).toEqual([0, 1]);
});
