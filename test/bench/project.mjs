// Makes a project of many tools in a folder of its own, and builds it.
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { tools } from "./surface.mjs";

export const here = dirname(fileURLToPath(import.meta.url));
export const root = dirname(dirname(here));
export const cli = join(root, "compiler", "dist", "cli.js");
export const scratch = fs.mkdtempSync(join(tmpdir(), "mcpc-bench-"));
process.on("exit", () => fs.rmSync(scratch, { recursive: true, force: true }));

const handler = "export const sum = ({ a, b }: { a: number; b: number }) => String(a + b);\n";

/** A project of `count` tools that share a handler, or of a handler each: its folder. `more` are sections of the manifest. */
export function project(count, more = {}, shared = true) {
  const folder = fs.mkdtempSync(join(scratch, `tools-${count}-`));
  const manifest = {
    server: { name: "bench", version: "1.0.0" },
    tools: tools(count).map((tool) => (shared ? { ...tool, handler: "./src/sum.ts#sum" } : tool)),
    runtime: { transports: { stdio: {}, http: {} } },
    ...more,
  };
  if (shared) {
    fs.mkdirSync(join(folder, "src"));
    fs.writeFileSync(join(folder, "src", "sum.ts"), handler);
  }
  fs.writeFileSync(join(folder, "bench.mcp.json"), JSON.stringify(manifest));
  return folder;
}

/** Builds it, with the compiler of this checkout or another's; the milliseconds that took. */
export function build(folder, { compiler = cli } = {}) {
  const from = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, [compiler, "build", folder], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stdout + stderr);
  return performance.now() - from;
}

/** The path of the bundle of a project of `count` tools. */
export function built(count, more) {
  const folder = project(count, more);
  build(folder);
  return join(folder, "dist", "server.js");
}
