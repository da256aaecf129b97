import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "jsonc-parser";
import { expect, onTestFinished, test } from "vitest";
import { diagnosticsOf } from "../compiler/typescript.js";
import { blocksTestedBy } from "./documents.js";
import { manifestTypes } from "./manifest-types.js";

const root = join(import.meta.dirname, "..", "..");
const types = join(root, "compiler/model/manifest.ts");

test("the types of the manifest language are those of mcp.schema.json", async () => {
  const schema = JSON.parse(readFileSync(join(root, "mcp.schema.json"), "utf8"));
  await expect(await manifestTypes(schema)).toMatchFileSnapshot(types);
});

/** Every manifest of the example projects, by its path. */
const manifests = readdirSync(join(root, "fixtures"), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".mcp.json") && !/^(?:invalid|fix)[\\/]|node_modules/.test(path))
  .map((path) => [path, JSON.stringify(parse(readFileSync(join(root, "fixtures", path), "utf8")))] as const);
const server = { name: "a", version: "1.0.0" };
const tool = { name: "t", inputSchema: { type: "object", properties: {} } };
const transports = (http: object) => ({ server, runtime: { transports: { http } } });
const wrong: readonly (readonly [what: string, manifest: object])[] = [
  ["an unknown field", { server, tols: [] }],
  ["an unknown field of a tool", { tools: [{ ...tool, parameters: {} }] }],
  ["a tool without a schema", { tools: [{ name: "t" }] }],
  ["a schema of an unknown type", { tools: [{ ...tool, inputSchema: { type: "str" } }] }],
  ["a port that is a text", transports({ port: "3000" })],
  ["a host of two sources", transports({ host: { env: "A", env2: "B" } })],
  ["a content block without its member", { prompts: [{ name: "p", messages: [{ role: "user", content: [{}] }] }] }],
  ["a setting whose variable is a number", { runtime: { config: { properties: { a: { env: 1 } } } } }],
];

test("manifests have these types, and mistakes have not", () => {
  expect(manifests.length).toBeGreaterThan(15);
  const all = [...manifests, ...wrong.map(([what, manifest]) => [what, JSON.stringify(manifest)] as const)];
  const lines = all.map(([, text], index) => `export const m${index}: Manifest = ${text};`);
  const found = diagnosticsOf({
    "manifest.ts": readFileSync(types, "utf8"),
    "values.ts": `import type { Manifest } from "./manifest.js";\n${lines.join("\n")}\n`,
  });
  expect([...new Set(found.map(({ file, line }) => `${file} ${all[line - 2]?.[0]}`))]).toEqual(
    wrong.map(([what]) => `values.ts ${what}`),
  );
});

test("the guide's program writes a manifest that builds", () => {
  const [program] = blocksTestedBy("docs/project.md", "test/house/manifest-types.test.ts");
  const folder = mkdtempSync(join(tmpdir(), "mcpc-written-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, "node_modules"));
  for (const [path, text] of [
    ["node_modules/mcpc/package.json", '{ "name": "mcpc", "type": "module", "exports": "./index.js" }'],
    ["node_modules/mcpc/index.js", `export * from ${JSON.stringify(join(root, "compiler/dist/index.js"))};`],
    ["write.ts", program!.text],
  ] as const) {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  execFileSync("node", ["--import", join(root, "node_modules/tsx/dist/loader.mjs"), "write.ts"], { cwd: folder });
  expect(existsSync(join(folder, "regions.mcp.json"))).toBe(true);
  const cli = join(root, "compiler/dist/cli.js");
  expect(execFileSync("node", [cli, "build"], { cwd: folder, encoding: "utf8" })).toContain("regions: 2 tools");
});
