import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import { mcpc } from "../project.js";

export const fixture = join(import.meta.dirname, "..", "..", "..", "fixtures", "replicas");

/** Builds a copy of the fixture with a changed manifest, for all tests of a file. Returns the path of the bundle. */
export function buildVariant(change: (runtime: any) => void): string {
  const folder = mkdtempSync(join(tmpdir(), "mcpc-auction-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const skipped = new Set(["dist", "node_modules"].map((name) => join(fixture, name)));
  cpSync(fixture, folder, { recursive: true, filter: (path) => !skipped.has(path) });
  symlinkSync(join(fixture, "..", "..", "node_modules"), join(folder, "node_modules"));
  const path = join(folder, "auction.mcp.json");
  const manifest = JSON.parse(readFileSync(path, "utf8"));
  change(manifest.runtime);
  writeFileSync(path, JSON.stringify(manifest));
  expect(mcpc(folder, "build")).toMatchObject({ code: 0 });
  return join(folder, "dist", "server.js");
}
