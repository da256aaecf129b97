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

const handler = `export const sum = ({ a, b }: { a: number; b: number }) => String(a + b);\n`;

/** The built server of `count` tools with the given `runtime` section: the path of its bundle. */
export function built(count, runtime = { transports: { stdio: {}, http: {} } }) {
  const folder = fs.mkdtempSync(join(scratch, `tools-${count}-`));
  const manifest = {
    server: { name: "bench", version: "1.0.0" },
    tools: tools(count).map((tool) => ({ ...tool, handler: "./src/sum.ts#sum" })),
    runtime,
  };
  fs.mkdirSync(join(folder, "src"));
  fs.writeFileSync(join(folder, "src", "sum.ts"), handler);
  fs.writeFileSync(join(folder, "bench.mcp.json"), JSON.stringify(manifest));
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, "build", folder], { encoding: "utf8" });
  if (status !== 0) throw new Error(stdout + stderr);
  return join(folder, "dist", "server.js");
}
