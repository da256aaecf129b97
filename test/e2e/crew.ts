import { spawn, type ChildProcess } from "node:child_process";
import { request } from "node:http";
import { join } from "node:path";
import { beforeAll, expect, onTestFinished, vi } from "vitest";
import { kept, mcpc, project } from "./project.js";

export const object = { type: "object", properties: {} };
const manifest = {
  server: { name: "crew", version: "1.0.0" },
  tools: [
    { name: "who", description: "Returns the caller.", inputSchema: object },
    { name: "shout", description: "Shouts.", inputSchema: object },
    { name: "stumble", description: "Fails after its answer.", inputSchema: object },
    {
      name: "wait",
      description: "Waits.",
      inputSchema: { type: "object", properties: { file: { type: "string" } }, required: ["file"] },
    },
    { name: "ask", description: "Asks the user.", inputSchema: object },
    {
      name: "print",
      description: "Prints a text several times, without a line end.",
      inputSchema: {
        type: "object",
        properties: { text: { type: "string" }, times: { type: "integer" } },
        required: ["text", "times"],
      },
    },
    {
      name: "block",
      description: "Never ends, and lets nothing else run.",
      inputSchema: { type: "object", properties: { file: { type: "string" } }, required: ["file"] },
    },
  ],
  runtime: {
    transports: { stdio: {}, http: {} },
    limits: { rate: { perMinute: 100_000 } },
    logging: { file: { path: "server.log" }, audit: { file: { path: "audit.log" } } },
  },
};

export const files = {
  "a.mcp.json": manifest,
  "src/hooks.ts": `// @ts-nocheck
import { existsSync } from "node:fs";
import type { OnStop, StartContext } from "../generated/application.js";
export const onStart = async ({ log }: StartContext) => {
  // As pm2 advises; and what says nothing at all.
  process.send?.("ready");
  process.send?.(null);
  if (existsSync(process.env.FAILS_WITH ?? "")) throw new Error("the database is away");
  if (existsSync(process.env.WAITS_WITH ?? "")) log("info", "starting");
  while (existsSync(process.env.WAITS_WITH ?? "")) await new Promise((resolve) => setTimeout(resolve, 5));
  return { log };
};
export const onStop: OnStop = ({ state }) => state.log("info", "closed");
`,
  "src/tools/who.ts": `// @ts-nocheck
import type { Who } from "../../generated/types.js";
export const who: Who = () => String(process.pid);
`,
  "src/tools/shout.ts": `// @ts-nocheck
import type { Shout } from "../../generated/types.js";
export const shout: Shout = (_input, { state }) => {
  state.log("info", "shouted", { text: "a".repeat(100_000) });
  return "shouted";
};
`,
  "src/tools/stumble.ts": `// @ts-nocheck
import type { Stumble } from "../../generated/types.js";
export const stumble: Stumble = () => {
  setImmediate(() => {
    void Promise.reject(new Error("rejected"));
    throw new Error("thrown");
  });
  return "stumbling";
};
`,
  // What the process of a worker needs is away, as long as a file is there.
  "spawn.cjs": `const { existsSync } = require("node:fs");
const path = process.execPath;
const away = { absent: () => "/nowhere/node", throws: () => { throw new Error("no memory"); } };
Object.defineProperty(process, "execPath", {
  get: () => existsSync(process.env.CANNOT_SPAWN_WITH) ? away[process.env.SPAWNING]() : path,
});
`,
  "src/tools/wait.ts": `// @ts-nocheck
import { appendFileSync, existsSync } from "node:fs";
import type { Wait } from "../../generated/types.js";
export const wait: Wait = async ({ file }, { signal }) => {
  appendFileSync(\`\${file}.begun\`, "");
  while (!existsSync(file) && !signal.aborted) await new Promise((resolve) => setTimeout(resolve, 5));
  return signal.aborted ? "aborted" : "waited";
};
`,
  "src/tools/print.ts": `// @ts-nocheck
import type { Print } from "../../generated/types.js";
export const print: Print = ({ text, times }) =>
  new Promise((resolve) => process.stderr.write(text.repeat(times), () => resolve(String(process.pid))));
`,
  "src/tools/block.ts": `// @ts-nocheck
import { appendFileSync } from "node:fs";
import type { Block } from "../../generated/types.js";
export const block: Block = ({ file }) => {
  appendFileSync(file, "");
  while (true);
};
`,
  "src/tools/ask.ts": `// @ts-nocheck
import type { Ask } from "../../generated/types.js";
export const ask: Ask = async (_input, { sample }) => {
  const { content } = await sample({ messages: [], maxTokens: 9 }, "name");
  return \`\${content.text} \${process.pid}\`;
};
`,
};

/** A project whose server has workers, built for all tests of the file that imports this. */
export let folder = "";
export let script = "";
beforeAll(() => {
  folder = kept(files);
  expect(mcpc(folder, "build")).toMatchObject({ code: 0, stderr: "" });
  script = join(folder, "dist", "server.js");
});

export interface Server {
  readonly url: URL;
  /** The working directory, in which the log files are. */
  readonly cwd: string;
  readonly process: ChildProcess;
  readonly stderr: () => string;
}

/** Starts workers as a terminal does, in a process group, which ends with the test. */
export async function start(environment: Record<string, string>, count: string, server = script): Promise<Server> {
  const cwd = project({});
  const child = spawn("node", [server, "--transport", "http", "--port", "0", "--workers", count], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, MCPC_STATE_KEYS: "", ...environment },
    cwd,
    detached: true,
  });
  onTestFinished(() => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, "SIGKILL");
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  await until(() => expect(child.exitCode !== null || /^listening on .+$/m.test(stderr)).toBe(true));
  const url = new URL(/^listening on (\S+)$/m.exec(stderr)?.[1] ?? "http://ended");
  return { url, cwd, process: child, stderr: () => stderr };
}

/** Calls a tool on a connection of its own, which any worker may accept. */
export function call(url: URL, name: string, input: object = {}, more: object = {}): Promise<any> {
  return send(url, "tools/call", { name, arguments: input, ...more }, name);
}

export function send(url: URL, method: string, given: object, name: string): Promise<any> {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {
      sampling: {},
      extensions: { "io.modelcontextprotocol/tasks": {} },
    },
  };
  const headers = {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": method,
    "mcp-name": name,
  };
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: "POST", headers, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("error", reject);
      response.on("end", () => resolve(JSON.parse(text.replace(/^[^{]*/, ""))));
    });
    outgoing.on("error", reject);
    outgoing.end(JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...given, _meta } }));
  });
}

export const textOf = ({ result }: any): string => result.content[0].text;
/** Calls until so many workers have answered. */
export async function pidsOf({ url }: Server, count: number): Promise<Set<string>> {
  const pids = new Set<string>();
  await until(async () => {
    pids.add(textOf(await call(url, "who")));
    expect(pids.size).toBe(count);
  });
  return pids;
}
export const records = ({ stderr }: Server): any[] =>
  stderr()
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("listening on"))
    .map((line) => JSON.parse(line));
export const until = (check: () => unknown): Promise<unknown> => vi.waitFor(check, { timeout: 60_000, interval: 10 });
