// How long `mcpc diff` takes between two lock files of many tools: equal ones, and others in which many tools differ.
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { build, cli, project } from "../project.mjs";
import { median } from "../rounds.mjs";

/** Changes of a tool, of which each tenth tool has one: a break, a compatible change, and other words. */
const changes = [
  ({ inputSchema }) => (inputSchema.properties.label.maxLength = 100),
  ({ inputSchema }) => (inputSchema.properties.comment = { type: "string" }),
  (tool) => (tool.description += " Since the last release it is faster."),
];

export async function measure({ quick }) {
  const rows = [];
  for (const count of quick ? [100] : [100, 1000]) {
    const folder = project(count);
    build(folder);
    const lock = join(folder, "mcpc.lock.json");
    const changed = JSON.parse(fs.readFileSync(lock, "utf8"));
    changed.tools.forEach((tool, index) => {
      if (index % 10 === 0) changes[(index / 10) % changes.length](tool);
    });
    const other = join(folder, "changed.lock.json");
    fs.writeFileSync(other, JSON.stringify(changed, null, 2));
    for (const [name, now, code] of [
      ["equal", lock, 0],
      ["every tenth tool differs", other, 1],
    ]) {
      const times = Array.from({ length: quick ? 3 : 9 }, () => compare(lock, now, code));
      rows.push({ what: `mcpc diff of two locks, ${count} tools`, name, value: median(times), unit: "ms" });
    }
    fs.rmSync(folder, { recursive: true });
  }
  return rows;
}

function compare(old, now, code) {
  const from = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, "diff", old, now], { encoding: "utf8" });
  if (status !== code) throw new Error(`exit ${status}: ${stdout}${stderr}`);
  return performance.now() - from;
}
