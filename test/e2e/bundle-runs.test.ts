import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { cli, kept, mcpc } from "./project.js";
import { rawStdio } from "./raw-stdio.js";
import { commonPackage, esPackage, files, type Tool } from "./small-packages.js";

function format(folder: string): unknown {
  return (JSON.parse(readFileSync(join(folder, "dist", "package.json"), "utf8")) as { type: string }).type;
}

/** What each tool says, called on a server that is a process of its own. */
async function answers(tools: readonly Tool[], ...args: string[]): Promise<Record<string, unknown>> {
  const server = rawStdio("node", args);
  await server.initialize();
  const said: Record<string, unknown> = {};
  for (const { name } of tools) {
    const { result, error } = await server.request("tools/call", { name, arguments: {} });
    said[name] = result?.isError ? `failed: ${result.content[0].text}` : (result?.content[0].text ?? error?.message);
  }
  expect(await server.end()).toBe(0);
  return said;
}

/** What a tool without an output schema says to the in-memory client. */
const textOf = (result: unknown) => (result as readonly { readonly text: string }[]).map(({ text }) => text).join("");

/** Tools of one server, whose code needs an ES module; the names that a bundle itself uses are theirs, too. */
const together: readonly Tool[] = [
  {
    name: "own_names",
    said: "dist server.js",
    needsBundle: true,
    handler: `
      import { basename, dirname } from "node:path";
      import { fileURLToPath } from "node:url";
      const __filename = fileURLToPath(import.meta.url);
      const __dirname = dirname(__filename);
      export const ownNames = () => \`\${basename(__dirname)} \${basename(__filename)}\`;`,
  },
  {
    name: "own_require",
    said: "/ 1",
    handler: `
      import { createRequire } from "node:module";
      const require = createRequire(import.meta.url), $createRequire = 1;
      export const ownRequire = () => \`\${require("node:path").posix.sep} \${$createRequire}\`;`,
  },
  {
    name: "own_globals",
    said: "1 2 3 4 5 function",
    handler: `
      const module = 1, exports = 2, process = 3, Buffer = 4, global = 5;
      export const ownGlobals = () => [module, exports, process, Buffer, global, typeof setTimeout].join(" ");`,
  },
  {
    name: "uses_globals",
    said: "node string buffer",
    handler: `export const usesGlobals = () => [process.release.name, typeof process.pid === "number" ? "string" : "", Buffer.from("buffer")].join(" ");`,
  },
  {
    name: "package_own_names",
    said: "true",
    handler: `import f from "own-names"; export const packageOwnNames = () => f();`,
    files: esPackage(
      "own-names",
      `import { dirname } from "node:path"; import { fileURLToPath } from "node:url";
       const __dirname = dirname(fileURLToPath(import.meta.url)); export default () => String(__dirname.length > 1);`,
    ),
  },
  {
    name: "package_awaits",
    said: "awaited",
    handler: `import { text } from "awaits"; export const packageAwaits = () => text;`,
    files: esPackage("awaits", `export const text = await Promise.resolve("awaited");`),
  },
  {
    name: "common_package",
    said: "/ string string true",
    handler: `import c from "common"; export const commonPackage = () => c();`,
    files: commonPackage(
      "common",
      `const path = require("path"); exports.x = 1;
       module.exports = () => [path.posix.sep, typeof __dirname, typeof __filename, path.isAbsolute(__dirname)].join(" ");`,
    ),
  },
  {
    name: "common_in_es_package",
    said: "inner",
    handler: `import { inner } from "mixed"; export const commonInEsPackage = () => inner;`,
    files: {
      ...esPackage("mixed", `import c from "./part.cjs"; export const { inner } = c;`),
      "mixed/part.cjs": `exports.inner = require("./data.json").inner;`,
      "mixed/data.json": `{ "inner": "inner" }`,
    },
  },
  {
    name: "dual",
    said: "true",
    handler: `import { kind } from "dual"; export const dual = () => String(/^(es|common)$/.test(kind));`,
    files: {
      "dual/package.json": JSON.stringify({
        name: "dual",
        version: "1.0.0",
        exports: { ".": { import: "./index.mjs", require: "./index.cjs" } },
      }),
      "dual/index.mjs": `export const kind = "es"; export const url = import.meta.url;`,
      "dual/index.cjs": `exports.kind = "common";`,
    },
  },
  {
    name: "import_only",
    said: "only",
    handler: `import only from "only"; export const importOnly = async () => \`\${only}\`;`,
    files: esPackage("only", `export default "only"`, { exports: { ".": { import: "./index.js" } } }),
  },
  {
    name: "meta_names",
    said: "dist server.js true",
    needsBundle: true,
    handler: `
      import { basename } from "node:path";
      export const metaNames = () => [basename(import.meta.dirname), basename(import.meta.filename), import.meta.resolve("node:fs") === "node:fs"].join(" ");`,
  },
  {
    name: "json",
    said: "json json",
    handler: `
      import data from "json-data/data.json" with { type: "json" };
      export const json = async () => [data.text, (await import("json-data/data.json", { with: { type: "json" } })).default.text].join(" ");`,
    files: { "json-data/package.json": `{ "name": "json-data" }`, "json-data/data.json": `{ "text": "json" }` },
  },
  {
    name: "late",
    said: "late",
    handler: `export const late = async () => (await import("late")).default;`,
    files: esPackage("late", `export default await Promise.resolve("late");`),
  },
];

/** Tools whose files end otherwise. */
const endings: readonly Tool[] = [
  { name: "es_ending", ending: "mts", said: "mts", handler: `export const esEnding = () => "mts";` },
  { name: "common_ending", ending: "cts", said: "cts", handler: `export const commonEnding = () => "cts";` },
  {
    name: "elements",
    ending: "tsx",
    said: "<b>bold</b>",
    handler: `/** @jsxImportSource elements */\nexport const elements = () => <b>bold</b>;`,
    files: {
      "elements/package.json": JSON.stringify({
        name: "elements",
        version: "1.0.0",
        type: "module",
        exports: { "./jsx-runtime": "./index.js", "./jsx-dev-runtime": "./index.js" },
      }),
      "elements/index.js": `export const jsx = (name, { children }) => "<" + name + ">" + children + "</" + name + ">";
        export const jsxDEV = jsx;`,
    },
  },
];

const worker = (path: string) => `new Promise<string>((resolve, reject) =>
  new Worker(new URL(${JSON.stringify(path)}, import.meta.url)).on("message", resolve).on("error", reject))`;
/** Tools that name files beside their code. */
const named: readonly Tool[] = [
  {
    name: "reads_file",
    said: "data more",
    handler: `
      import { readFileSync } from "node:fs";
      const more = readFileSync(new URL('../tools/more.bin', import.meta.url), "utf8");
      export const readsFile = () => readFileSync(new URL("./data.txt", import.meta.url), "utf8") + more;`,
    beside: { "data.txt": "data ", "more.bin": "more" },
  },
  {
    name: "starts_worker",
    said: "worker data ",
    needsBundle: true,
    handler: `
      import { Worker } from "node:worker_threads";
      export const startsWorker = () => ${worker("../threads/worker.js")};`,
    beside: {
      "../threads/worker.ts": `// @ts-nocheck
        import { readFileSync } from "node:fs";
        import { parentPort } from "node:worker_threads";
        import { word } from "./word.js";
        parentPort.postMessage(word + readFileSync(new URL("../tools/data.txt", import.meta.url), "utf8"));`,
      "../threads/word.ts": `export const word: string = "worker ";`,
    },
  },
  {
    name: "package_reads_file",
    said: "of the package",
    handler: `import f from "reads"; export const packageReadsFile = () => f();`,
    files: {
      ...esPackage(
        "reads",
        `import { readFileSync } from "node:fs";
         export default () => readFileSync(new URL("data.wasm", import.meta.url), "utf8");`,
      ),
      "reads/data.wasm": "of the package",
    },
  },
];

/** Tools of one server, whose code needs no ES module. */
const common: readonly Tool[] = [
  {
    name: "sloppy",
    said: "set 1",
    handler: `import f from "sloppy"; export const sloppy = () => f();`,
    files: commonPackage(
      "sloppy",
      `frozen = Object.freeze({ n: 1 });
       module.exports = function () { text = "set"; frozen.n = 2; return text + " " + frozen.n; };`,
    ),
  },
  {
    name: "own_dirname",
    said: "mine string",
    handler: `import f from "knows-its-place"; const __dirname = "mine"; export const ownDirname = () => \`\${__dirname} \${f()}\`;`,
    files: commonPackage("knows-its-place", `module.exports = () => typeof __dirname;`),
  },
  {
    name: "own_names",
    said: "1 2 3 4 5",
    handler: `
      const module = 1, exports = 2, require = 3, process = 4, Buffer = 5;
      export const ownNames = () => [module, exports, require, process, Buffer].join(" ");`,
  },
  {
    name: "requires_files",
    said: "data part",
    handler: `import f from "requires-files"; export const requiresFiles = () => f();`,
    files: {
      ...commonPackage(
        "requires-files",
        `module.exports = () => require("./data.json").text + " " + require("./part").part;`,
      ),
      "requires-files/data.json": `{ "text": "data" }`,
      "requires-files/part.js": `"use strict"; exports.part = "part";`,
    },
  },
  {
    name: "es_package",
    said: "es",
    handler: `import { text } from "plain-es"; export const esPackage = () => text;`,
    files: esPackage("plain-es", `export const text = "es";`),
  },
];

/** Packages that are not in the bundle, of one server. */
const outside: readonly Tool[] = [
  {
    name: "es_default",
    said: "ok",
    handler: `import f from "es-default"; export const esDefault = () => f();`,
    files: esPackage("es-default", `export default () => "ok";`),
  },
  {
    name: "es_import_only",
    said: "ok",
    handler: `import f from "es-import-only"; export const esImportOnly = () => f();`,
    files: esPackage("es-import-only", `export default () => "ok";`, { exports: { ".": { import: "./index.js" } } }),
  },
  {
    name: "es_awaits",
    said: "ok",
    handler: `import f from "es-awaits"; export const esAwaits = () => f();`,
    files: esPackage("es-awaits", `await 0; export default () => "ok";`),
  },
  {
    name: "dual_default",
    said: "es",
    handler: `import f from "dual-default"; export const dualDefault = () => f();`,
    files: {
      "dual-default/package.json": JSON.stringify({
        name: "dual-default",
        version: "1.0.0",
        exports: { ".": { import: "./index.mjs", require: "./index.cjs" } },
      }),
      "dual-default/index.mjs": `export default () => "es";`,
      "dual-default/index.cjs": `exports.__esModule = true; exports.default = () => "common";`,
    },
  },
  {
    name: "common_default",
    said: "ok part",
    handler: `import f, { part } from "common-default"; export const commonDefault = () => f() + part;`,
    files: commonPackage(
      "common-default",
      // Names that Node does not find by reading the code.
      `module.exports = Object.assign(() => "ok", Object.fromEntries([["part", " part"]]));`,
    ),
  },
  {
    name: "part_of_package",
    said: "part",
    handler: `import { part } from "@scope/parts/part.js"; export const partOfPackage = () => part;`,
    files: {
      "@scope/parts/package.json": `{ "name": "@scope/parts", "type": "module" }`,
      "@scope/parts/part.js": `export const part = "part";`,
    },
  },
  {
    name: "late_import",
    said: "ok",
    handler: `export const lateImport = async () => (await import("es-default")).default();`,
  },
  {
    name: "not_installed",
    said: "caught",
    handler: `export const notInstalled = () => import("not-installed").catch(() => "caught");`,
  },
];
const external = [
  ...new Set([
    "es-default",
    "es-import-only",
    "es-awaits",
    "dual-default",
    "common-default",
    "@scope/parts",
    "not-installed",
  ]),
];

describe.each([
  ["code that needs an ES module", "module", together, undefined],
  ["code that names files", "module", named, undefined],
  ["code that needs none", "commonjs", common, undefined],
  ["files with other endings", "commonjs", endings, undefined],
  ["packages outside the bundle", "module", outside, { external }],
] as const)("%s", (_, type, tools, build) => {
  let folder = "";
  beforeAll(() => {
    folder = kept(files(tools, build));
    expect(mcpc(folder, "build")).toMatchObject({ code: 0, stderr: "" });
  });
  const said = Object.fromEntries(tools.map(({ name, said }) => [name, said]));

  test("runs as dist/server.js", async () => {
    expect(format(folder)).toBe(type);
    expect(await answers(tools, join(folder, "dist", "server.js"))).toEqual(said);
  });
  test("runs in mcpc test", () => {
    const { code, stdout, stderr } = mcpc(folder, "test");
    expect(code, stdout + stderr).toBe(0);
  });
  test("runs in the in-memory client", async () => {
    mkdirSync(join(folder, "node_modules/@mcpc"), { recursive: true });
    symlinkSync(join(import.meta.dirname, "../../runtime"), join(folder, "node_modules/@mcpc/runtime"), "junction");
    const { createClient } = (await import(join(folder, "generated/client.ts"))) as {
      createClient(): { readonly tools: Record<string, (input: object) => Promise<unknown>>; close(): Promise<void> };
    };
    const client = createClient();
    for (const { name, said } of tools.filter(({ needsBundle }) => !needsBundle))
      expect([name, textOf(await client.tools[name]!({}))]).toEqual([name, said]);
    await client.close();
  });
  test("runs in mcpc dev", async () => {
    expect(await answers(tools, cli, "dev", folder)).toEqual(said);
  });
});
