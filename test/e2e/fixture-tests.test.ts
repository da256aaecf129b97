import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..", "..");
const fixtures = join(root, "fixtures");

/** The example projects that have tests, and the runner that each was written for. */
const tested = readdirSync(fixtures).flatMap((name) => {
  const folder = join(fixtures, name, "test");
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((file) => file.endsWith(".test.ts"));
  const plain = files.every((file) => readFileSync(join(folder, file), "utf8").includes('from "node:test"'));
  return [{ name, runner: plain ? "node:test" : "vitest", files: files.map((file) => join("test", file)) } as const];
});

interface Counts {
  readonly passed: number;
  readonly total: number;
}

const runners: Readonly<Record<string, (files: readonly string[]) => readonly string[]>> = {
  vitest: () => [join(root, "node_modules", "vitest", "vitest.mjs"), "run", "--reporter=json", "--testTimeout=60000"],
  "node:test": (files) => ["--import", "tsx", "--test", "--test-reporter=tap", ...files],
};

function countsOf(runner: string, stdout: string): Counts {
  if (runner === "vitest") {
    const { numPassedTests: passed, numTotalTests: total } = JSON.parse(stdout);
    return { passed, total };
  }
  const count = (what: string): number => Number(new RegExp(`^# ${what} (\\d+)$`, "m").exec(stdout)?.[1]);
  return { passed: count("pass"), total: count("tests") };
}

test.each(tested)(
  "the tests of fixtures/$name pass, run by $runner as its author runs them",
  ({ name, runner, files }) => {
    const { VITEST: _, NODE_OPTIONS: __, ...env } = process.env;
    const { stdout, stderr, status } = spawnSync("node", runners[runner]!(files), {
      cwd: join(fixtures, name),
      env,
      encoding: "utf8",
    });
    expect([stderr, stdout, status]).toEqual([expect.any(String), expect.any(String), 0]);
    const { passed, total } = countsOf(runner, stdout);
    expect(passed).toBeGreaterThan(2);
    expect(passed).toBe(total);
  },
);

/** Each topic has a project whose author tests it, in memory and as it is built. */
const topics: Readonly<Record<string, string>> = {
  tools: "weather",
  resources: "app-config",
  prompts: "code-review",
  authentication: "secure",
  "sign-in": "oauth",
  errors: "calculator",
  "questions and transports": "everything",
  "streaming progress": "long-job",
  "settings and pooled clients": "pooled",
  caching: "cached",
  projections: "bookshop",
  "logging and health": "monitored",
  telemetry: "traced",
  "several replicas": "replicas",
};

test.each(Object.entries(topics))("%s: fixtures/%s is tested in memory, and over a real transport", (_topic, name) => {
  const { files } = tested.find((project) => project.name === name)!;
  const text = files.map((file) => readFileSync(join(fixtures, name, file), "utf8")).join("");
  expect(text).toContain("createClient(");
  expect(text).toContain("startServer");
});

test("both runners are used", () => {
  expect(new Set(tested.map(({ runner }) => runner))).toEqual(new Set(["vitest", "node:test"]));
});
