// How long `mcpc check` takes with nothing cached: without lint, and with the rules of all profiles.
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { profileNames } from "../../../compiler/dist/lint/profiles.js";
import { ruleTable } from "../../../compiler/dist/lint/rules.js";
import { build, cli, project } from "../project.mjs";
import { median } from "../rounds.mjs";

/** Warnings alone, because an error ends a check early. */
const rules = Object.fromEntries([...ruleTable.keys()].map((code) => [code, "warning"]));
const settings = [
  ["without lint", { lint: { profiles: [] } }],
  ["with all profiles", { lint: { profiles: profileNames }, rules }],
];

export function measure({ quick }) {
  const count = quick ? 100 : 1000;
  const folders = settings.map(([, section]) => project(count, { build: section }));
  for (const folder of folders) build(folder);
  const times = settings.map(() => []);
  // In turns, so that both meet the same noise.
  for (let repeat = 0; repeat < (quick ? 3 : 7); repeat++)
    folders.forEach((folder, index) => times[index].push(check(folder)));
  for (const folder of folders) fs.rmSync(folder, { recursive: true });
  return settings.map(([name], index) => ({
    what: `mcpc check, ${count} tools, nothing cached`,
    name,
    value: median(times[index]),
    unit: "ms",
  }));
}

function check(folder) {
  const from = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [cli, "check", folder, "--no-cache", "--format", "json"], {
    encoding: "utf8",
    maxBuffer: 1 << 30,
  });
  if (status !== 0) throw new Error(stderr);
  return performance.now() - from;
}
