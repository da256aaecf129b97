import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { kept, mcpc, project } from "./project.js";
import { rawStdio } from "./raw-stdio.js";

/** What code keeps alive, or does, when its server is to end; and whether the process can end by itself. */
const holds: Readonly<Record<string, readonly [code: string, isFree: boolean]>> = {
  "a timer": ["setInterval(() => {}, 1000);", true],
  "a socket": ["createServer().listen(0);", true],
  "a child process with a pipe": ['spawn("sleep", ["20"], { stdio: "pipe" });', true],
  "a thread that waits": ['new Worker("setInterval(() => {}, 1000)", { eval: true });', true],
  "a thread that is busy": ['new Worker("for (;;);", { eval: true });', true],
  "a thread that waits for a file": [
    `await once(new Worker("require('worker_threads').parentPort.postMessage(1), require('fs').readFileSync('pipe')", { eval: true }), "message");`,
    false,
  ],
  "a file that has nothing to read": ['readFile("pipe", () => {});', false],
  "a listener of exit that throws": ['process.on("exit", () => { throw new Error("no"); });', true],
  "a listener of exit that waits": [
    'process.on("exit", () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));',
    false,
  ],
};

describe.runIf(process.platform !== "win32")("a server ends", () => {
  let folder = "";
  beforeAll(() => {
    folder = kept({
      "package.json": { type: "module" },
      "a.mcp.json": {
        server: { name: "holds", version: "1.0.0" },
        tools: [{ name: "hold", description: "Never answers.", inputSchema: { type: "object", properties: {} } }],
      },
      "src/tools/hold.ts": `// @ts-nocheck
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs";
import { createServer } from "node:net";
import { Worker } from "node:worker_threads";
const holds = {\n${Object.entries(holds)
        .map(([name, [code]]) => `  ${JSON.stringify(name)}: async () => { ${code} },\n`)
        .join("")}};
export const hold = async () => (await holds[process.env.HOLD](), "held");
`,
    });
    execFileSync("mkfifo", [join(folder, "pipe")]);
    expect(mcpc(folder, "build")).toMatchObject({ code: 0, stderr: "" });
  });

  // A process outside of its own namespace would die of the signal in any case.
  const isolate = ["--pid", "--fork", "--kill-child", "--mount-proc"];
  const canIsolate = spawnSync("unshare", [...isolate, "true"]).status === 0;
  test.skipIf(!canIsolate)("as the first process of a container, also while it starts", async () => {
    const waiting = project({
      "a.mcp.json": { server: { name: "waits", version: "1.0.0" }, tools: [], runtime: { transports: { http: {} } } },
      "src/hooks.ts": `// @ts-nocheck
export const onStart = async () => {
  console.error("starting");
  await new Promise((resolve) => setTimeout(resolve, 600_000));
};
`,
    });
    expect(mcpc(waiting, "build")).toMatchObject({ code: 0, stderr: "" });
    const child = spawn("unshare", [...isolate, "node", "dist/server.js", "--port", "0"], {
      cwd: waiting,
      stdio: ["ignore", "ignore", "pipe"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    let stderr = "";
    child.stderr.on("data", (text: Buffer) => (stderr += String(text)));
    await vi.waitFor(() => expect(stderr).toContain("starting"), 60_000);
    const inside = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim();
    process.kill(Number(inside), "SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  });

  test.concurrent.each(Object.entries(holds))("at the end of its input, with %s", async (HOLD, [, isFree]) => {
    const server = rawStdio("node", ["dist/server.js"], folder, { HOLD });
    await server.initialize();
    const { result } = await server.request("tools/call", { name: "hold", arguments: {} });
    expect(result.content[0].text).toBe("held");
    const code = await server.end();
    if (isFree) expect(code).toBe(0);
  });
});
