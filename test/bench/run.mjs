// `npm run bench [-- PART…] [--quick]`: measures, and writes what came of it to test/bench/results/, docs/performance.md and
// the picture. Each part is a run of its own; what other parts have found before stays.
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { here, root } from "./project.mjs";
import { report } from "./report.mjs";

const parts = ["size", "start", "stdio", "http", "websocket", "streams", "store", "memory", "build", "check", "diff"];
const quick = process.argv.includes("--quick");
const named = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const unknown = named.filter((part) => !parts.includes(part));
if (unknown.length > 0) {
  console.error(`no part ${unknown.join(", ")}; there are ${parts.join(", ")}`);
  process.exit(2);
}

const npm = (...args) => {
  const { status } = spawnSync("npm", args, { cwd: join(here, "peers"), stdio: "inherit" });
  if (status !== 0) throw new Error(`npm ${args.join(" ")} failed`);
};
if (spawnSync(process.execPath, [join(root, "test", "setup.mjs")], { stdio: "inherit" }).status !== 0) process.exit(1);
if (!fs.existsSync(join(here, "peers", "node_modules"))) npm("ci", "--no-audit", "--no-fund");

const results = join(here, "results");
fs.mkdirSync(results, { recursive: true });
for (const part of named.length > 0 ? named : parts) {
  console.log(`\n${part}`);
  const { measure } = await import(`./parts/${part}.mjs`);
  const rows = await measure({ quick });
  if (rows === undefined) continue;
  for (const { what, name, value, unit, ratio } of rows)
    console.log(
      `${what.padEnd(46)} ${name.padEnd(32)} ${value.toFixed(unit === "ms" ? 1 : 0).padStart(9)} ${unit}` +
        (ratio === undefined ? "" : `  ${ratio.toFixed(3)}`),
    );
  const machine = `${cpus()[0]?.model ?? "unknown"}, ${cpus().length} cores, Node ${process.version}`;
  const data = { part, date: new Date().toISOString().slice(0, 10), quick, machine, rows };
  fs.writeFileSync(join(results, `${part}.json`), `${JSON.stringify(data, null, 2)}\n`);
  report(results);
}
process.exit(0);
