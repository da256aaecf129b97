import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test, vi } from "vitest";
import { cli, mcpc, project } from "./project.js";
import { rawStdio } from "./raw-stdio.js";

const files = {
  "a.mcp.json": {
    server: { name: "small", version: { file: "./version.json" }, instructions: { file: "./about.md" } },
    tools: [
      {
        name: "say",
        description: "Says something.",
        inputSchema: { type: "object", properties: { to: { $ref: "./to.json" } } },
      },
      {
        name: "imports",
        description: "Returns what is imported.",
        inputSchema: { type: "object", properties: {} },
        examples: [{ arguments: {}, result: "1,1,text,1" }],
      },
    ],
    resources: [{ uri: "data://log", name: "log", file: "./log.txt" }],
  },
  "version.json": { version: "1.0.0" },
  "about.md": "About.\n",
  "to.json": { type: "string" },
  "log.txt": "",
  "src/tools/imports.ts": `// @ts-nocheck
import { module } from "../module.js";
import data from "../data.json";
import text from "../text.txt";
import dep from "dep";
export const imports = () => [module, data, text, dep].join();
`,
  "src/module.ts": "export const module = 1;\n",
  "src/data.json": "1",
  "src/text.txt": "text",
  "node_modules/dep/package.json": { name: "dep", version: "1.0.0", types: "index.d.ts" },
  "node_modules/dep/index.js": "module.exports = 1;\n",
  "node_modules/dep/index.d.ts": "export default 1;\n",
};

function withPipe(path: string): string {
  const folder = project(files);
  rmSync(join(folder, path), { force: true });
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  execFileSync("mkfifo", [join(folder, path)]);
  return folder;
}

test.runIf(process.platform !== "win32").each<[path: string, code: number, told: string]>([
  ["b.mcp.json", 1, "file/not-regular"],
  ["version.json", 1, "file/not-found"],
  ["about.md", 1, "file/not-found"],
  ["log.txt", 1, "file/not-found"],
  ["to.json", 1, "reference/unresolved"],
  ["src/tools/say.ts", 2, 'error: "src/tools/say.ts" is not a regular file\n'],
  ["generated/types.ts", 2, 'error: "generated/types.ts" is not a regular file\n'],
  ["dist/server.js", 2, 'error: "dist/server.js" is not a regular file\n'],
  ["mcpc.lock.json", 2, 'error: "mcpc.lock.json" is not a regular file\n'],
  ["package.json", 2, 'error: "package.json" is not a regular file\n'],
  ["tsconfig.json", 2, 'error: "tsconfig.json" is not a regular file\n'],
  ["src/hooks.ts", 1, "file/not-regular"],
  ["src/module.ts", 2, 'error: "src/module.ts" is not a regular file\n'],
  ["src/data.json", 2, 'error: "src/data.json" is not a regular file\n'],
  ["src/text.txt", 1, '"src/text.txt" is not a regular file\n --> src/tools/imports.ts:4:18'],
  ["src/tools/package.json", 2, 'error: "src/tools/package.json" is not a regular file\n'],
  ["src/tools/tsconfig.json", 2, 'error: "src/tools/tsconfig.json" is not a regular file\n'],
  ["node_modules/dep/package.json", 2, 'error: "node_modules/dep/package.json" is not a regular file\n'],
  ["node_modules/dep/index.d.ts", 2, 'error: "node_modules/dep/index.d.ts" is not a regular file\n'],
  ["node_modules/dep/index.js", 1, '"node_modules/dep/index.js" is not a regular file\n --> src/tools/imports.ts:5:17'],
])("a pipe as %s is told, instead of waited for", (path, code, told) => {
  const folder = withPipe(path);
  expect(mcpc(folder, "build")).toMatchObject({ code, stderr: expect.stringContaining(told) });
});

test.runIf(process.platform !== "win32").each(["src/module.ts", "src/text.txt"])(
  "mcpc test and mcpc dev tell of a pipe as %s",
  async (path) => {
    const folder = withPipe(path);
    const told = `${JSON.stringify(path)} is not a regular file`;
    expect(mcpc(folder, "test")).toMatchObject({ stderr: expect.stringContaining(told) });
    const dev = rawStdio("node", [cli, "dev", folder]);
    await vi.waitFor(() => expect(dev.stderr()).toContain(told), { timeout: 100_000 });
    process.kill(dev.pid, "SIGTERM");
    await dev.exited;
  },
);

test.runIf(process.platform !== "win32")("a link to a device is told, too", () => {
  const folder = project(files);
  rmSync(join(folder, "src/data.json"));
  symlinkSync("/dev/zero", join(folder, "src/data.json"));
  const stderr = expect.stringContaining('"src/data.json" is not a regular file');
  expect(mcpc(folder, "build")).toMatchObject({ code: 2, stderr });
});
