import { mkdirSync, writeFileSync } from "node:fs";
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { cli, kept, project, write } from "./project.js";

/** Clears the screen, in seven and in eight bits; changes the direction; ends a line early; names the window. */
const hostile = "\u001b[2J\u009b2J\u202eevil\r\u0007\u2066\u001b]0;x\u0007\u007f";
const unsafe = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;
/** File systems allow these in names. */
const inNames = process.platform === "win32" ? "\u202e" : "\u001b[2J\u009b2J\u202e\r";

const manifest = (more: object) => ({ server: { name: hostile, version: hostile }, ...more });
const failing = {
  name: "fails",
  description: hostile,
  inputSchema: { type: "object", properties: {} },
  examples: [{ description: hostile, arguments: {}, result: [{ type: "text", text: hostile }] }],
};
const setting = { [hostile]: { type: "string" } };

let right: string;
let wrong: string;
let failed: string;
beforeAll(() => {
  const runtime = { config: { properties: { word: { type: "string", default: hostile } } } };
  right = kept({ "a.mcp.json": manifest({ runtime }) });
  expect(run(cli, right, "build").status).toBe(0);
  const above = kept({});
  wrong = join(above, `p${inNames}`);
  mkdirSync(wrong);
  write(wrong, {
    [`a${inNames}.mcp.json`]: manifest({
      tools: [
        { name: hostile, inputSchema: { type: hostile } },
        { name: "x", [hostile]: 1, inputSchema: setting },
      ],
      resources: [{ uri: "x:y", name: "z", file: hostile }],
    }),
  });
  failed = kept({
    "a.mcp.json": manifest({ tools: [failing] }),
    "src/tools/fails.ts": `export const fails = () => { throw new Error(${JSON.stringify(hostile)}); };\n`,
  });
});

const run = (program: string, cwd: string, ...args: string[]) => {
  const { status, stdout, stderr } = spawnSync("node", [program, ...args], { cwd, encoding: "utf8" });
  return { status, text: stdout + stderr };
};

test.each<[args: readonly string[], folder: () => string, status: number]>([
  [["build"], () => right, 0],
  [["check"], () => right, 0],
  [["check", "--fix"], () => right, 0],
  [["test"], () => right, 0],
  [["test", "--filter", hostile], () => right, 2],
  [["build"], () => wrong, 1],
  [["check", "--format", "json"], () => wrong, 1],
  [["check", "--format", "github"], () => wrong, 1],
  [["check", "--format", "sarif"], () => wrong, 1],
  [["check", "--format", "junit"], () => wrong, 1],
  [["check", "--format", "markdown"], () => wrong, 1],
  [["check", "--output", hostile], () => wrong, 2],
  [["check", "--fix"], () => wrong, 1],
  [["build", "--rename", `${hostile}=x`], () => right, 1],
  [["build", hostile], () => right, 2],
  [["build", `--${hostile}`], () => right, 2],
  [[hostile], () => right, 2],
  [["explain", hostile], () => right, 2],
  [["test", "--config", `${inNames}.json`], () => right, 2],
  [["test"], () => failed, 1],
  [["test", "--format", "json"], () => failed, 1],
  [["test", "--format", "junit"], () => failed, 1],
  [["test", "--format", "github"], () => failed, 1],
])("mcpc %j prints no control characters of a hostile project", (args, folder, status) => {
  const printed = run(cli, folder(), ...args);
  expect(printed.text).not.toMatch(unsafe);
  expect([printed.status, printed.text === ""]).toEqual([status, false]);
});

test.each<[args: readonly string[], status: number]>([
  [["--help"], 0],
  [["--version"], 0],
  [["--print-config"], 0],
  [[`--${hostile}`], 2],
  [["--transport", hostile], 2],
  [["--config", `${inNames}.json`], 2],
  [["--log-level", hostile], 2],
])("a built server with %j prints none either", (args, status) => {
  const printed = run(join(right, "dist/server.js"), right, ...args);
  expect(printed.text).not.toMatch(unsafe);
  expect([args, printed.status, printed.text === ""]).toEqual([args, status, false]);
});

test("mcpc dev prints none: when it has built, rebuilt, and failed to", async () => {
  const folder = project({ "a.mcp.json": manifest({ runtime: { transports: { http: { port: 0 } } } }) });
  const server = spawn("node", [cli, "dev", "--transport", "http"], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void server.kill("SIGKILL"));
  let text = "";
  for (const stream of [server.stdout, server.stderr]) stream.on("data", (chunk: Buffer) => (text += String(chunk)));
  const told = (pattern: RegExp): Promise<void> => expect.poll(() => text, { timeout: 100_000 }).toMatch(pattern);
  await told(/listening on/);
  writeFileSync(join(folder, `b${inNames}.mcp.json`), JSON.stringify({ tools: [failing] }));
  await told(/rebuilt in/);
  writeFileSync(join(folder, `b${inNames}.mcp.json`), JSON.stringify({ tools: hostile }));
  await told(/not rebuilt/);
  expect(text).not.toMatch(unsafe);
});
