import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { kept, mcpc } from "./project.js";
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

describe.runIf(process.platform !== "win32")("the end of its input ends a server", () => {
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

  test.concurrent.each(Object.entries(holds))("with %s", async (HOLD, [, isFree]) => {
    const server = rawStdio("node", ["dist/server.js"], folder, { HOLD });
    await server.initialize();
    const { result } = await server.request("tools/call", { name: "hold", arguments: {} });
    expect(result.content[0].text).toBe("held");
    const code = await server.end();
    if (isFree) expect(code).toBe(0);
  });
});
