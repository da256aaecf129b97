import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { dependencies } from "../../compiler/7-bundle/dependencies.js";
import { nodeHost } from "../../compiler/host-node/index.js";
import { kept, mcpc, project } from "./project.js";
import { rawStdio } from "./raw-stdio.js";
import { commonPackage, esPackage } from "./small-packages.js";

const noisy = (name: string) => `console.log("${name} logs"); process.stdout.write("${name} writes\\n");`;
const manifest = (external: readonly string[]) => ({
  server: { name: "outside", version: "1.0.0" },
  tools: ["say", "fail"].map((name) => ({
    name,
    description: `Runs ${name}.`,
    inputSchema: { type: "object", properties: {} },
  })),
  ...(external.length > 0 && { build: { external } }),
});

describe.each([
  ["an ES module", "es", esPackage("es", `${noisy("es")} export default () => "es";`)],
  ["CommonJS", "common", commonPackage("common", `${noisy("common")} module.exports = () => "common";`)],
])("a bundle, %s, that leaves a package outside", (_, name, files) => {
  let folder = "";
  beforeAll(() => {
    folder = kept({
      "package.json": { type: "module" },
      "a.mcp.json": manifest([name, "@scope/late"]),
      "src/tools/say.ts": `// @ts-nocheck
import say from "${name}";
export { say };
export const late = () => import("@scope/late");
`,
      "src/tools/fail.ts": `// @ts-nocheck
export const fail = () => {
  throw new Error("as it should");
};
`,
      ...Object.fromEntries(Object.entries(files).map(([path, text]) => [`node_modules/${path}`, text])),
    });
    expect(mcpc(folder, "build")).toMatchObject({ code: 0, stderr: "" });
  });
  const run = (...args: string[]) => spawnSync("./server.js", args, { cwd: join(folder, "dist"), encoding: "utf8" });

  test.runIf(process.platform !== "win32")("is a command, whose package.json asks for the package", () => {
    expect(run("--version")).toMatchObject({ status: 0, stdout: "outside 1.0.0\n" });
    const { dependencies } = JSON.parse(readFileSync(join(folder, "dist/package.json"), "utf8")) as object & {
      dependencies: object;
    };
    expect(dependencies).toEqual({ [name]: "1.0.0" });
  });

  test("has standard output for the protocol alone, and names the lines of the sources", async () => {
    const server = rawStdio("node", ["dist/server.js"], folder);
    await server.initialize();
    const call = async (tool: string) => (await server.request("tools/call", { name: tool, arguments: {} })).result;
    expect((await call("say")).content[0].text).toBe(name);
    await call("fail");
    await server.end();
    expect(server.stderr()).toContain(`${name} logs\n${name} writes\n`);
    expect(server.stderr()).toContain("src/tools/fail.ts:3:");
  });

  test.runIf(process.platform !== "win32").each([[[]], [["--version"]], [["--help"]]])(
    "says what to do without the package, asked with %j",
    (args) => {
      const installed = join(folder, "node_modules", name);
      renameSync(installed, `${installed}-gone`);
      const { status, stdout, stderr } = run(...args);
      renameSync(`${installed}-gone`, installed);
      expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
      expect(stderr.replace(/ in \/.*/, "")).toBe(
        `the package "${name}" is not in the bundle and cannot be found: run "npm install --omit=dev"\n`,
      );
    },
  );

  test("is one file once the package is in it, and two again, without files of the other form", () => {
    const before = ["a.mcp.json", "src/tools/say.ts"].map((path) => [path, readFileSync(join(folder, path))] as const);
    writeFileSync(join(folder, "a.mcp.json"), JSON.stringify(manifest([])));
    writeFileSync(join(folder, "src/tools/say.ts"), `// @ts-nocheck\nimport say from "${name}"; export { say };`);
    expect(mcpc(folder, "build")).toMatchObject({ code: 0, stderr: "" });
    expect(readdirSync(join(folder, "dist")).sort()).toEqual(["package.json", "server.js", "server.js.map"]);
    // What somebody else has written stays.
    writeFileSync(join(folder, "dist/server.js.bak"), "");
    for (const [path, bytes] of before) writeFileSync(join(folder, path), bytes);
    expect(mcpc(folder, "build")).toMatchObject({ code: 0, stderr: "" });
    const files = ["bundle.js", "bundle.js.map", "package.json", "server.js", "server.js.bak"];
    expect(readdirSync(join(folder, "dist")).sort()).toEqual(files);
  });
});

test.each<[what: string, declared: unknown, installed: object | string | undefined, wanted: object]>([
  ["installed", "^1.0.0", { name: "dep", version: "1.2.3" }, { dep: "1.2.3" }],
  ["installed for something else", undefined, { name: "dep", version: "1.2.3" }, { dep: "1.2.3" }],
  ["installed under another name", "npm:other@1", { name: "other", version: "1.2.3" }, { dep: "npm:other@1.2.3" }],
  ["declared alone", "~1.0.0", undefined, { dep: "~1.0.0" }],
  ["of a repository", "github:o/dep#v1", { name: "dep", version: "1.2.3" }, { dep: "github:o/dep#v1" }],
  ["of a folder", "file:../dep", { name: "dep", version: "1.2.3" }, {}],
  ["of a workspace", "workspace:*", { name: "dep", version: "1.2.3" }, {}],
  ["never published", "*", { name: "dep", version: "1.2.3", private: true }, {}],
  ["unknown", undefined, undefined, {}],
  ["damaged", 5, "{", {}],
  ["without a text as its version", ["1"], { name: 1, version: 2 }, {}],
  ["not an object", null, "null", {}],
])("what package.json asks for a package that is %s", (_, declared, installed, wanted) => {
  const folder = project({
    "package.json": { dependencies: { dep: declared } },
    ...(installed !== undefined && { "node_modules/dep/package.json": installed }),
  });
  expect(dependencies(["dep"], nodeHost(folder))).toEqual(wanted);
});

test.runIf(process.platform !== "win32")("a server without such packages is a command, too", () => {
  const folder = project({ "a.mcp.json": manifest([]) });
  execFileSync("sh", ["-c", `umask 077; node "$0" build`, join(import.meta.dirname, "../../compiler/dist/cli.js")], {
    cwd: folder,
  });
  expect(execFileSync(join(folder, "dist/server.js"), ["--version"], { encoding: "utf8" })).toBe("outside 1.0.0\n");
});
