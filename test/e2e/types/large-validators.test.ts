import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { kept, mcpc } from "../project.js";

const root = join(import.meta.dirname, "..", "..", "..");
const rules = { type: "string", minLength: 1, maxLength: 9, pattern: "^a", enum: ["a", "b"] };
const properties = (count: number, schema: object): object =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, schema]));
const tool = (name: string, schema: object): object => ({ name, inputSchema: { type: "object", ...schema } });

const folder = kept({
  "package.json": { type: "module" },
  "a.mcp.json": {
    server: { name: "t", version: "1.0.0" },
    tools: [tool("many_rules", { properties: properties(300, rules) })],
  },
  "tsconfig.json": {
    compilerOptions: {
      strict: true,
      module: "nodenext",
      target: "es2022",
      rootDir: ".",
      outDir: "out",
      declaration: true,
      types: ["node"],
    },
    // What else is generated needs no declarations here.
    include: ["generated/validators"],
  },
});

beforeAll(() => {
  mkdirSync(join(folder, "node_modules", "@mcpc"), { recursive: true });
  symlinkSync(join(root, "runtime"), join(folder, "node_modules", "@mcpc", "runtime"), "junction");
  symlinkSync(join(root, "node_modules", "@types"), join(folder, "node_modules", "@types"), "junction");
  expect(mcpc(folder, "build").code).toBe(0);
});

test.each([
  ["5.4", "node_modules/typescript-5.4"],
  ["5.9", "node_modules/typescript-5.9"],
  ["6", "node_modules/typescript"],
  ["7", "compiler/node_modules/typescript"],
])("TypeScript %s compiles large validators", (_version, path) => {
  const tsc = spawnSync("node", [join(root, path, "bin", "tsc"), "-p", folder], { encoding: "utf8" });
  expect([tsc.stdout, tsc.stderr, tsc.status]).toEqual(["", "", 0]);
});
