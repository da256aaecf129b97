import { rmSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { read } from "../../compiler/1-read/index.js";
import { check } from "../../compiler/2-check/index.js";
import { lower } from "../../compiler/3-lower/index.js";
import { bundle } from "../../compiler/7-bundle/index.js";
import { run } from "../../compiler/7-bundle/bundler.js";
import { nodeHost } from "../../compiler/host-node/index.js";
import { anew } from "../../compiler/model/again.js";
import { kept, mcpc, write } from "./project.js";
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
    expect(JSON.parse(String(manifest.content))).toMatchObject({ type });
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

/** The bundle of a project that has been built, with other code. */
function bundled(folder: string, external: readonly string[]): ReturnType<typeof bundle> {
  const host = nodeHost(folder);
  const server = lower(check(read(host).value!, host).value!).value!;
  const means = { listings: undefined, validators: [], earlier: () => false, again: anew, stored: undefined };
  return bundle({ ...server, external }, host, { ...means, bundler: run, answered: () => {} });
}
