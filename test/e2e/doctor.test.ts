import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { blocksTestedBy, stepsOf } from "../house/documents.js";
import { kept, mcpc, write } from "./project.js";
import { spawn } from "node:child_process";

const root = join(import.meta.dirname, "..", "..");
const { version } = JSON.parse(fs.readFileSync(join(root, "compiler/package.json"), "utf8")) as { version: string };
const server = { name: "small", version: "1.0.0" };
const tool = { name: "t", inputSchema: { type: "object" }, annotations: { readOnlyHint: true } };

let folder: string;
let issuer: string;
let busy: number;
const answers = createServer((request, response) => {
  const isRight = request.url === "/.well-known/oauth-authorization-server/right";
  response.statusCode = isRight || request.url?.includes("other") ? 200 : 404;
  response.end(JSON.stringify({ issuer: isRight ? `${issuer}/right` : "https://example.com" }));
});
beforeAll(async () => {
  folder = kept({ "src/tools/t.ts": 'export const t = () => "";\n' });
  answers.listen(0, "127.0.0.1");
  await once(answers, "listening");
  busy = (answers.address() as AddressInfo).port;
  issuer = `http://127.0.0.1:${busy}`;
});
afterAll(() => void answers.close());

/** Runs the doctor in a process of its own: the issuer of this test must be able to answer. */
async function examine(runtime: object, env: Record<string, string> = {}): Promise<{ code: number; lines: string[] }> {
  write(folder, { "a.mcp.json": { server, tools: [tool], runtime } });
  mcpc(folder, "build");
  const process = spawn(globalThis.process.execPath, [join(root, "compiler/dist/cli.js"), "doctor"], {
    cwd: folder,
    env: { ...globalThis.process.env, ...env },
  });
  let stdout = "";
  process.stdout.on("data", (chunk: Buffer) => (stdout += chunk));
  const [code] = (await once(process, "close")) as [number];
  return { code, lines: stdout.trimEnd().split("\n") };
}

/** Installs packages: a version is a package without code, `true` the package of this repository. */
const packages = (installed: Readonly<Record<string, string | true>>): void => {
  fs.rmSync(join(folder, "node_modules"), { recursive: true, force: true });
  for (const [name, version] of Object.entries(installed)) {
    const to = join(folder, "node_modules", name);
    fs.mkdirSync(dirname(to), { recursive: true });
    if (version === true) fs.symlinkSync(fs.realpathSync(join(root, "node_modules", name)), to);
    else write(to, { "package.json": { name, version } });
  }
};
const complete = { mcpc: true, "@mcpc/runtime": true, "@types/node": true } as const;

test("a project in order has nothing to mend", async () => {
  packages(complete);
  expect(await examine({ transports: { stdio: {} } })).toEqual({
    code: 0,
    lines: [
      "✓ manifests, handlers and generated files have no errors",
      `✓ Node ${process.versions.node}`,
      `✓ mcpc ${version}`,
      `✓ @mcpc/runtime ${version}`,
      "✓ @types/node is installed",
    ],
  });
});

test.each<[what: string, installed: Record<string, string | true>, runtime: object, code: number, lines: string[]]>([
  [
    "no runtime",
    { mcpc: version },
    {},
    1,
    [
      "✗ @mcpc/runtime is not installed in the project",
      `    npm install --save-dev @mcpc/runtime@${version}`,
      "! @types/node is not installed",
    ],
  ],
  ["another version", { ...complete, mcpc: "0.0.1" }, {}, 1, [`✗ mcpc is version 0.0.1, and this is mcpc ${version}`]],
  [
    "no WebSocket",
    complete,
    { transports: { http: {}, websocket: {} } },
    1,
    ["✗ ws is not installed, which WebSocket needs", "    npm install ws"],
  ],
  [
    "no OpenTelemetry",
    complete,
    { telemetry: { mode: "native" } },
    1,
    [
      "✗ @opentelemetry/api is not installed, which runtime.telemetry needs",
      "    npm install @opentelemetry/api@~1.9.0",
    ],
  ],
])("of packages: %s", async (_, installed, runtime, code, lines) => {
  packages(installed);
  const found = await examine(runtime);
  expect(found.code).toBe(code);
  expect(found.lines).toEqual(expect.arrayContaining(lines));
});

test("of settings and the network", async () => {
  packages({ ...complete, jose: true });
  const oauth = { issuer: { env: "ISSUER" }, audience: { env: "AUDIENCE" } };
  const runtime = {
    transports: { http: { port: busy, host: "127.0.0.1" } },
    auth: { oauth },
    metrics: { token: { env: "METRICS_TOKEN" } },
  };
  const missing = await examine(runtime, { ISSUER: "" });
  expect(missing.lines).toEqual(
    expect.arrayContaining([
      "✗ AUDIENCE is not set",
      "✗ ISSUER is not set",
      "✗ METRICS_TOKEN is not set",
      `✗ the server cannot listen on 127.0.0.1:${busy} (EADDRINUSE)`,
    ]),
  );
  const wrong = await examine(runtime, { ISSUER: `${issuer}/other`, AUDIENCE: "a" });
  expect(wrong.lines.join("\n")).toMatch(
    /✗ the OAuth issuer has no usable metadata \(.*it is of the issuer "https:\/\/example.com"/,
  );
  const free = { ...runtime, transports: { http: { port: { env: "FREE_PORT" }, host: "127.0.0.1" } } };
  const right = await examine(free, { ISSUER: `${issuer}/right`, AUDIENCE: "a", METRICS_TOKEN: "t", FREE_PORT: "0" });
  expect(right).toMatchObject({
    code: 0,
    lines: expect.arrayContaining([`✓ the OAuth issuer ${issuer}/right has metadata`]),
  });
});

test("a project with errors is a finding", () => {
  const broken = kept({ "a.mcp.json": { server, tools: 7 } });
  expect(mcpc(broken, "doctor")).toMatchObject({
    code: 1,
    stdout: "✗ the project has 1 error\n    run mcpc check to see them\n",
  });
  const { findings } = JSON.parse(mcpc(broken, "doctor", "--format", "json").stdout);
  expect(findings).toEqual([
    { status: "error", message: "the project has 1 error", advice: "run mcpc check to see them" },
  ]);
});

test("a project that is not built after a change has one remedy", () => {
  const folder = kept({ "a.mcp.json": { server, tools: [] } });
  expect(mcpc(folder, "build").code).toBe(0);
  expect(mcpc(folder, "add", "tool", "t").code).toBe(0);
  const { code, stdout } = mcpc(folder, "doctor");
  expect(code).toBe(1);
  expect(stdout).toMatch(/^✗ the project has changed since its last build\n    run mcpc build\n/);
});

test("the guide shows what is printed", () => {
  const [block] = blocksTestedBy("docs/project.md", "test/e2e/doctor.test.ts");
  const [step] = stepsOf(block!.text);
  packages({ mcpc: true });
  write(folder, { "a.mcp.json": { server, tools: [tool], runtime: { transports: { stdio: {} } } } });
  mcpc(folder, "build");
  const { stdout } = mcpc(folder, "doctor");
  expect(stdout.replace(/Node \S+/, "Node 22.11.0").trimEnd()).toBe(step!.printed);
});
