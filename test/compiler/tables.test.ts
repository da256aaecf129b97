import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { transformSync } from "esbuild";
import { describe, expect, test } from "vitest";
import { handlerTables, surfaceTables } from "../../compiler/7-bundle/tables.js";

const fixtures = join(import.meta.dirname, "..", "..", "fixtures");
const generated = (module: string) =>
  readdirSync(fixtures)
    .map((name) => [name, join(fixtures, name, "generated", `${module}.ts`)] as const)
    .flatMap(([name, path]) => {
      try {
        return [[name, readFileSync(path, "utf8")] as const];
      } catch {
        return [];
      }
    });

/** What a module of data exports, as another realm's values. */
function evaluated(text: string): unknown {
  const { code } = transformSync(text.replaceAll(/^import .*\n/gm, ""), { loader: "ts", format: "cjs" });
  const module = { exports: {} as { surface?: object } };
  runInNewContext(code, { module });
  return module.exports.surface;
}

const hostile = `export const surface = {
  tools: [
    {
      name: "a",
    },
    {
      name: "b: new Map([",
      scopes: ["__proto__","\\u2028"],
    },
    {
      name: "c",
      errors: new Map([["x", "},"]]),
    },
    {
      name: "\\"d\\"\\n    },",
      cache: {["__proto__"]:1,"ttlMs":1},
    },
    {
      name: "e \${f} \`",
    },
  ],
};
`;

describe("the entries of a surface", () => {
  test.each([...generated("surface"), ["hostile", hostile] as const])("%s: are the same as JSON", (name, text) => {
    const tables = surfaceTables(text);
    if (/^ {4}\{/m.test(text)) expect(tables, name).toContain("JSON.parse(");
    expect(JSON.stringify(evaluated(tables), maps)).toBe(JSON.stringify(evaluated(text), maps));
  });
  const maps = (_key: string, value: unknown): unknown =>
    Object.prototype.toString.call(value) === "[object Map]" ? [...(value as Map<string, unknown>)] : value;
});

test.each(generated("server"))("%s: handlers keep their order, and lose their names", (_name, text) => {
  const rows = [
    ...(/^ {2}tools: new Map\(\[\n((?: {4}.*\n)+)/m
      .exec(text)?.[1]
      ?.matchAll(/^ {4}\[".*", (handler<.*\(.*\))\],$/gm) ?? []),
  ];
  const tables = handlerTables(text);
  if (rows.length === 0) return expect(tables).toBe(text);
  expect(tables).toContain(
    `  tools: new Map([\n${rows.map(([, handler]) => `    ${handler},\n`).join("")}  ].map((one, index) => [surface.tools[index].name, one])),\n`,
  );
  expect(tables.split("\n")).toHaveLength(text.split("\n").length);
});
