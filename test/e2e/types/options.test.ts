import { describe, expect, test } from "vitest";
import { mcpc, project } from "../project.js";
import { all, type Case, type Files, five, manifest, noModule, notText, say, taken, taking, tool } from "./cases.js";

describe("the options of a tsconfig.json", () => {
  const wrong = { ...say, "src/tools/say.ts": "const text: string = 5;\nexport const say = () => [text].join();\n" };
  const found = `src/tools/say.ts:1:7 ${notText}`;
  const options = (compilerOptions: object, more: object = {}): Case => ({
    files: { ...wrong, "tsconfig.json": { compilerOptions: { strict: true, ...compilerOptions }, ...more } },
    told: [found],
  });
  const wrongly = (place: string, reason: string): RegExp =>
    new RegExp(`^tsconfig\\.json:${place} "tsconfig\\.json" is not right: ${reason}`);
  const importing = (from: string, tsconfig: object, files: Files, told: Case["told"] = [taken]): Case => ({
    files: { ...say, "src/tools/say.ts": taking(from), "tsconfig.json": tsconfig, ...files },
    told,
  });
  const lib = { "src/lib/five.ts": five };
  const unused = (tsconfig: object, files: Files): Case => ({
    files: {
      ...say,
      "src/tools/say.ts": 'const five = 5;\nexport const say = () => "";\n',
      "tsconfig.json": tsconfig,
      ...files,
    },
    told: ["src/tools/say.ts:1:7 'five' is declared but its value is never read (TS6133)"],
  });
  const noUnusedLocals = { compilerOptions: { noUnusedLocals: true } };
  all({
    "of where output goes": options({ rootDir: "src", outDir: "out", declarationDir: "types" }),
    "of output among sources": options({ rootDir: "src/tools", outDir: "." }),
    "of project references": options({ composite: true, incremental: true, tsBuildInfoFile: "./info" }),
    "of declarations": options({ declaration: true, isolatedDeclarations: true, declarationMap: true }),
    "of output": options({ noEmit: false, emitDeclarationOnly: true, declaration: true, sourceMap: true }),
    "that TypeScript 7 has dropped": options({
      target: "ES5",
      module: "AMD",
      moduleResolution: "node",
      outFile: "x.js",
      downlevelIteration: true,
      alwaysStrict: false,
      esModuleInterop: false,
    }),
    "that there are not": {
      ...options({ charset: "utf8", nonsense: true, plugins: [{ name: "nonsense" }] }),
      told: [found, wrongly("5:5", "Unknown compiler option 'nonsense'")],
    },
    "of no such value": {
      ...options({ target: "ES1", types: "node", paths: { five: "five" }, lib: 5 }),
      told: [
        found,
        wrongly("4:15", "Argument for '--target' option must be"),
        wrongly("5:14", "Compiler option 'types' requires a value of type Array"),
        wrongly("9:12", "Compiler option 'lib' requires a value of type Array"),
      ],
    },
    "that name files": {
      files: {
        ...options({}, { files: ["other/wrong.ts"], include: ["other"], references: [{ path: "./other" }] }).files,
        "other/wrong.ts": "const text: string = 5;\n",
        "other/tsconfig.json": { compilerOptions: { composite: true } },
      },
      told: [found],
    },
    "a file that is none": {
      files: { ...wrong, "tsconfig.json": [1, 2] },
      told: [found, wrongly("1:1", "The root value")],
    },
    "with comments": {
      files: { ...wrong, "tsconfig.json": '\uFEFF// Options.\n{ "compilerOptions": { "strict": true, }, }\n' },
      told: [found],
    },
    "a folder": { files: { ...wrong, "tsconfig.json/is/a/folder": "" }, told: [found] },
    baseUrl: importing("src/lib/five", { compilerOptions: { baseUrl: "." } }, lib),
    "baseUrl, paths": importing(
      "@lib/five",
      { compilerOptions: { baseUrl: "./src", paths: { "@lib/*": ["lib/*"] } } },
      lib,
    ),
    "baseUrl beside paths": importing(
      "lib/five",
      { compilerOptions: { baseUrl: "./src", paths: { "@lib/*": ["lib/*"] } } },
      lib,
    ),
    "baseUrl inherited, paths not": importing(
      "@lib/five",
      { extends: "./far/base.json", compilerOptions: { paths: { "@lib/*": ["lib/*"] } } },
      { ...lib, "far/base.json": { compilerOptions: { baseUrl: "../src" } } },
    ),
    "baseUrl of which paths know better": importing(
      "lib/five",
      { compilerOptions: { baseUrl: "./src", paths: { "lib/*": ["nowhere/*"] } } },
      lib,
      [`src/tools/say.ts:1:22 ${noModule("lib/five")}`],
    ),
    paths: importing("@lib/five", { compilerOptions: { paths: { "@lib/*": ["./src/lib/*"] } } }, lib),
    "paths inherited": importing(
      "@lib/five",
      { extends: "./far/base.json" },
      { ...lib, "far/base.json": { compilerOptions: { paths: { "@lib/*": ["../src/lib/*"] } } } },
    ),
    "paths from the project's folder": importing(
      "@lib/five",
      { extends: "./far/base.json" },
      {
        ...lib,
        "far/base.json": { compilerOptions: { baseUrl: ".", paths: { "@lib/*": ["${configDir}/src/lib/*"] } } },
      },
    ),
    types: {
      files: {
        ...say,
        "src/tools/say.ts": "export const say = () => {\n\n  const text: string = everywhere;\n  return text;\n};\n",
        "tsconfig.json": { compilerOptions: { types: ["everywhere"] } },
        "node_modules/@types/everywhere/index.d.ts": "declare const everywhere: number;\n",
      },
      told: [taken],
    },
    "extends of a package": unused(
      { extends: "@own/base" },
      {
        "node_modules/@own/base/package.json": { name: "@own/base", version: "1.0.0" },
        "node_modules/@own/base/tsconfig.json": noUnusedLocals,
      },
    ),
    "extends of a package's file": unused(
      { extends: "@own/base/some.json" },
      { "node_modules/@own/base/some.json": noUnusedLocals },
    ),
    "extends of several": unused(
      { extends: ["./one.json", "./two.json"] },
      { "one.json": { compilerOptions: { noUnusedLocals: false } }, "two.json": noUnusedLocals },
    ),
    "extends of what is not there": {
      files: { ...wrong, "tsconfig.json": { extends: "./nowhere.json", compilerOptions: { strict: true } } },
      told: [found, wrongly("2:14", "Cannot read file 'nowhere.json'")],
    },
    "extends of a package that is not installed": {
      files: { ...wrong, "tsconfig.json": { extends: "@own/nothing" } },
      told: [found, wrongly("2:14", "File '@own/nothing' not found")],
    },
    "an option that there is not, and values that there are not": {
      files: {
        ...wrong,
        "tsconfig.json": '{\n"compilerOptions": {\n"strictt": true,\n"target": "es1999",\n"strict": "yes" } }',
      },
      told: [
        found,
        wrongly("3:1", "Unknown compiler option 'strictt'"),
        wrongly("4:11", "Argument for '--target' option must be"),
        wrongly("5:11", "Compiler option 'strict' requires a value of type boolean"),
      ],
    },
    "a mistake in a file that it extends": {
      files: {
        ...wrong,
        "tsconfig.json": { extends: "./base.json" },
        "base.json": '{ "compilerOptions": { "strictt": true } }',
      },
      told: [`base.json:1:24 "base.json" is not right: Unknown compiler option 'strictt' (TS5023)`, found],
    },
    "a mistake in a file outside the folder": {
      app: "app",
      files: {
        ...Object.fromEntries(Object.entries(wrong).map(([path, text]) => [`app/${path}`, text])),
        "app/tsconfig.json": { extends: "../base.json" },
        "base.json": { compilerOptions: { strictt: true } },
      },
      told: [
        `app/${found}`,
        `app/tsconfig.json:1:1 "tsconfig.json" is not right: Unknown compiler option 'strictt', in ../base.json (TS5023)`,
      ],
    },
    "options that older versions have": {
      files: {
        ...wrong,
        "tsconfig.json": {
          compilerOptions: {
            target: "es3",
            module: "none",
            out: "x",
            importsNotUsedAsValues: "error",
            charset: "utf8",
          },
        },
      },
      told: [found],
    },
    jsx: {
      files: {
        "a.mcp.json": manifest(tool("say", { handler: "./src/say.tsx#say" })),
        "src/say.tsx":
          "declare global {\n  namespace JSX {\n    interface IntrinsicElements {\n      b: { a: number };\n    }\n  }\n}\n" +
          'declare const h: unknown;\nexport const say = () => [h, <b a="a" />].join();\n',
        "tsconfig.json": { compilerOptions: { jsx: "react", jsxFactory: "h" } },
      },
      told: ["src/say.tsx:9:33 Type 'string' is not assignable to type 'number' (TS2322)"],
    },
  });

  test.each([["{"], ["nonsense"], [""]])("of %j cannot be read, which is said", (text) => {
    const { code, stderr } = mcpc(
      project({ ...wrong, "src/tools/say.ts": "export const say = () => '';\n", "tsconfig.json": text }),
      "build",
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(/^ --> tsconfig\.json:1:\d+$/m);
    expect(stderr).not.toMatch(/\bbug\b|\\u000a/);
  });
});
