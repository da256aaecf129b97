import { rmSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { read } from "../../compiler/1-read/index.js";
import { check } from "../../compiler/2-check/index.js";
import { lower } from "../../compiler/3-lower/index.js";
import { bundle } from "../../compiler/7-bundle/index.js";
import { bundledCode } from "../../compiler/4-emit/generated.js";
import { freshSession } from "../../compiler/session.js";
import { nodeHost } from "../../compiler/host-node/index.js";
import { diagnose } from "../../compiler/diagnostics/diagnostic.js";
import { withExternalFixes } from "../../compiler/external-fixes.js";
import { fixed } from "../../compiler/fixes.js";
import type { Change } from "../../compiler/host.js";
import { kept, mcpc, project, write } from "./project.js";
import { commonPackage, esPackage, files } from "./small-packages.js";

const say = (code: string) => `${code}\nexport const say = () => "";`;
const esOnly = esPackage("dep", `export default () => "ok";`);
/** The format of a bundle, and what decides on it. */
const formats: readonly {
  readonly what: string;
  readonly type: "commonjs" | "module";
  readonly handler: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly external?: readonly string[];
}[] = [
  { what: "a plain handler", type: "commonjs", handler: say("") },
  { what: "import.meta in a handler", type: "module", handler: say("console.error(import.meta.url);") },
  {
    what: "import.meta in a package",
    type: "module",
    handler: say(`import f from "dep"; f();`),
    files: esPackage("dep", `const here = new URL(".", import.meta.url); export default () => here;`),
  },
  {
    what: "import.meta in a module of a package that is not used",
    type: "commonjs",
    handler: say(`import { used } from "dep"; console.error(used);`),
    files: {
      ...esPackage("dep", `export { used } from "./used.js"; export { here } from "./here.js";`, {
        sideEffects: false,
      }),
      "dep/used.js": `export const used = 1;`,
      "dep/here.js": `export const here = import.meta.url;`,
    },
  },
  {
    what: "await at the top of a package",
    type: "module",
    handler: say(`import f from "dep"; f();`),
    files: esPackage("dep", `await 0; export default () => "ok";`),
  },
  {
    what: "a CommonJS package that knows its place",
    type: "commonjs",
    handler: say(`import f from "dep"; f();`),
    files: commonPackage("dep", `const here = typeof __dirname; module.exports = () => here;`),
  },
  {
    what: "an own __dirname",
    type: "commonjs",
    handler: say(`const __dirname = "mine"; console.error(__dirname);`),
  },
  {
    what: "an external ES package",
    type: "module",
    handler: say(`import f from "dep"; f();`),
    files: esOnly,
    external: ["dep"],
  },
  {
    what: "an external ES package by its syntax alone",
    type: "module",
    handler: say(`import f from "dep"; f();`),
    files: commonPackage("dep", `export default () => "ok";`),
    external: ["dep"],
  },
  {
    what: "an external package with both halves",
    type: "module",
    handler: say(`import f from "dep"; f();`),
    files: {
      "dep/package.json": `{ "name": "dep", "exports": { "import": "./i.mjs", "require": "./i.cjs" } }`,
      "dep/i.mjs": `export default () => 1;`,
      "dep/i.cjs": `exports.default = () => 1; exports.__esModule = true;`,
    },
    external: ["dep"],
  },
  {
    what: "an external ES package that is imported late",
    type: "commonjs",
    handler: say(`import("dep").then(({ default: f }) => f());`),
    files: esOnly,
    external: ["dep"],
  },
  {
    what: "the types of an external ES package",
    type: "commonjs",
    handler: say(`import type f from "dep";`),
    files: esOnly,
    external: ["dep"],
  },
  {
    what: "an external CommonJS package",
    type: "commonjs",
    handler: say(`import f from "dep"; f();`),
    files: commonPackage("dep", `module.exports = () => 1;`),
    external: ["dep"],
  },
  {
    what: "an external package that is not installed",
    type: "commonjs",
    handler: say(`import f from "dep"; f();`),
    external: ["dep"],
  },
];

describe("the format of a bundle", () => {
  let folder = "";
  beforeAll(() => {
    folder = kept(files([{ name: "say", handler: say(""), said: "" }]));
    expect(mcpc(folder, "build").code).toBe(0);
  });
  test.each(formats)("$what: $type", async ({ type, handler, files = {}, external = [] }) => {
    rmSync(join(folder, "node_modules"), { recursive: true, force: true });
    write(folder, { "src/tools/say.ts": handler });
    write(join(folder, "node_modules"), files);
    const { value, diagnostics } = await bundled(folder, external);
    expect(diagnostics).toEqual([]);
    const manifest = value!.files.find(({ path }) => path === "dist/package.json")!;
    expect(JSON.parse(String(manifest.content()))).toMatchObject({ type });
  });

  test.each([
    ["a package", "dep", { ...commonPackage("dep", `module.exports = require("./a.node");`), "dep/a.node": "\0" }],
    ["a handler", "@scope/dep", { "@scope/dep/package.json": `{ "main": "a.node" }`, "@scope/dep/a.node": "\0" }],
  ])("native code that %s imports is refused, with the remedy", async (_, name, files) => {
    rmSync(join(folder, "node_modules"), { recursive: true, force: true });
    write(folder, { "src/tools/say.ts": say(`import f from "${name}"; f();`) });
    write(join(folder, "node_modules"), files);
    expect((await bundled(folder, [])).diagnostics).toMatchObject([
      { code: "bundle/failed", help: expect.stringContaining(`"build": { "external": ["${name}"] }`) },
    ]);
  });
});

/** Code that cannot work in a bundle, and what a build says of it; nothing where it can. */
const placed: readonly {
  readonly what: string;
  readonly handler: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly external?: readonly string[];
  readonly told: readonly (readonly [code: string, named: string])[];
}[] = [
  ...[
    `join(import.meta.dirname, "data.txt")`,
    `join(dirname(fileURLToPath(import.meta.url)), "data.txt")`,
    `path.resolve(here, '../tools', "data.txt")`,
    `join(__dirname, "folder")`,
    "`${__dirname}/data.txt`",
    `__dirname + "/data.txt"`,
    `createRequire(import.meta.url)("./data.json")`,
    `load("./data.json")`,
  ].map((code) => ({
    what: code,
    handler: say(`const here = dirname(fileURLToPath(import.meta.url));
      const load = createRequire(import.meta.url);
      console.error(${code});`),
    told: [["bundle/own-file", /["'/]((?:data|folder)[^"'`]*)/.exec(code)![1]!]] as const,
  })),
  {
    what: "a name that is not known",
    handler: say(`console.error(join(import.meta.dirname, process.argv[2]));`),
    told: [["bundle/unknown-file", "process.argv[2]"]],
  },
  {
    what: "a file that is not there",
    handler: say(`console.error(join(import.meta.dirname, "absent.txt"));`),
    told: [["bundle/unknown-file", "absent.txt"]],
  },
  {
    what: "no more than a place, and a comment",
    handler: say(`// join(__dirname, "data.txt")\nconsole.error(basename(import.meta.dirname));`),
    told: [],
  },
  {
    what: "a CommonJS package that reads a file beside its code",
    handler: say(`import f from "dep"; f();`),
    files: {
      ...commonPackage("dep", `const p = require("path"); module.exports = () => p.join(__dirname, "data.txt");`),
      "dep/data.txt": "",
    },
    told: [["bundle/external-needed", '"dep"']],
  },
  {
    what: "an ES package that reads a file beside its code",
    handler: say(`import f from "dep"; f();`),
    files: {
      ...esPackage(
        "dep",
        `const here = dirname(fileURLToPath(import.meta.url)); export default () => join(here, "..", "dep", "data.txt");`,
      ),
      "dep/data.txt": "",
    },
    told: [["bundle/external-needed", '"dep"']],
  },
  {
    what: "a package that reads a file in code that is not used",
    handler: say(`import { used } from "dep"; console.error(used);`),
    files: {
      ...esPackage("dep", `export { used } from "./used.js"; export { here } from "./here.js";`, {
        sideEffects: false,
      }),
      "dep/used.js": `export const used = 1;`,
      "dep/here.js": `export const here = join(import.meta.dirname, "package.json");`,
    },
    told: [],
  },
  {
    what: "a package that names its own code",
    handler: say(`import f from "dep"; f();`),
    files: commonPackage("dep", `const p = require("path"); module.exports = () => p.join(__dirname, "index.js");`),
    told: [],
  },
  ...[
    ["binding.gyp", {}],
    ["package.json", { dependencies: { "node-gyp-build": "4" } }],
    ["package.json", { dependencies: { bindings: "1" } }],
    ["package.json", { dependencies: { "prebuild-install": "7" } }],
    ["package.json", { gypfile: true }],
    ["package.json", { optionalDependencies: { "@dep/linux-x64-gnu": "1" } }],
    ["package.json", { optionalDependencies: { "dep-win32-x64": "1" } }],
  ].map(([file, content]) => ({
    what: `a package with native code: ${file} ${JSON.stringify(content)}`,
    handler: say(`import f from "@scope/dep"; f();`),
    files: {
      ...commonPackage("@scope/dep", "module.exports = () => 1;"),
      [`@scope/dep/${file}`]: JSON.stringify(content),
    },
    told: [["bundle/external-needed", '"@scope/dep"']] as const,
  })),
  {
    what: "a package with native code that stays outside",
    handler: say(`import f from "dep"; f();`),
    files: { ...commonPackage("dep", "module.exports = () => 1;"), "dep/binding.gyp": "{}" },
    external: ["dep"],
    told: [],
  },
  {
    what: "packages to leave outside that nothing imports",
    handler: say(`import f from "dep/part.js"; f(); import("other"); console.error("named");`),
    files: { ...commonPackage("dep", ""), "dep/part.js": "module.exports = () => 1;" },
    external: ["dep", "other", "named", "absent", "de"],
    told: [
      ["bundle/unused-external", '"absent"'],
      ["bundle/unused-external", '"de"'],
    ],
  },
  {
    what: "a transport of pino",
    handler: say(`import pino from "pino"; pino({ transport: { target: "pino-pretty" } });`),
    files: commonPackage("pino", "module.exports = () => 1;"),
    told: [
      ["bundle/external-needed", '"pino"'],
      ["bundle/external-needed", '"pino-pretty"'],
    ],
  },
  {
    what: "transports of pino that stays outside",
    handler: say(
      `import { pino } from "pino"; pino.transport({ targets: [{ target: "pino/file" }, { target: "./own.js" }] });`,
    ),
    files: commonPackage("pino", "exports.pino = { transport() {} };"),
    external: ["pino"],
    told: [],
  },
  {
    what: "pino without a transport",
    handler: say(`import pino from "pino"; pino({ level: "info" });`),
    files: commonPackage("pino", "module.exports = () => 1;"),
    told: [],
  },
];

describe("what a bundle cannot hold", () => {
  let folder = "";
  beforeAll(() => {
    folder = kept(files([{ name: "say", handler: say(""), said: "" }]));
    expect(mcpc(folder, "build").code).toBe(0);
    write(folder, { "src/tools/data.txt": "", "src/tools/data.json": "{}", "src/tools/folder/file.txt": "" });
  });
  test.each(placed)("$what", async ({ handler, files = {}, external = [], told }) => {
    rmSync(join(folder, "node_modules"), { recursive: true, force: true });
    const imports = `import path, { basename, dirname, join } from "node:path"; import { fileURLToPath } from "node:url"; import { createRequire } from "node:module";`;
    write(folder, { "src/tools/say.ts": `${imports}\n${handler}` });
    write(join(folder, "node_modules"), files);
    const { diagnostics } = await bundled(folder, external);
    expect(diagnostics.map(({ code, message }) => [code, message])).toEqual(
      told.map(([code, named]) => [code, expect.stringContaining(named)]),
    );
  });
});

test.each([
  ["an empty list", { build: { external: [] } }, { external: ["dep"] }],
  ["a list", { build: { external: ["other"] } }, { external: ["other", "dep"] }],
  ["no list", { build: { out: "dist" } }, { external: ["dep"], out: "dist" }],
  ["nothing", {}, { external: ["dep"] }],
])("the fix of a package that cannot be in the bundle, where there is %s", (_, manifest, build) => {
  const folder = project({ "a.mcp.json": { server: { name: "fix", version: "1.0.0" }, ...manifest } });
  const host = nodeHost(folder);
  const needed = diagnose("bundle/external-needed", undefined, { name: "dep", reason: "has native code" });
  const [{ bytes }] = fixed(withExternalFixes([{ ...needed, external: "dep" }], host), host).changes as [Change];
  expect((JSON.parse(new TextDecoder().decode(bytes)) as { build: object }).build).toEqual(build);
});

test.each([
  ["a manifest of several lines", '{\n  "server": {\n    "name": "f",\n    "version": "1.0.0"\n  }\n}\n'],
  ["one with CRLF", '{\r\n\t"server": { "name": "f", "version": "1.0.0" }\r\n}\r\n'],
  ["one of a single line", '{ "server": { "name": "f", "version": "1.0.0" } }'],
])("the fix stands at the end of %s, spaced as what is before it", (_, text) => {
  const host = nodeHost(project({ "a.mcp.json": text }));
  const needed = diagnose("bundle/external-needed", undefined, { name: "dep", reason: "has native code" });
  const [{ bytes }] = fixed(withExternalFixes([{ ...needed, external: "dep" }], host), host).changes as [Change];
  const added = `,${/\s+(?="server")/.exec(text)![0]}"build": { "external": ["dep"] }`;
  const end = text.search(/\s*\}\s*$/);
  expect(new TextDecoder().decode(bytes)).toBe(text.slice(0, end) + added + text.slice(end));
});

/** The bundle of a project that has been built, with other code. */
function bundled(folder: string, external: readonly string[]): ReturnType<typeof bundle> {
  const host = nodeHost(folder);
  const server = lower(check(read(host).value!, host).value!);
  return bundle({ ...server, external }, bundledCode(server), freshSession(host));
}
