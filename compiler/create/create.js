#!/usr/bin/env node
// Runs `mcpc init` with the same arguments, so that `npm create mcpc` makes a new project.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);
const folder = dirname(require.resolve("mcpc/package.json"));
const { bin } = require("mcpc/package.json");
const args = [join(folder, bin.mcpc), "init", ...process.argv.slice(2)];
process.exitCode = spawnSync(process.execPath, args, { stdio: "inherit" }).status ?? 1;
