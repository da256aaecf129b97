import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..", "..");
const fixtures = join(root, "fixtures");
const tested = readdirSync(fixtures).filter((name) => existsSync(join(fixtures, name, "test")));

test.each(tested)("the tests of fixtures/%s pass, run as its author runs them", (name) => {
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const { VITEST: _, ...env } = process.env;
  const { stdout, stderr, status } = spawnSync("node", [vitest, "run", "--reporter=json"], {
    cwd: join(fixtures, name),
    env,
    encoding: "utf8",
  });
  expect([stderr, status]).toEqual([expect.any(String), 0]);
  const { numPassedTests, numTotalTests } = JSON.parse(stdout);
  expect(numPassedTests).toBeGreaterThan(2);
  expect(numPassedTests).toBe(numTotalTests);
});

test("there are such fixtures", () => {
  expect(tested).toContain("weather");
});
