import { spawn, type StdioOptions } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { serveHttp, serverOf } from "./clients.js";
import { cli, kept, mcpc } from "./project.js";
import { rawStdio } from "./raw-stdio.js";

const server = serverOf("contract");
const request = (id: number, method: string, params: object): string =>
  `${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`;
const initialize = request(0, "initialize", {
  protocolVersion: "2025-11-25",
  capabilities: {},
  clientInfo: { name: "test", version: "1" },
});

/** Answers around what is written without a stream, and around what a pipe holds. */
const sizes = [10, 100, 6000, 3, 9000, 20_000, 1, 70_000, 500_000, 2, 40];
const texts = sizes.map((size, index) => `${index} ${"é".repeat(size)}`);
const calls = texts.map((text, index) => request(index + 1, "tools/call", { name: "echo", arguments: { text } }));

function expectAnswers(output: string): void {
  const lines = output.split("\n");
  expect(lines.pop()).toBe("");
  const answers = lines.map((line) => JSON.parse(line) as { id: number; result: any });
  expect(answers[0]).toMatchObject({ id: 0, result: { serverInfo: { name: "contract" } } });
  expect(answers.slice(1).map(({ id }) => id)).toEqual(texts.map((_, index) => index + 1));
  for (const [index, { result }] of answers.slice(1).entries()) expect(result.content[0].text).toBe(texts[index]);
}

/** Runs a command with this input, in these pieces; what it writes. */
async function run(command: string, args: string[], pieces: readonly string[], stdout: "pipe" | number = "pipe") {
  const stdio: StdioOptions = ["pipe", stdout, "inherit"];
  const child = spawn(command, args, { stdio });
  child.stdin!.on("error", () => {});
  const exited = once(child, "exit");
  let output = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (output += text));
  const ended = child.stdout ? once(child.stdout, "end") : undefined;
  for (const piece of pieces) await new Promise((written) => child.stdin!.write(piece, written));
  child.stdin!.end();
  await ended;
  expect(await exited).toEqual([0, null]);
  return output;
}

test.each([
  ["one by one", [initialize, ...calls]],
  ["all at once, after a byte order mark", [["\ufeff", initialize, ...calls].join("")]],
])("answers leave whole and in order, asked for %s: a socket, a pipe, a file", async (_name, pieces) => {
  expectAnswers(await run("node", [server], pieces));
  expectAnswers(await run("sh", ["-c", `cat | node "${server}" | cat`], pieces));
  const folder = mkdtempSync(join(tmpdir(), "mcpc-output-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "answers");
  await run("node", [server], pieces, openSync(file, "w"));
  expectAnswers(readFileSync(file, "utf8"));
});

test("a client that asks for all and reads none gets all when it reads", async () => {
  const child = spawn("node", [server], { stdio: ["pipe", "pipe", "inherit"] });
  const written = new Promise((done) => child.stdin.write([initialize, ...calls].join(""), done));
  child.stdin.end();
  // Where the system buffers less than all answers, the server reads on when they are read.
  await Promise.race([written, once(child.stdout, "readable")]);
  let output = "";
  for await (const text of child.stdout.setEncoding("utf8")) output += text;
  expectAnswers(output);
});

test.each([
  ["the first", [initialize]],
  ["a large", [initialize, ...calls]],
])("a client that is gone before %s answer ends the server in good order", async (_name, pieces) => {
  const child = spawn("node", [server], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.on("error", () => {});
  child.stdout.destroy();
  await once(child.stdout, "close");
  child.stdin.write(pieces.join(""));
  expect(await once(child, "exit")).toEqual([0, null]);
});

/** Writes to standard output in all ways that a program has, each with a word of its own. */
const writers = `import { Console } from "node:console";
import { Readable } from "node:stream";
import { Worker } from "node:worker_threads";
import pino from "pino";

const { log } = console;
export async function writeAll(when: string) {
  const say = (how: string) => when + " " + how;
  log(say("early log"));
  for (const how of ["log", "info", "debug", "dir", "dirxml", "table", "group"] as const) console[how](say(how));
  console.groupEnd();
  console.count(say("count"));
  console.time(say("timeLog"));
  console.timeLog(say("timeLog"));
  process.stdout.write(say("write") + "\\n");
  Readable.from([say("pipe") + "\\n"]).pipe(process.stdout, { end: false });
  new Console(process.stdout).log(say("Console"));
  pino().info(say("pino"));
  const worker = new Worker("console.log(" + JSON.stringify(say("worker")) + ")", { eval: true });
  await new Promise((resolve) => worker.on("exit", resolve));
}
`;
const ways = ["early log", "log", "dir", "dirxml", "table", "group", "count", "timeLog", "write", "pipe", "Console"];

describe("whatever a project writes to standard output goes to standard error", () => {
  let folder: string;
  beforeAll(() => {
    folder = kept({
      "package.json": { type: "module" },
      "a.mcp.json": {
        server: { name: "chatty", version: "1.0.0" },
        tools: ["common", "module", "wait"].map((name) => ({
          name,
          description: `Runs ${name}.`,
          inputSchema: { type: "object", properties: {} },
        })),
        runtime: { transports: { stdio: {}, http: {} }, limits: { drainMs: 600_000 } },
        build: { rules: { "handler/standard-output": "off" } },
      },
      "src/writers.ts": writers,
      "src/hooks.ts": 'export const onStart = () => {};\nexport const onStop = () => console.log("stopped");\n',
      "src/tools/common.ts": `import { writeAll } from "../writers.js";
const loading = writeAll("loading");
export const common = async () => (await loading, await writeAll("calling"), "done");
`,
      "src/tools/module.ts": "export const moduleTool = () => String(globalThis.process.argv.length);\n",
      "src/tools/wait.ts": `export const wait = (_: unknown, { signal, progress }: any) => {
  progress(1);
  process.stdin.once("end", () => progress(2));
  signal.addEventListener("abort", () => console.log("cancelled"));
  return new Promise<string>((resolve) => signal.addEventListener("abort", () => resolve("over")));
};
`,
    });
    symlinkSync(join(import.meta.dirname, "..", "..", "node_modules"), join(folder, "node_modules"));
  });

  async function expectErrors(command: readonly string[]): Promise<void> {
    const child = rawStdio("node", command, folder);
    await child.initialize();
    const { result } = await child.request("tools/call", { name: "common", arguments: {} });
    expect(result.content[0].text).toBe("done");
    await child.end();
    // Anything but the protocol on standard output would have failed as JSON.
    for (const when of ["loading", "calling"])
      for (const how of [...ways, "pino", "worker"]) expect(child.stderr()).toContain(`${when} ${how}`);
  }

  test.each([
    ["a CommonJS bundle", "export const moduleTool = () => typeof require;\n"],
    ["an ES module", "export const moduleTool = () => import.meta.url;\n"],
  ])("in %s", async (_name, handler) => {
    writeFileSync(join(folder, "src/tools/module.ts"), handler);
    expect(mcpc(folder, "build")).toMatchObject({ code: 0, stderr: "" });
    await expectErrors(["dist/server.js"]);
  });

  test("in mcpc dev", () => expectErrors([cli, "dev", "."]));

  test("and not over HTTP, where it is free", async () => {
    const http = await serveHttp(join(folder, "dist/server.js"));
    let output = "";
    http.process.stdout!.setEncoding("utf8").on("data", (text: string) => (output += text));
    const closed = once(http.process, "close");
    await http.stop();
    // A process may end before what it wrote is read.
    await closed;
    expect(output).toContain("loading log\n");
    expect(output).toContain("stopped\n");
    expect(http.stderr()).not.toContain("loading");
  });

  test("a SIGTERM after the end of input cancels what runs, and closes at once", async () => {
    const child = rawStdio("node", ["dist/server.js"], folder);
    await child.initialize();
    void child.request("tools/call", { name: "wait", arguments: {}, _meta: { progressToken: 1 } }).catch(() => {});
    await child.next();
    void child.end();
    // The server has taken notice of the end.
    expect(await child.next()).toMatchObject({ params: { progress: 2 } });
    process.kill(child.pid, "SIGTERM");
    expect(await child.exited).toBe(1);
    expect(child.stderr()).toMatch(/cancelled[^]*stopped/);
  });
});
