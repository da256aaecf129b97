import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { workersProblem } from "../../runtime/node/worker-state.js";
import { serverWith } from "../runtime/surface.js";
import { clients } from "./clients.js";
import { hasRedis, startRedis } from "./redis.js";
import { kept, mcpc, processes, project } from "./project.js";

const object = { type: "object", properties: {} };
const manifest = {
  server: { name: "crew", version: "1.0.0" },
  tools: [
    { name: "who", description: "Returns the caller.", inputSchema: object },
    { name: "shout", description: "Shouts.", inputSchema: object },
    {
      name: "wait",
      description: "Waits.",
      inputSchema: { type: "object", properties: { file: { type: "string" } }, required: ["file"] },
    },
    { name: "ask", description: "Asks the user.", inputSchema: object },
  ],
  runtime: {
    transports: { stdio: {}, http: {} },
    limits: { rate: { perMinute: 100_000 } },
    logging: { file: { path: "server.log" }, audit: { file: { path: "audit.log" } } },
  },
};

const files = {
  "a.mcp.json": manifest,
  "src/hooks.ts": `// @ts-nocheck
import { existsSync } from "node:fs";
import type { OnStop, StartContext } from "../generated/application.js";
export const onStart = async ({ log }: StartContext) => {
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
  "src/tools/wait.ts": `// @ts-nocheck
import { appendFileSync, existsSync } from "node:fs";
import type { Wait } from "../../generated/types.js";
export const wait: Wait = async ({ file }, { signal }) => {
  appendFileSync(\`\${file}.begun\`, "");
  while (!existsSync(file) && !signal.aborted) await new Promise((resolve) => setTimeout(resolve, 5));
  return signal.aborted ? "aborted" : "waited";
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

let folder = "";
let script = "";
beforeAll(() => {
  folder = kept(files);
  expect(mcpc(folder, "build")).toMatchObject({ code: 0, stderr: "" });
  script = join(folder, "dist", "server.js");
});

interface Server {
  readonly url: URL;
  /** The working directory, in which the log files are. */
  readonly cwd: string;
  readonly process: ChildProcess;
  readonly stderr: () => string;
}

/** Starts workers as a terminal does, in a process group, which ends with the test. */
async function start(environment: Record<string, string>, count: string, server = script): Promise<Server> {
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
function call(url: URL, name: string, input: object = {}, more: object = {}): Promise<any> {
  return send(url, "tools/call", { name, arguments: input, ...more }, name);
}

function send(url: URL, method: string, given: object, name: string): Promise<any> {
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

const textOf = ({ result }: any): string => result.content[0].text;
/** Calls until so many workers have answered. */
async function pidsOf({ url }: Server, count: number): Promise<Set<string>> {
  const pids = new Set<string>();
  await until(async () => {
    pids.add(textOf(await call(url, "who")));
    expect(pids.size).toBe(count);
  });
  return pids;
}
const records = ({ stderr }: Server): any[] =>
  stderr()
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("listening on"))
    .map((line) => JSON.parse(line));
const until = (check: () => unknown): Promise<unknown> => vi.waitFor(check, { timeout: 60_000, interval: 10 });

test("workers share the port, the work, and the calls that ask; lines of their logs stay whole", async () => {
  const server = await start({}, "3");
  expect(server.stderr().match(/listening on/g)).toHaveLength(1);
  const pids = await pidsOf(server, 3);
  expect(pids).not.toContain(String(server.process.pid));
  for (const { connect } of clients) {
    const client = await connect(server.url);
    const calls = Array.from({ length: 8 }, () => client.callTool({ name: "who", arguments: {} }));
    for (const { content } of await Promise.all(calls)) expect(pids).toContain((content as any)[0].text);
    await client.close();
  }
  // Whichever worker asked, the next one continues the call.
  const states = await Promise.all(
    Array.from({ length: 6 }, async () => (await call(server.url, "ask")).result.requestState),
  );
  const inputResponses = { name: { role: "assistant", model: "m", content: { type: "text", text: "Ada" } } };
  const answers = await Promise.all(
    states.map((requestState) => call(server.url, "ask", {}, { inputResponses, requestState })),
  );
  const answered = answers.map(textOf);
  expect(answered.every((text) => text.startsWith("Ada "))).toBe(true);
  await Promise.all(Array.from({ length: 24 }, () => call(server.url, "shout")));
  await until(() => expect(records(server).filter(({ message }) => message === "shouted")).toHaveLength(24));
  const warnings = records(server).filter(({ level }) => level === "warning");
  expect(warnings).toMatchObject([{ message: "each of the 3 workers has its own rate limits" }]);
  const ended = once(server.process, "close");
  server.process.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
  const closed = records(server).filter(({ message }) => message === "closed");
  expect(closed.map(({ worker }) => worker).toSorted()).toEqual([1, 2, 3]);
  const audits = [1, 2, 3].map((number) => `audit-${number}.log`);
  const logs = ["server-1.log", "server-2.log", "server-3.log", "server.log"];
  expect(readdirSync(server.cwd).toSorted()).toEqual([...audits, ...logs]);
  for (const [index, file] of audits.entries())
    for (const line of readFileSync(join(server.cwd, file), "utf8").trim().split("\n"))
      expect(JSON.parse(line)).toMatchObject({ type: "audit", worker: index + 1 });
  const linesOf = (file: string): number => readFileSync(join(server.cwd, file), "utf8").split("\n").length - 1;
  expect(logs.map(linesOf).reduce((sum, lines) => sum + lines)).toBe(records(server).length);
});

test("a worker that is killed is replaced, and one that cannot start is tried again while others serve", async () => {
  const away = join(project({}), "away");
  const server = await start({ FAILS_WITH: away }, "2");
  const [first, second] = await pidsOf(server, 2);
  process.kill(Number(first), "SIGKILL");
  const ended = (pid: unknown): boolean => records(server).some((record) => record.pid === Number(pid));
  await until(() => expect(ended(first)).toBe(true));
  const after = await pidsOf(server, 2);
  expect([...after]).not.toContain(first);
  expect([...after]).toContain(second);
  expect(records(server)).toContainEqual(
    expect.objectContaining({
      level: "error",
      message: "a worker has ended; another one takes its place",
      pid: Number(first),
      signal: "SIGKILL",
      pauseMs: 100,
    }),
  );
  // A worker that an operator stops ends in good order, and is replaced, too.
  process.kill(Number(second), "SIGTERM");
  await until(() => expect(ended(second)).toBe(true));
  expect([...(await pidsOf(server, 2))]).not.toContain(second);
  expect(records(server).filter(({ message }) => message === "closed")).toHaveLength(1);
  writeFileSync(away, "");
  const [unlucky] = await pidsOf(server, 1);
  process.kill(Number(unlucky), "SIGKILL");
  const failures = (): any[] => records(server).filter(({ level }) => level === "critical");
  await until(() => expect(failures().length).toBeGreaterThan(1));
  const { worker } = records(server).find(({ pid }) => pid === Number(unlucky));
  const error = expect.stringContaining("the database is away");
  for (const failure of failures())
    expect(failure).toMatchObject({ message: "the server could not start", worker, error });
  const [healthy] = await pidsOf(server, 1);
  rmSync(away);
  expect([...(await pidsOf(server, 2))]).toContain(healthy);
});

test("a worker that cannot start at the start of the server stops it with one message", async () => {
  const away = join(project({ away: "" }), "away");
  const server = await start({ FAILS_WITH: away }, "2");
  await until(() => expect(server.process.exitCode).toBe(1));
  const [, ...failures] = records(server);
  expect(failures).toMatchObject([{ level: "critical", message: "the server could not start", worker: 1 }]);
});

test("a stop while a worker starts again lets calls of the others end, and is no failure", async () => {
  const waits = join(project({}), "waits");
  const server = await start({ WAITS_WITH: waits }, "2");
  const [first] = await pidsOf(server, 2);
  writeFileSync(waits, "");
  process.kill(Number(first), "SIGKILL");
  await until(() => expect(records(server).map(({ message }) => message)).toContain("starting"));
  const file = `${waits}.go`;
  const answer = call(server.url, "wait", { file });
  await until(() => expect(existsSync(`${file}.begun`)).toBe(true));
  const ended = once(server.process, "close");
  server.process.kill();
  await until(() => expect(call(server.url, "who")).rejects.toThrow("ECONNREFUSED"));
  writeFileSync(file, "");
  expect(textOf(await answer)).toBe("waited");
  expect(await ended).toEqual([0, null]);
});

test.skipIf(!hasRedis)("with a store, every worker answers for every task, also for those of a dead one", async () => {
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  const shared = project({
    "a.mcp.json": {
      server: { name: "shared", version: "1.0.0" },
      tools: [
        { name: "who", description: "Returns the caller.", inputSchema: object },
        { name: "job", description: "Runs a job.", execution: { taskSupport: "required" }, inputSchema: object },
      ],
      runtime: { store: { redis: { url: { env: "REDIS_URL" } } } },
    },
    "src/tools/who.ts": files["src/tools/who.ts"],
    "src/tools/job.ts": `// @ts-nocheck
import type { Job } from "../../generated/types.js";
export const job: Job = async (_input, { signal, log }) => {
  console.error(JSON.stringify({ message: "begun", pid: process.pid }));
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  return "aborted";
};
`,
  });
  expect(mcpc(shared, "build")).toMatchObject({ code: 0, stderr: "" });
  const server = await start({ REDIS_URL: redis.url }, "2", join(shared, "dist", "server.js"));
  await pidsOf(server, 2);
  const { taskId } = (await call(server.url, "job")).result;
  const begun = (): any => records(server).find(({ message }) => message === "begun");
  await until(() => expect(begun()).toBeDefined());
  const status = async (): Promise<string> => (await send(server.url, "tasks/get", { taskId }, taskId)).result.status;
  expect(await Promise.all(Array.from({ length: 8 }, status))).toEqual(Array.from({ length: 8 }, () => "working"));
  process.kill(begun().pid, "SIGKILL");
  await until(async () => expect(await status().catch(() => "")).toBe("failed"));
});

/** Stops a server with a running call as an operator does. */
const stops: readonly (readonly [how: string, kill: (pid: number) => void])[] = [
  ["SIGTERM to the primary process", (pid) => process.kill(pid, "SIGTERM")],
  ["SIGINT to all processes, as of a terminal", (pid) => process.kill(-pid, "SIGINT")],
];

describe.runIf(process.platform !== "win32").each(stops)("%s", (_how, kill) => {
  async function running(): Promise<{ server: Server; file: string; answer: Promise<any> }> {
    const server = await start({}, "2");
    const file = join(project({}), "go");
    const answer = call(server.url, "wait", { file });
    await until(() => expect(existsSync(`${file}.begun`)).toBe(true));
    return { server, file, answer };
  }

  test("lets calls end", async () => {
    const { server, file, answer } = await running();
    const ended = once(server.process, "close");
    kill(server.process.pid!);
    await until(() => expect(call(server.url, "who")).rejects.toThrow("ECONNREFUSED"));
    writeFileSync(file, "");
    expect(textOf(await answer)).toBe("waited");
    expect(await ended).toEqual([0, null]);
  });

  test("sent twice cancels calls", async () => {
    const { server, answer } = await running();
    const ended = once(server.process, "close");
    kill(server.process.pid!);
    await until(() => expect(call(server.url, "who")).rejects.toThrow("ECONNREFUSED"));
    kill(server.process.pid!);
    await answer.catch(() => {});
    expect(await ended).toEqual([1, null]);
    expect(processes(script)).toEqual([]);
  });
});

describe("what cannot have workers says why", () => {
  const run = (environment: Record<string, string>, ...options: string[]): readonly [number | null, string] => {
    const env = { ...process.env, ...environment };
    const { status, stderr } = spawnSync("node", [script, ...options], {
      cwd: project({}),
      encoding: "utf8",
      env,
      input: "",
    });
    return [status, stderr];
  };

  test.each([
    [{}, ["--workers", "2"], "--workers: only http can have workers; add --transport http, or leave the option out"],
    [
      {},
      ["--workers", "0", "--transport", "http"],
      '--workers: the number of workers is from 1 to 999, or "auto", not "0"',
    ],
  ])("%j %j", (environment, options, message) => {
    const [code, text] = run(environment, ...options);
    expect(text).toContain(message);
    expect(code).toBe(2);
  });

  test("variables of HTTP have no effect over stdio", () => {
    const none = expect.not.stringMatching(/MCPC_|workers/);
    expect(run({ MCPC_WORKERS: "2", MCPC_PORT: "many" })).toEqual([0, none]);
  });

  test("a taken port is reported once", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    const [code, text] = run({}, "--workers", "auto", "--transport", "http", "--port", String(port));
    taken.close();
    expect([code, text.match(/cannot listen on/g)]).toEqual([2, ["cannot listen on"]]);
  });

  const address = { path: "/mcp", host: "127.0.0.1", port: 0, allowedOrigins: [], allowedHosts: [] };
  const ask = new Map([["name", { message: "?" }]]);
  test.each([
    ["tasks", { task: "optional" as const }, {}, "tasks"],
    ["a subscription", {}, {}, 'subscriptions to "a:b"'],
    ["HTTP+SSE", {}, { sse: { path: "/sse", messagesPath: "/messages" } }, "the transport sse"],
    ["tool events", {}, { toolEvents: true }, "the transport toolEvents"],
    ["questions in sessions", { elicitations: ask }, {}, 'questions of "t" to clients with sessions'],
    ["questions without sessions", { elicitations: ask }, { sessions: false }, undefined],
    ["tasks with a store", { task: "optional" as const }, {}, undefined],
    ["tool events with a store", {}, { toolEvents: true }, undefined],
    ["questions in sessions with a store", { elicitations: ask }, {}, undefined],
    ["HTTP+SSE with a store", {}, { sse: { path: "/sse", messagesPath: "/messages" } }, "the transport sse"],
    ["nothing of all that", {}, {}, undefined],
  ])("%s", (name, surface, http, part) => {
    const server = serverWith(
      { t: () => "" },
      { surface, ...(name === "a subscription" && { resources: { "a:b": () => "" } }) },
    );
    if (name.endsWith("with a store")) Object.assign(server, { store: {} });
    const problem = workersProblem(server, { ...address, ...http }, "--workers");
    const message = `--workers: workers share no memory, but this server needs one memory for ${part}; start it as one process`;
    expect(problem).toBe(part === undefined ? undefined : message);
  });
});
