import { cpSync, mkdirSync, readFileSync } from "node:fs";
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
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
const { runtime } = JSON.parse(`{${documented!.text}}`) as { runtime: object };
const built = kept(manifest({ runtime: { transports: { stdio: {}, http: {} }, ...runtime } }));

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
  expect(run("--transport", "http", "--help")).toContain("MCPC_STATE_KEYS  (no option) secrets that all replicas have");
  expect(run("--help")).toMatch(/REDIS_URL +the URL of Redis, which replicas share \(secret, required\)/);
  expect(run()).toContain("REDIS_URL is not set");
});

test.each([
  [" , ", "MCPC_STATE_KEYS: secret 1 needs at least 16 characters"],
  ["a-secret-of-enough-length,short", "MCPC_STATE_KEYS: secret 2 needs at least 16 characters"],
])("the server refuses the secrets %j, and does not quote them", (secrets, problem) => {
  const { status, stderr } = spawnSync(process.execPath, [join(built, "dist", "server.js"), "--transport", "http"], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"], REDIS_URL: "redis://127.0.0.1:1", MCPC_STATE_KEYS: secrets },
  });
  expect([status, stderr]).toEqual([2, expect.stringContaining(`the settings are not right:\n  ${problem}\n`)]);
});

test.each([
  ["asks its clients", "", 1],
  ["asks its clients and has secrets", "a-secret-of-enough-length", 0],
])("a server that %s warns if other replicas cannot continue its calls", async (_what, secrets, count) => {
  const folder = kept({
    ...manifest({
      tools: [{ name: "ask", inputSchema: { type: "object" }, annotations: { readOnlyHint: true } }],
      runtime: { transports: { http: {} }, store: { redis: { url: { env: "REDIS_URL" } } } },
    }),
    "src/tools/ask.ts": [
      `import type { Ask } from "../../generated/types.js";`,
      `export const ask: Ask = (_input, { step }) => step("ask", () => "");`,
      ``,
    ].join("\n"),
  });
  expect(mcpc(folder, "build")).toMatchObject({ code: 0 });
  const child = spawn(process.execPath, [join(folder, "dist", "server.js"), "--port", "0"], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { PATH: process.env["PATH"], REDIS_URL: "redis://127.0.0.1:1", MCPC_STATE_KEYS: secrets },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let stderr = "";
  for await (const text of child.stderr.setEncoding("utf8")) if ((stderr += text).includes("listening on")) break;
  expect(stderr.match(/"level":"warning","message":"MCPC_STATE_KEYS is not set: [^"]+"/g) ?? []).toHaveLength(count);
});

test("the build says what to install where packages are missing, in the versions that work", () => {
  const oauth = { issuer: "https://auth.example.com", audience: "https://mcp.example.com/mcp" };
  const store = { redis: { url: "redis://localhost" } };
  const folder = project(manifest({ runtime: { store, auth: { oauth } } }));
  // A runtime of the project's own, as npm installs it: with nothing above it.
  const runtime = join(import.meta.dirname, "..", "..", "runtime");
  mkdirSync(join(folder, "node_modules", "@mcpc"), { recursive: true });
  for (const part of ["package.json", "dist"])
    cpSync(join(runtime, part), join(folder, "node_modules", "@mcpc", "runtime", part), { recursive: true });
  const { code, stdout, stderr } = mcpc(folder, "build");
  expect(code).toBe(1);
  expect((stdout + stderr).match(/npm install \S+/g)?.toSorted()).toEqual([
    "npm install jose@6.x",
    "npm install redis@6.x",
  ]);
});
