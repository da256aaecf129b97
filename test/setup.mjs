// Makes a fresh clone ready: dependencies when the lock file is newer than what is installed, then the packages.
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const at = (...parts) => join(root, ...parts);

/** Runs npm or a tool of node_modules, its output on stderr. */
function run(command, ...args) {
  execFileSync(command, args, { cwd: root, stdio: ["ignore", 2, 2], shell: process.platform === "win32" });
}

const stamp = at("node_modules", ".mcpc-installed");
const lock = fs.readFileSync(at("package-lock.json"), "utf8");
if (!fs.existsSync(stamp) || fs.readFileSync(stamp, "utf8") !== lock) {
  run("npm", "ci", "--no-audit", "--no-fund", "--loglevel=error");
  // The newer Node that one test carries must not become the `node` of npm's scripts.
  fs.rmSync(at("node_modules", ".bin", "node"), { force: true });
  fs.writeFileSync(stamp, lock);
}

run(process.execPath, at("node_modules", "typescript", "bin", "tsc"), "-b");

// What the packages carry from the top of the tree.
for (const name of ["LICENSE", "README.md"]) {
  for (const folder of ["compiler", "runtime"])
    if (fs.existsSync(at(name))) fs.copyFileSync(at(name), at(folder, name));
}
fs.copyFileSync(at("mcp.schema.json"), at("compiler", "mcp.schema.json"));
const checking = at("compiler", "dist", "2-check");
const { precompiled } = await import(pathToFileURL(join(checking, "precompiled.js")).href);
const schema = JSON.parse(fs.readFileSync(at("mcp.schema.json"), "utf8"));
for (const [name, text] of precompiled(schema)) fs.writeFileSync(join(checking, name), text);
fs.rmSync(at("compiler", "fixtures"), { recursive: true, force: true });
if (fs.existsSync(at("fixtures", "invalid")))
  fs.cpSync(at("fixtures", "invalid"), at("compiler", "fixtures", "invalid"), {
    recursive: true,
    filter: (path) => fs.statSync(path).isDirectory() || path.endsWith("expected.txt"),
  });

// npm links a package's command before it is compiled; make it runnable now.
fs.chmodSync(at("compiler", "dist", "cli.js"), 0o755);
