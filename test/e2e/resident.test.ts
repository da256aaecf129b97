import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { formatJson } from "../../compiler/diagnostics/json.js";
import { residentCompiler, type ResidentCompiler } from "../../compiler/dist/resident.js";
import { contents, mcpc, processes, project, write } from "./project.js";

const tool = (name: string, more: object = {}) => ({
  name,
  description: `The tool ${name}.`,
  inputSchema: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
  ...more,
});
const manifest = (...tools: object[]) => ({ server: { name: "stays", version: "1.0.0" }, tools });

function resident(folder: string): ResidentCompiler {
  const compiler = residentCompiler(folder);
  onTestFinished(() => compiler.end());
  return compiler;
}

/** The children of this process that do not run yet. */
function processesBesides(told: string): () => number[] {
  const before = new Set(processes(told, process.pid));
  return () => processes(told, process.pid).filter((pid) => !before.has(pid));
}

const onLinux = process.platform === "linux";
const handler = (body: string) =>
  `import type { First } from "../../generated/types.js";\nexport const first: First = () => ${body};\n`;

test.runIf(onLinux).each([
  ["esbuild's", "--service="],
  ["TypeScript's", "--api"],
])("%s process may be killed between two builds", async (_, told) => {
  const folder = project({ "a.mcp.json": manifest(tool("first")) });
  const own = processesBesides(told);
  const compiler = resident(folder);
  expect(await compiler.build()).toMatchObject({ diagnostics: [], summary: { tools: 1 } });
  for (const answer of [5, 6]) {
    const killed = own();
    expect(killed.length).toBeGreaterThan(0);
    for (const pid of killed) process.kill(pid, "SIGKILL");
    await vi.waitFor(() => expect(own()).toEqual([]), 100_000);
    write(folder, { "src/tools/first.ts": handler(`"${answer}"`) });
    const built = await compiler.build(new Set(["src/tools/first.ts"]));
    expect(built.diagnostics).toEqual([]);
    expect(built.changed).toContain("dist/server.js");
    expect(readFileSync(join(folder, "dist/server.js"), "utf8")).toContain(`"${answer}"`);
    write(folder, { "src/tools/first.ts": handler("5") });
    const wrong = await compiler.build(new Set(["src/tools/first.ts"]));
    expect(wrong.diagnostics).toMatchObject([{ code: "handler/type-error", span: { path: "src/tools/first.ts" } }]);
  }
});

test.runIf(onLinux).each([0, 2, 8, 30, 100])(
  "TypeScript's process may be killed during a build, at look %s that finds it",
  async (look) => {
    const tools = Array.from({ length: 50 }, (_, index) => tool(`t${index}`));
    const folder = project({ "a.mcp.json": manifest(...tools), "src/tools/t7.ts": "export const t7 = () => 5;\n" });
    const own = processesBesides("--api");
    const compiler = resident(folder);
    let looks = 0;
    const looking = setInterval(() => {
      const found = own();
      if (found.length > 0 && looks++ === look) for (const pid of found) process.kill(pid, "SIGKILL");
    }, 1);
    onTestFinished(() => clearInterval(looking));
    for (const body of ["5", "6"]) {
      write(folder, { "src/tools/t7.ts": `export const t7 = () => ${body};\n` });
      const { diagnostics } = await compiler.build(new Set(["src/tools/t7.ts"]));
      expect(diagnostics).toMatchObject([{ code: "handler/type-error", span: { path: "src/tools/t7.ts" } }]);
    }
  },
);

/** Each makes the module of another type, or lets it be found elsewhere; null: it is removed. */
type Step = Readonly<Record<string, unknown>>;
const five = "export const five = 5;\n";
const text = 'export const five = "5";\n';
const strict = { strict: true, noUnusedLocals: true };
const installed = (exports: string) => ({ name: "five", version: "1.0.0", type: "module", exports });
const steps: readonly [what: string, from: string, begin: Step, ...steps: Step[]][] = [
  [
    "tsconfig.json",
    "./five.js",
    { "src/tools/five.ts": `${text}const unused = 1;\n` },
    { "tsconfig.json": { compilerOptions: strict } },
    { "tsconfig.json": { compilerOptions: {} } },
    { "tsconfig.json": { compilerOptions: strict } },
    { "tsconfig.json": null },
  ],
  [
    "a file that tsconfig.json extends",
    "./five.js",
    {
      "src/tools/five.ts": `${text}const unused = 1;\n`,
      "tsconfig.json": { extends: "./one.json" },
      "one.json": { extends: "./two.json" },
    },
    { "two.json": { compilerOptions: strict } },
    { "two.json": { compilerOptions: {} } },
    { "one.json": { compilerOptions: strict } },
    { "one.json": null },
  ],
  [
    "a file outside that tsconfig.json extends",
    "./five.js",
    { "src/tools/five.ts": `${text}const unused = 1;\n`, "tsconfig.json": { extends: "../above.json" } },
    { "../above.json": { compilerOptions: strict } },
    { "../above.json": null },
  ],
  [
    "the folder of the file that tsconfig.json extends",
    "five",
    {
      "one/own.json": { compilerOptions: { paths: { "*": ["./*"] } } },
      "two/own.json": { compilerOptions: { paths: { "*": ["./*"] } } },
      "one/five.ts": text,
      "two/five.ts": five,
      "tsconfig.json": { extends: "./one/own.json" },
    },
    { "tsconfig.json": { extends: "./two/own.json" } },
    { "tsconfig.json": { extends: "./one/own.json" } },
  ],
  [
    "a module that comes before another",
    "../five",
    { "src/five/index.ts": text },
    { "src/five.ts": five },
    { "src/five.ts": null },
    { "src/five.tsx": five },
    { "src/five.tsx": null },
    { "src/five.d.ts": "export const five: symbol;\n" },
    { "src/five.d.ts": null },
  ],
  [
    "a module that was not there",
    "../new/five.js",
    {},
    { "src/new/five.ts": text },
    { "src/new/five.ts": five },
    { "src/new": null },
  ],
  [
    "a module outside that was not there",
    "../../../beside/five.js",
    {},
    { "../beside/five.ts": text },
    { "../beside/five.ts": five },
    { "../beside/five.ts": null },
  ],
  [
    "a helper's helper",
    "../one.js",
    { "src/one.ts": 'export * from "./two.js";\n', "src/two.ts": text },
    { "src/two.ts": null },
    { "src/two.ts": text },
    { "src/one.ts": null },
    { "src/one.ts": five },
  ],
  [
    "global declarations",
    "./five.js",
    {
      "src/globals.d.ts": "declare var global: string;\n",
      "src/tools/five.ts": '/// <reference path="../globals.d.ts" />\nexport const five = (): string => global;\n',
    },
    { "src/globals.d.ts": "declare var global: number;\n" },
    { "src/globals.d.ts": null },
    { "src/globals.d.ts": "declare var global: string;\n" },
  ],
  [
    "ambient declarations",
    "./five.js",
    {
      "src/tools/five.ts": "export const five = (): string => global;\n",
      "tsconfig.json": { compilerOptions: strict },
    },
    { "types/globals.d.ts": "declare var global: string;\n" },
    { "types/globals.d.ts": "declare var global: number;\n" },
    { "types/globals.d.ts": null },
    { "src/globals.ts": "declare global {\n  var global: string;\n}\nexport {};\n" },
    { "src/globals.ts": "export const global = 5;\n" },
    { "src/globals.ts": "declare var global: string;\n" },
    { "src/globals.ts": null },
  ],
  [
    "a reference of tsconfig.json",
    "./five.js",
    {
      "src/tools/five.ts": `${text}const unused = 1;\n`,
      "tsconfig.json": { files: [], references: [{ path: "./app" }] },
      "app/tsconfig.json": { compilerOptions: strict },
    },
    { "app/tsconfig.json": { compilerOptions: strict, include: ["../src"] } },
    { "app/tsconfig.json": { include: ["../src"] } },
    { "app/tsconfig.json": { compilerOptions: strict, include: ["../src"] } },
    { "app/tsconfig.json": null },
  ],
  [
    "an installed package",
    "five",
    {},
    { "node_modules/five/package.json": installed("./five.ts"), "node_modules/five/five.ts": text },
    { "node_modules/five/five.ts": five },
    { "node_modules/five": null },
  ],
  [
    "a package of the folder above",
    "five",
    {},
    { "../node_modules/five/package.json": installed("./five.ts"), "../node_modules/five/five.ts": text },
    { "../node_modules/five": null },
  ],
  [
    "package.json",
    "#five",
    { "package.json": { imports: { "#five": "./one.ts" } }, "one.ts": text, "two.ts": five },
    { "package.json": { imports: { "#five": "./two.ts" } } },
    { "package.json": null },
  ],
  [
    "data",
    "./five.js",
    {
      "src/data.json": { five: "5" },
      "src/tools/five.ts": 'import data from "../data.json";\nexport const five: string = data.five;\n',
    },
    { "src/data.json": { five: 5 } },
    { "src/data.json": null },
    { "src/data.json": { five: "5" } },
  ],
];

test.each(steps)("a compiler that stays sees what becomes of types by %s", async (_, from, begin, ...steps) => {
  const above = project({});
  const folder = join(above, "app");
  const apply = (step: Step): void => {
    for (const [path, content] of Object.entries(step))
      if (content === null) rmSync(join(folder, path), { recursive: true });
      else write(folder, { [path]: content });
  };
  apply({
    "a.mcp.json": manifest(tool("first")),
    "src/tools/first.ts": `import { five } from "${from}";\n${handler("five")}`,
  });
  apply(begin);
  const compiler = resident(folder);
  const textOf = (path: string): string => readFileSync(join(folder, path), "utf8");
  const build = async (touched?: ReadonlySet<string>): Promise<string> =>
    formatJson([{ diagnostics: (await compiler.build(touched)).diagnostics, prefix: "", textOf }]);
  const told = [await build()];
  for (const step of steps) {
    apply(step);
    const report = await build(new Set(Object.keys(step)));
    expect([step, report]).toEqual([step, mcpc(folder, "build", "--no-cache", "--format", "json").stdout]);
    told.push(report);
  }
  // Each step tells on the types.
  for (const [index, report] of told.slice(1).entries()) expect(report).not.toEqual(told[index]);
});

test.runIf(onLinux)("TypeScript's process is the same from edit to edit", async () => {
  const folder = project({
    "a.mcp.json": manifest(tool("first")),
    "tsconfig.json": { extends: ["./base.json", "@own/base/tsconfig.json"] },
    "base.json": { compilerOptions: { strict: true } },
    "node_modules/@own/base/tsconfig.json": { compilerOptions: { noUnusedLocals: true } },
  });
  const compiler = resident(folder);
  await compiler.build();
  const running = processes("--api", process.pid);
  expect(running).toHaveLength(1);
  const edits: Step[] = [
    { "src/tools/first.ts": handler('"1"') },
    { "a.mcp.json": manifest(tool("first"), tool("other")) },
  ];
  for (const edit of edits) {
    write(folder, edit);
    expect((await compiler.build(new Set(Object.keys(edit)))).diagnostics).toEqual([]);
    expect(processes("--api", process.pid)).toEqual(running);
  }
});

test("a build with type errors says what it looked at, too", async () => {
  const above = project({ "beside/five.ts": five });
  const folder = join(above, "app");
  write(folder, {
    "a.mcp.json": manifest(tool("first")),
    "src/tools/first.ts": `import { five } from "../../../beside/five.js";\n${handler("five")}`,
  });
  const { diagnostics, inputs } = await resident(folder).build();
  expect(diagnostics).toMatchObject([{ code: "handler/type-error" }]);
  expect(inputs).toContain("../beside/five.ts");
});

test("a compiler that stays builds what has changed, and says what it looked at", async () => {
  const folder = project({ "a.mcp.json": manifest(tool("first"), tool("second")) });
  const compiler = resident(folder);
  const first = await compiler.build();
  expect(first).toMatchObject({ diagnostics: [], summary: { tools: 2 } });
  expect(first.changed).toContain("dist/server.js");
  expect(first.inputs).toEqual(expect.arrayContaining(["a.mcp.json", "src/tools/first.ts", "tsconfig.json"]));
  expect(await compiler.build()).toMatchObject({ diagnostics: [], changed: [], summary: { tools: 2 } });

  const handler = join(folder, "src/tools/first.ts");
  const text = readFileSync(handler, "utf8");
  writeFileSync(
    handler,
    'import type { First } from "../../generated/types.js";\nexport const first: First = () => 5;\n',
  );
  const wrong = await compiler.build(new Set(["src/tools/first.ts"]));
  expect(wrong).toMatchObject({ diagnostics: [{ code: "handler/type-error" }], changed: [] });
  expect(wrong.inputs).toEqual(expect.arrayContaining(["a.mcp.json", "src/tools/first.ts"]));
  writeFileSync(handler, text.replace("notImplemented", "/* none */ notImplemented"));
  expect((await compiler.build(new Set(["src/tools/first.ts"]))).diagnostics).toEqual([]);
  rmSync(join(folder, "generated/types.ts"));
  expect((await compiler.build()).changed).toEqual(["generated/types.ts"]);

  write(folder, { "a.mcp.json": manifest(tool("first", { title: "First" })) });
  const changed = await compiler.build(new Set(["a.mcp.json"]));
  expect(changed).toMatchObject({ diagnostics: [{ code: "handler/orphaned" }], summary: { tools: 1 } });
  expect(mcpc(folder, "build").stdout).toContain("nothing to do");
  expect(mcpc(folder, "build", "--force").stdout).toContain("nothing to do");
  expect(contents(folder)["generated/validators/Second.ts"]).toBeUndefined();
});
