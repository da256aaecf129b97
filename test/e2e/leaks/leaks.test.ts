import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Report } from "./child.js";
import { scenarios } from "./scenarios.js";

let folder: string;
let told: { readonly weight: number; readonly reports: readonly Report[]; readonly answered: readonly string[] };
let status: number | null;

/** In a process of its own, whose garbage can be collected when it is to be counted. */
beforeAll(async () => {
  folder = mkdtempSync(join(import.meta.dirname, "..", "..", "..", "node_modules", ".leaks-"));
  const outfile = join(folder, "child.mjs");
  const entryPoints = [join(import.meta.dirname, "child.ts")];
  await build({ entryPoints, outfile, bundle: true, platform: "node", format: "esm", packages: "external" });
  const child = spawnSync("node", ["--expose-gc", outfile], { encoding: "utf8", maxBuffer: 1e8, timeout: 170_000 });
  status = child.status;
  if (child.stdout === "") throw new Error(child.stderr);
  told = JSON.parse(child.stdout);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(scenarios.map(({ name }) => name))("%s", (name) => {
  const report = (): Report => told.reports.find((one) => one.name === name)!;

  test("leaves no session, subscriber, timer, listener or connection", () => {
    const { heap: _, ...before } = report().before;
    const { heap: __, ...after } = report().after;
    expect(after).toEqual(before);
    expect(after.connections).toBe(0);
  });

  test("leaves no memory: a tenth of what its calls have held is more than it may keep", () => {
    const { before, after, times } = report();
    expect(after.heap - before.heap).toBeLessThan(Math.max((times * told.weight) / 10, 2_000_000));
  });
});

test("ten calls that run when the server stops are answered, and the process ends by itself", () => {
  expect(told.answered).toHaveLength(10);
  for (const text of told.answered) expect(text).toContain('"text":"finished"');
  expect(status).toBe(0);
});
