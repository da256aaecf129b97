// `npm test`: sets up, runs the tests of everyday work, and ends with one plain line: N passed, N failed. With `--all` it
// runs every test; what else is named is handed to vitest.
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { everyday, long } from "./tiers.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = fs.mkdtempSync(join(tmpdir(), "mcpc-test-"));
const outcome = join(folder, "outcome.json");

function run(...args) {
  return spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" }).status ?? 1;
}

const named = process.argv.slice(2).filter((argument) => argument !== "--all");
const isEveryday = named.length === process.argv.length - 2 && named.every((argument) => argument.startsWith("-"));
const tests = isEveryday ? [...everyday, ...long.flatMap((file) => ["--exclude", file]), ...named] : named;

let passed = 0;
let failed = 0;
let status = run(join(root, "test", "setup.mjs"));
if (status === 0) {
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${outcome}`];
  status = run(vitest, "run", "--config", join("test", "vitest.config.ts"), ...reporters, ...tests);
  const report = fs.existsSync(outcome) ? JSON.parse(fs.readFileSync(outcome, "utf8")) : { testResults: [] };
  passed = report.numPassedTests ?? 0;
  const unloaded = report.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0);
  failed = (report.numFailedTests ?? 0) + unloaded.length;
}
fs.rmSync(folder, { recursive: true, force: true });
if (failed === 0 && (status !== 0 || passed === 0)) failed = 1;
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
