import { readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { parse } from "jsonc-parser";
import * as prettier from "prettier";
import { expect, inject, test } from "vitest";

const fixtures = join(import.meta.dirname, "..", "..", "fixtures");
const surfaces = join(import.meta.dirname, "..", "e2e", "real-surfaces");
const emitted = readdirSync(fixtures, { recursive: true, encoding: "utf8" }).filter(
  (path) => /^[^/]+\/(generated|dist)\/.*\.(ts|js)$/.test(path) && !path.startsWith("invalid/"),
);

test("building the example projects changes nothing that is committed", () => {
  expect(inject("stale")).toEqual([]);
});

/** With packages outside, `server.js` loads `bundle.js`. */
const isBundle = (path: string): boolean => /dist\/(?:server|bundle)\.js$/.test(path);

test("no emitted file evaluates text, none but a bundle requires anything", () => {
  expect(emitted.length).toBeGreaterThan(40);
  expect(emitted.filter(isBundle).length).toBeGreaterThan(4);
  for (const path of emitted) {
    const text = readFileSync(join(fixtures, path), "utf8");
    expect([path, /\beval\s*\(|new\s+Function\b/.exec(text)?.[0]]).toEqual([path, undefined]);
    if (!isBundle(path)) expect([path, /\brequire\s*\(/.exec(text)?.[0]]).toEqual([path, undefined]);
  }
});

test("types are laid out as prettier lays them out", async () => {
  const types = [
    ...emitted.filter((path) => path.endsWith("generated/types.ts")).map((path) => join(fixtures, path)),
    ...readdirSync(surfaces).flatMap((name) => (name.endsWith(".d.ts") ? [join(surfaces, name)] : [])),
  ];
  expect(types.length).toBeGreaterThan(20);
  for (const path of types) {
    const text = readFileSync(path, "utf8");
    expect(await prettier.format(text, { printWidth: 100, parser: "typescript" })).toBe(text);
  }
});

/** What `ws`, `pg` and `redis` use where somebody installed it. */
const optional = ["bufferutil", "utf-8-validate", "pg-native", "@node-rs/xxhash"];

/** Packages that the project's manifest keeps out of its bundle. */
function external(path: string): readonly string[] {
  const folder = join(fixtures, path.split("/")[0]!);
  const [manifest = ""] = readdirSync(folder).filter((name) => name.endsWith(".mcp.json"));
  const { build, runtime } = parse(readFileSync(join(folder, manifest), "utf8")) as {
    build?: { external?: string[] };
    runtime?: { telemetry?: object };
  };
  return [...(build?.external ?? []), ...(runtime?.telemetry ? ["@opentelemetry/api"] : [])];
}

test("a bundle loads nothing but Node's own modules, and what the manifest keeps out of it", () => {
  let found = 0;
  for (const path of emitted.filter(isBundle)) {
    const text = readFileSync(join(fixtures, path), "utf8");
    const loads = [...text.matchAll(/\b(?:require|import)\s*\(([^)]*)\)|\b(?:from|import)\s*("[^"]*")/g)];
    const loaded = loads.map(([, argument, source]) => (argument ?? source)!);
    const outside = [...optional, ...external(path), "./bundle.js"];
    const isKnown = (name: string): boolean => isBuiltin(name) || outside.includes(name);
    expect(loaded.filter((name) => !/^"[^"]*"$/.test(name) || !isKnown(name.slice(1, -1)))).toEqual([]);
    found += loaded.length;
  }
  expect(found).toBeGreaterThan(emitted.filter(isBundle).length);
});
