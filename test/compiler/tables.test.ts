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

/** What a module exports; each name that it imports stands for a function, unless `known` says more. */
function evaluated(text: string, known: object = {}): any {
  const imported = [...text.matchAll(/^import \{ (.*) \} from/gm)].flatMap(([, names]) => names!.split(", "));
  const locals = imported.map((specifier) => specifier.split(" as ").at(-1)!);
  const { code } = transformSync(text.replaceAll(/^import [^;]*;\n/gm, ""), { loader: "ts", format: "cjs" });
  const module = { exports: {} };
  const stubs = Object.fromEntries(locals.map((local) => [local, () => local]));
  runInNewContext(code, { ...stubs, ...known, module });
  return module.exports;
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
${Array.from({ length: 20 }, (_, index) => `    {\n      name: "f_${index}",\n    },\n`).join("")}
  ],
};
`;

describe("the entries of a surface", () => {
  test.each([...generated("surface"), ["hostile", hostile] as const])("%s: are the same as texts", (name, text) => {
    const tables = surfaceTables(text);
    if (/^ {4}\{/m.test(text)) expect(tables, name).toMatch(/JSON\.parse\("|\.split\(" "\)/);
    expect(JSON.stringify(evaluated(tables).surface, maps)).toBe(JSON.stringify(evaluated(text).surface, maps));
  });
  const maps = (_key: string, value: unknown): unknown =>
    Object.prototype.toString.call(value) === "[object Map]" ? [...(value as Map<string, unknown>)] : value;
});

test.each(generated("server"))("%s: each tool has its handler, as a list as well", (name, text) => {
  const { surface } = evaluated(readFileSync(join(fixtures, name, "generated", "surface.ts"), "utf8"));
  const known = {
    surface,
    handler: (one: () => string) => one,
    defineServer: (_: object, handlers: object) => handlers,
  };
  const handlers = (module: string) => {
    const { tools } = evaluated(module, known).server;
    return [...tools].map(([tool, handler]) => [tool, handler()]);
  };
  expect(handlers(handlerTables(text))).toEqual(handlers(text));
  expect(handlerTables(text) === text).toBe(surface.tools.length === 0);
  expect(handlerTables(text).split("\n")).toHaveLength(text.split("\n").length);
});
