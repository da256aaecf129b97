import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { mcpc, project } from "./project.js";

const files = {
  "a.mcp.json": {
    server: { name: "small", version: "1.0.0", instructions: { file: "./about.md" } },
    tools: [{ name: "say", inputSchema: { type: "object", properties: { to: { $ref: "./to.json" } } } }],
    resources: [{ uri: "data://log", name: "log", file: "./log.txt" }],
  },
  "about.md": "About.\n",
  "to.json": { type: "string" },
  "log.txt": "",
};

test.runIf(process.platform !== "win32").each<[path: string, code: number, told: string]>([
  ["b.mcp.json", 1, "file/not-regular"],
  ["about.md", 1, "file/not-found"],
  ["log.txt", 1, "file/not-found"],
  ["to.json", 1, "reference/unresolved"],
  ["src/tools/say.ts", 2, 'error: "src/tools/say.ts" is not a regular file\n'],
  ["generated/types.ts", 2, 'error: "generated/types.ts" is not a regular file\n'],
  ["dist/server.js", 2, 'error: "dist/server.js" is not a regular file\n'],
  ["mcpc.lock.json", 2, 'error: "mcpc.lock.json" is not a regular file\n'],
  ["package.json", 2, 'error: "package.json" is not a regular file\n'],
  ["tsconfig.json", 2, 'error: "tsconfig.json" is not a regular file\n'],
])("a pipe as %s is told, instead of waited for", (path, code, told) => {
  const folder = project(files);
  rmSync(join(folder, path), { force: true });
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  execFileSync("mkfifo", [join(folder, path)]);
  expect(mcpc(folder, "build")).toMatchObject({ code, stderr: expect.stringContaining(told) });
});
