// How long `mcpc check` takes with nothing cached: without lint, and with the rules of all profiles.
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { build, cli, project, root } from "../project.mjs";
import { median } from "../rounds.mjs";

const { $defs } = JSON.parse(fs.readFileSync(join(root, "mcp.schema.json"), "utf8"));
const profiles = $defs.build.properties.lint.properties.profiles.items.enum;
const fixtures = join(root, "fixtures", "lint");
const codes = fs
  .readdirSync(fixtures)
  .flatMap((area) => fs.readdirSync(join(fixtures, area)).map((name) => `${area}/${name}`));
/** Warnings alone, because an error ends a check early. */
const rules = Object.fromEntries(codes.map((code) => [code, "warning"]));
const settings = [
  ["without lint", { lint: { profiles: [] } }],
  ["with all profiles", { lint: { profiles }, rules }],
];

export function measure({ quick }) {
  const count = quick ? 100 : 1000;
  const folders = settings.map(([, section]) => built(count, section));
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

/** A built project with these settings. A build prints its warnings, so they come after it. */
function built(count, section) {
  const folder = project(count, { build: settings[0][1] });
  build(folder);
  const manifest = join(folder, "bench.mcp.json");
  fs.writeFileSync(manifest, JSON.stringify({ ...JSON.parse(fs.readFileSync(manifest, "utf8")), build: section }));
  return folder;
}

function check(folder) {
  const from = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [cli, "check", folder, "--no-cache", "--format", "json"], {
    encoding: "utf8",
    maxBuffer: 1 << 30,
  });
  if (status !== 0) throw new Error(stderr.slice(0, 1000));
  return performance.now() - from;
}
