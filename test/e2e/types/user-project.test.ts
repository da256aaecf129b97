import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { mcpc, project, write } from "../project.js";
import { all, type Case, type Files, notText, say } from "./cases.js";

const strict = { strict: true, module: "nodenext", target: "es2022", noEmit: true };
const included = { compilerOptions: strict, include: ["src"] };
const untyped = {
  "node_modules/untyped/package.json": { name: "untyped", version: "1.0.0" },
  "node_modules/untyped/index.js": "module.exports = () => 'ok';\n",
};
const ambient = 'declare module "untyped";\n';
const handler = (body: string, imports = ""): Files => ({
  ...say,
  "src/tools/say.ts": `${imports}export const say = (): string => ${body};\n`,
});
const using = handler("String(u())", 'import u from "untyped";\n');
const under = (folder: string, files: Files): Files =>
  Object.fromEntries(Object.entries(files).map(([path, text]) => [`${folder}/${path}`, text]));
const allowed = (files: Files, more: Partial<Case> = {}): Case => ({ files, told: [], ...more });
const noName = (name: string): string => `src/tools/say.ts:1:34 Cannot find name '${name}' (TS2304)`;

describe("what the user's project declares for all of its files", () => {
  all({
    "a module, in a declaration file": allowed({
      ...using,
      ...untyped,
      "tsconfig.json": included,
      "src/ambient.d.ts": ambient,
    }),
    "a module, in a file that the project names": allowed({
      ...using,
      ...untyped,
      "tsconfig.json": { compilerOptions: strict, files: ["types.d.ts"], include: ["src"] },
      "types.d.ts": ambient,
    }),
    "a module, without `include`": allowed({
      ...using,
      ...untyped,
      "tsconfig.json": { compilerOptions: strict },
      "types/ambient.d.ts": ambient,
    }),
    "a module of a pattern": allowed({
      ...handler("text", 'import text from "./a.txt";\n'),
      "src/tools/a.txt": "text",
      "tsconfig.json": included,
      "src/text.d.ts": 'declare module "*.txt" {\n  const text: string;\n  export default text;\n}\n',
    }),
    "a global name, in a module of declarations": allowed({
      ...handler("everywhere"),
      "tsconfig.json": included,
      "src/globals.d.ts": "declare global {\n  const everywhere: string;\n}\nexport {};\n",
    }),
    "a global name, in a module that nothing imports": allowed({
      ...handler("everywhere"),
      "tsconfig.json": included,
      "src/globals.ts": "declare global {\n  var everywhere: string;\n}\nexport {};\n",
    }),
    "a global name, in a script": allowed({
      ...handler("everywhere"),
      "tsconfig.json": included,
      "src/globals.ts": "declare const everywhere: string;\n",
    }),
    "a namespace that it adds to": allowed({
      ...handler("process.env.EVERYWHERE"),
      "tsconfig.json": included,
      "node_modules/@types/node/index.d.ts":
        "declare namespace NodeJS {\n  interface ProcessEnv {}\n}\ndeclare const process: { env: NodeJS.ProcessEnv };\n",
      "src/env.d.ts": "declare namespace NodeJS {\n  interface ProcessEnv {\n    EVERYWHERE: string;\n  }\n}\n",
    }),
    "a module that it adds to": allowed({
      ...handler("thing.more", 'import { thing } from "things";\n'),
      "tsconfig.json": included,
      "node_modules/things/package.json": { name: "things", version: "1.0.0", types: "index.d.ts" },
      "node_modules/things/index.d.ts": "export interface Thing {}\nexport const thing: Thing;\n",
      "node_modules/things/index.js": "exports.thing = {};\n",
      "src/things.ts": 'import "things";\ndeclare module "things" {\n  interface Thing {\n    more: string;\n  }\n}\n',
    }),
    "by a reference": allowed({
      ...handler("everywhere"),
      "tsconfig.json": included,
      "src/all.d.ts": '/// <reference path="../far/globals.d.ts" />\n',
      "far/globals.d.ts": "declare const everywhere: string;\n",
    }),
    "by an import for its effect": allowed({
      ...handler("everywhere"),
      "tsconfig.json": included,
      "src/setup.ts": 'import "globals";\n',
      "node_modules/globals/package.json": { name: "globals", version: "1.0.0", types: "index.d.ts" },
      "node_modules/globals/index.d.ts": "declare global {\n  const everywhere: string;\n}\nexport {};\n",
      "node_modules/globals/index.js": "",
    }),
    "in a configuration that it extends": allowed({
      ...using,
      ...untyped,
      "tsconfig.json": { extends: ["./base.json", "./more.json"] },
      "base.json": { compilerOptions: strict },
      "more.json": { include: ["typings"], files: ["src/tools/say.ts"] },
      "typings/index.d.ts": ambient,
    }),
    "outside of its folder": allowed(
      {
        ...under("app", { ...using, ...untyped, "tsconfig.json": { ...included, include: ["src", "../shared"] } }),
        "shared/index.d.ts": ambient,
      },
      { app: "app" },
    ),
    "not where it excludes the file": {
      files: {
        ...handler("everywhere"),
        "tsconfig.json": { ...included, exclude: ["src/tests"] },
        "src/tests/globals.d.ts": "declare const everywhere: string;\n",
      },
      told: [noName("everywhere")],
    },
    "not without a project": {
      files: { ...handler("everywhere"), "src/globals.d.ts": "declare const everywhere: string;\n" },
      told: [noName("everywhere")],
    },
  });
});

describe("mistakes elsewhere in the user's project", () => {
  const wrong = "export const text: string = 5;\n";
  const elsewhere = (files: Files, told: Case["told"] = []): Case => ({
    files: { ...handler('""'), "tsconfig.json": included, ...files },
    told,
  });
  all({
    "in a file that no handler imports": elsewhere({ "src/other.ts": wrong }),
    "in one that declares something for all": elsewhere({ "src/globals.ts": `declare global {}\n${wrong}` }),
    "in what that imports": elsewhere({
      "src/globals.ts": 'import "./other.js";\ndeclare global {}\n',
      "src/other.ts": wrong,
    }),
    "in a declaration file": elsewhere({ "src/globals.d.ts": "declare const a: Nowhere;\ndeclare const a: string;\n" }),
    "are told in what a handler imports, by way of others": elsewhere(
      {
        "src/tools/say.ts": 'export { say } from "../lib/say.js";\n',
        "src/lib/say.ts": 'import { text } from "./text.js";\ndeclare global {}\nexport const say = () => text;\n',
        "src/lib/text.ts": wrong,
      },
      [`src/lib/text.ts:1:14 ${notText}`],
    ),
    "are told in what a handler imports when it runs": elsewhere(
      {
        "src/tools/say.ts": 'export const say = async () => (await import("../lib/text.js")).text;\n',
        "src/lib/text.ts": wrong,
      },
      [`src/lib/text.ts:1:14 ${notText}`],
    ),
  });
});

describe("the configuration that counts", () => {
  const unused = (tsconfigs: Files, told: Case["told"], more: Partial<Case> = {}): Case => ({
    files: { ...say, "src/tools/say.ts": 'const five = 5;\nexport const say = () => "";\n', ...tsconfigs },
    told,
    ...more,
  });
  const noUnused = { compilerOptions: { ...strict, noUnusedLocals: true, composite: true } };
  const found = ["src/tools/say.ts:1:7 'five' is declared but its value is never read (TS6133)"];
  const above = found.map((line) => `app/${line}`);
  all({
    "the first reference that includes the handlers": unused(
      {
        "tsconfig.json":
          '// Solution\n{ "files": [], "references": [{ "path": "./lib" }, { "path": "tsconfig.app.json" },], }',
        "lib/tsconfig.json": { compilerOptions: strict },
        "tsconfig.app.json": { ...noUnused, include: ["src"] },
      },
      found,
    ),
    "a reference of a reference": unused(
      {
        "tsconfig.json": { files: [], references: [{ path: "./configs/all.json" }] },
        "configs/all.json": { files: [], references: [{ path: "../tsconfig.json" }, { path: "../src" }] },
        "src/tsconfig.json": noUnused,
      },
      found,
    ),
    "itself, where it includes the handlers": unused(
      {
        "tsconfig.json": { compilerOptions: strict, include: ["src"], references: [{ path: "./other.json" }] },
        "other.json": { ...noUnused, include: ["src"] },
      },
      [],
    ),
    "itself, where no reference does": unused(
      {
        "tsconfig.json": { ...noUnused, files: [], references: [{ path: "./nowhere" }, { path: "./other" }] },
        "other/tsconfig.json": { compilerOptions: strict },
      },
      found,
    ),
    "with what its reference declares": unused(
      {
        ...using,
        ...untyped,
        "tsconfig.json": { files: [], references: [{ path: "./tsconfig.app.json" }] },
        "tsconfig.app.json": included,
        "src/ambient.d.ts": ambient,
      },
      [],
    ),
    "that of the repository, of which the folder is a part": unused(
      { ...under("app", unused({}, []).files), "tsconfig.json": noUnused, ".git/HEAD": "" },
      above,
      { app: "app" },
    ),
    "not one above that includes other files": unused(
      {
        ...under("app", unused({}, []).files),
        "tsconfig.json": { ...noUnused, include: ["src"] },
        ".git/HEAD": "",
      },
      [],
      { app: "app" },
    ),
    "not one above the repository": unused(
      { ...under("app", unused({}, []).files), "tsconfig.json": noUnused, "app/.git/HEAD": "" },
      [],
      { app: "app" },
    ),
    "all types that are installed, under a TypeScript that includes them unasked": unused(
      {
        ...handler("everywhere"),
        "tsconfig.json": included,
        "node_modules/typescript/package.json": { name: "typescript", version: "5.9.3" },
        "node_modules/@types/everywhere/index.d.ts": "declare const everywhere: string;\n",
      },
      [],
    ),
    "no types that are installed, under a TypeScript that does not": unused(
      {
        ...handler("everywhere"),
        "tsconfig.json": included,
        "node_modules/typescript/package.json": { name: "typescript", version: "7.0.2" },
        "node_modules/@types/everywhere/index.d.ts": "declare const everywhere: string;\n",
      },
      [noName("everywhere")],
    ),
    typeRoots: unused(
      {
        ...handler("everywhere"),
        "tsconfig.json": { compilerOptions: { ...strict, typeRoots: ["./typings"], types: ["everywhere"] } },
        "typings/everywhere/index.d.ts": "declare const everywhere: string;\n",
      },
      [],
    ),
  });
});

describe("the next build learns of", () => {
  const files = { ...handler("everywhere"), "tsconfig.json": included };
  const declared = "declare const everywhere: string;\n";
  const failing = [1, "Cannot find name 'everywhere'"];
  const passing = [0, ""];
  const build = (folder: string): [code: number | null, error: string] => {
    const { code, stderr } = mcpc(folder, "build");
    return [code, /Cannot find name 'everywhere'/.exec(stderr)?.[0] ?? stderr];
  };

  test("a declaration file that comes, changes, and goes", () => {
    const folder = project(files);
    expect(build(folder)).toEqual(failing);
    write(folder, { "src/globals.d.ts": declared });
    expect(build(folder)).toEqual(passing);
    write(folder, { "src/globals.d.ts": "declare const elsewhere: string;\n" });
    expect(build(folder)).toEqual(failing);
    write(folder, { "src/globals.d.ts": declared });
    expect(build(folder)).toEqual(passing);
    rmSync(join(folder, "src/globals.d.ts"));
    expect(build(folder)).toEqual(failing);
  });

  test("one that contradicts what there is, in a folder of its own", () => {
    const folder = project({ ...files, "tsconfig.json": { compilerOptions: strict }, "src/globals.d.ts": declared });
    expect(build(folder)).toEqual(passing);
    write(folder, { "src/tools/say.ts": "export const say = (): string => everywhere + typeof more;\n" });
    expect(build(folder)[0]).toBe(1);
    write(folder, { "far/more.ts": "declare const more: string;\n" });
    expect(build(folder)).toEqual(passing);
    write(folder, { "far/more.ts": "export const more = 1;\n" });
    expect(build(folder)[0]).toBe(1);
  });
});
