import { cpSync, mkdirSync, readFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { blocksTestedBy } from "../house/documents.js";
import { serverOf } from "./clients.js";
import { kept, mcpc, project } from "./project.js";

const manifest = (sections: object) => ({
  "s.mcp.json": {
    server: { name: "shared", version: "1.0.0" },
    resources: [{ uri: "s://a", name: "a", text: "A." }],
    ...sections,
  },
});
const [documented] = blocksTestedBy("docs/replicas.md", "test/e2e/store-bundle.test.ts");
const built = kept(manifest(JSON.parse(`{${documented!.text}}`)));

test("only a server with a store has one in its bundle", () => {
  expect(mcpc(built, "build")).toMatchObject({ code: 0 });
  const isShared = (text: string): boolean => /the store is away|EVALSHA|XRANGE/.test(text);
  expect(isShared(readFileSync(join(built, "dist", "server.js"), "utf8"))).toBe(true);
  for (const fixture of ["weather", "everything"])
    expect(isShared(readFileSync(serverOf(fixture), "utf8"))).toBe(false);
});

test("the built server names the variable in its help, and when it is not set", () => {
  const run = (...args: string[]): string => {
    const { stdout, stderr } = spawnSync(process.execPath, [join(built, "dist", "server.js"), ...args], {
      input: "",
      encoding: "utf8",
      env: { PATH: process.env["PATH"] },
    });
    return stdout + stderr;
  };
  expect(run("--help")).toMatch(/REDIS_URL +the URL of Redis, which replicas share \(secret, required\)/);
  expect(run()).toContain("REDIS_URL is not set");
});

test("the build says what to install where the package is missing", () => {
  const folder = project(manifest({ runtime: { store: { redis: { url: "redis://localhost" } } } }));
  // A runtime of the project's own, as npm installs it: with nothing above it.
  const runtime = join(import.meta.dirname, "..", "..", "runtime");
  mkdirSync(join(folder, "node_modules", "@mcpc"), { recursive: true });
  for (const part of ["package.json", "dist"])
    cpSync(join(runtime, part), join(folder, "node_modules", "@mcpc", "runtime", part), { recursive: true });
  const { code, stdout, stderr } = mcpc(folder, "build");
  expect([code, stdout + stderr]).toEqual([1, expect.stringContaining("npm install redis")]);
});
