import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { workersProblem, workerWarnings } from "../../runtime/node/worker-state.js";
import { serverWith } from "../runtime/surface.js";
import { clients } from "./clients.js";
import {
  call,
  files,
  folder,
  object,
  pidsOf,
  records,
  script,
  send,
  start,
  textOf,
  until,
  type Server,
} from "./crew.js";
import { hasRedis, startRedis } from "./redis.js";
import { mcpc, processes, project } from "./project.js";

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
  expect(warnings).toMatchObject([
    { message: 'each of the 3 workers has its own rate limits; "runtime.store" shares them' },
    { message: expect.stringContaining('another worker may get the answer and refuse it; declare "runtime.store"') },
  ]);
  // Messages of the server's code are none about its address.
  expect(server.stderr()).not.toContain("undefined");
  await call(server.url, "stumble");
  const errors = (): any[] => records(server).filter(({ level }) => level === "error");
  await until(() => expect(errors()).toHaveLength(2));
  expect(errors().map(({ message }) => message)).toEqual(["uncaught exception", "unhandled promise rejection"]);
  for (const { worker } of errors()) expect(worker).toBeGreaterThan(0);
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
  // Pauses become longer with each failure.
  const pauses = (): number[] =>
    records(server).flatMap((record) => (record.worker === worker ? (record.pauseMs ?? []) : []));
  await until(() => expect(pauses().at(-1)).toBeGreaterThan(400));
  const [healthy] = await pidsOf(server, 1);
  rmSync(away);
  expect([...(await pidsOf(server, 2))]).toContain(healthy);
});

test("a worker that cannot start at the start of the server stops it with one message", async () => {
  const away = join(project({ away: "" }), "away");
  const server = await start({ FAILS_WITH: away }, "2");
  await until(() => expect(server.process.exitCode).toBe(1));
  const failures = records(server).filter(({ level }) => level !== "warning");
  expect(failures).toMatchObject([{ level: "critical", message: "the server could not start", worker: 1 }]);
});

describe.each([
  ["absent", "ENOENT"],
  ["throws", "no memory"],
])("a worker whose process cannot be created (%s)", (SPAWNING, reason) => {
  async function startWith(away: string): Promise<Server> {
    const NODE_OPTIONS = `--require=${join(folder, "spawn.cjs")}`;
    return start({ SPAWNING, NODE_OPTIONS, CANNOT_SPAWN_WITH: away }, "2");
  }
  const unborn = {
    level: "error",
    message: "a worker could not be started or reached",
    error: expect.stringContaining(reason),
  };

  test("stops the start of the server", async () => {
    const server = await startWith(join(project({ away: "" }), "away"));
    await until(() => expect(server.process.exitCode).toBe(1));
    expect(records(server).filter(({ level }) => level === "error")).toMatchObject([unborn]);
  });

  test("is tried again later", async () => {
    const away = join(project({}), "away");
    const server = await startWith(away);
    const [first, second] = await pidsOf(server, 2);
    writeFileSync(away, "");
    process.kill(Number(first), "SIGKILL");
    const failures = (): any[] => records(server).filter(({ message }) => message === unborn.message);
    await until(() => expect(failures().length).toBeGreaterThan(1));
    expect(failures()[0]).toMatchObject(unborn);
    rmSync(away);
    const after = await pidsOf(server, 2);
    expect([...after]).toContain(second);
    expect([...after]).not.toContain(first);
    expect(server.stderr()).not.toContain("uncaught exception");
  });
});

test("the primary process keeps no logs that nothing reads: the workers count what they drop", async () => {
  const server = await start({}, "2");
  const { stderr } = server.process;
  const shout = async (times: number): Promise<void> => {
    for (let left = times; left > 0; left -= 20)
      await Promise.all(Array.from({ length: 20 }, () => call(server.url, "shout")));
  };
  stderr!.pause();
  // About 16 kB each.
  await shout(500);
  stderr!.resume();
  const shouted = (): any[] => records(server).filter(({ message }) => message === "shouted");
  const lost = (): any[] => records(server).filter((record) => record.lost > 0);
  const counted = (): number => shouted().length + lost().reduce((sum, record) => sum + record.lost, 0);
  let calls = 500;
  await until(async () => {
    // A worker reports what it has dropped with its next entry.
    await shout(20);
    calls += 20;
    await vi.waitFor(() => expect(counted()).toBe(calls), { timeout: 2000 });
    expect(new Set(lost().map(({ worker }) => worker))).toEqual(new Set([1, 2]));
  });
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
    const remedy = `start it as one process${"sse" in http ? "" : ', or declare "runtime.store"'}`;
    const message = `--workers: workers share no memory, but this server needs one memory for ${part}; ${remedy}`;
    expect(problem).toBe(part === undefined ? undefined : message);
  });

  const own = { cache: {}, admit: () => undefined, limit: () => {}, metrics: {} } as never;
  const asking = expect.stringContaining("another worker may get the answer and refuse it");
  const each = ["limits of concurrency; divide them by the workers", "metrics; scrape all of them"];
  const shareable = 'cached results and rate limits; "runtime.store" shares them';
  test.each([
    ["features of one memory", own, {}, 2, [shareable, ...each, asking]],
    ["the same with a store", own, { store: {} }, 2, each],
    ["the same, one worker", own, {}, 1, []],
    ["sessions", {}, {}, 2, [asking]],
    ["no sessions", {}, { sessions: false }, 2, []],
  ] as const)(
    "%s: the warnings",
    (_, options, { store, sessions }: { store?: object; sessions?: false }, count, expected) => {
      const server = { ...serverWith({ t: () => "" }), options, store } as never;
      const warnings = expected.map((part) =>
        typeof part === "string" ? `each of the 2 workers has its own ${part}` : part,
      );
      expect(workerWarnings(server, { ...address, sessions: sessions ?? true }, count)).toEqual(warnings);
    },
  );
});
