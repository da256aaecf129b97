import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, test } from "vitest";

const fixtures = join(import.meta.dirname, "..", "..", "fixtures");
const emitted = readdirSync(fixtures, { recursive: true, encoding: "utf8" }).filter(
  (path) => /^[^/]+\/(generated|dist)\/.*\.(ts|js)$/.test(path) && !path.startsWith("invalid/"),
);

test("building the example projects changes nothing that is committed", () => {
  expect(inject("stale")).toEqual([]);
});

test("no emitted file evaluates text or requires anything", () => {
  expect(emitted.length).toBeGreaterThan(40);
  expect(emitted.filter((path) => path.endsWith("dist/server.js")).length).toBeGreaterThan(4);
  for (const path of emitted)
    expect([
      path,
      /\brequire\s*\(|\beval\s*\(|new\s+Function\b/.exec(readFileSync(join(fixtures, path), "utf8"))?.[0],
    ]).toEqual([path, undefined]);
});

test("a bundle imports nothing but Node's own modules", () => {
  for (const path of emitted.filter((path) => path.endsWith("dist/server.js"))) {
    const imports = [
      ...readFileSync(join(fixtures, path), "utf8").matchAll(/\bfrom\s*"([^"]+)"|\bimport\s*\(?\s*"([^"]+)"/g),
    ];
    expect(imports.length).toBeGreaterThan(0);
    expect(imports.map(([, one, other]) => one ?? other).filter((name) => !name!.startsWith("node:"))).toEqual([]);
  }
});
