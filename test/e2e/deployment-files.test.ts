import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { validate as lintDockerfile, ValidationCode } from "dockerfile-utils";
import { Secret, Service } from "kubernetes-models/v1";
import { Deployment } from "kubernetes-models/apps/v1";
import { PodDisruptionBudget } from "kubernetes-models/policy/v1";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { clients, serverOf } from "./clients.js";
import { hasRedis, startRedis, type Redis } from "./redis.js";
import { freePort } from "./free-port.js";

const fixture = join(import.meta.dirname, "..", "..", "fixtures", "replicas");
const read = (...path: string[]): string => readFileSync(join(fixture, ...path), "utf8");
const key = "key-of-ada-0123456789";
/** What the secret of each platform brings: the names are checked, not the values. */
const secrets: Record<string, string> = { AUCTION_API_KEYS: key, MCPC_STATE_KEYS: "a-secret-of-32-characters-or-more" };

const folder = mkdtempSync(join(tmpdir(), "mcpc-deployed-"));
let redis: Redis | undefined;
beforeAll(async () => {
  if (!hasRedis) return;
  redis = await startRedis();
  secrets["REDIS_URL"] = redis.url;
  secrets["DATABASE_URL"] = redis.url;
});
afterAll(async () => {
  await redis?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/**
 * Starts a command as a platform does, in a copy of `dist/`, and stops it by SIGTERM, which must end it with 0. The
 * program and first arguments in `confine`, if any, run the command.
 */
async function run(
  command: readonly string[],
  use: (origin: string) => Promise<void>,
  confine: readonly string[] = [],
): Promise<void> {
  const port = await freePort();
  const [program, script, ...options] = command as [string, string, ...string[]];
  expect([program, script]).toEqual([
    expect.stringMatching(/^(\/usr\/bin\/)?node$/),
    expect.stringMatching(/^(.*\/)?server\.js$/),
  ]);
  const copy = mkdtempSync(join(folder, "dist-"));
  cpSync(join(serverOf("replicas"), ".."), copy, { recursive: true });
  const own = options.map((option, index) => (options[index - 1] === "--port" ? String(port) : option));
  expect(own).not.toEqual(options);
  const env = { ...process.env, ...secrets };
  const [first, ...rest] = [...confine, process.execPath, "server.js", ...own];
  const server = spawn(first!, rest, {
    cwd: copy,
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  await new Promise<void>((resolve, reject) => {
    server.stderr.on("data", (chunk: Buffer) => (log += chunk).includes("listening on") && resolve());
    server.once("exit", (code, signal) => reject(new Error(`the server ended with ${code ?? signal}: ${log}`)));
  });
  try {
    await use(`http://127.0.0.1:${port}`);
  } finally {
    server.kill("SIGTERM");
    if (server.exitCode === null) await once(server, "exit");
  }
  expect(server.exitCode).toBe(0);
}

/** The status of a request with this `Host`, which is 403 for a name that the server does not have. */
async function statusUnder(origin: string, host: string): Promise<number> {
  const outgoing = request(new URL("/mcp", origin), {
    method: "PUT",
    headers: { host, authorization: `Bearer ${key}` },
  });
  const [response] = await once(outgoing.end(), "response");
  response.resume();
  return response.statusCode;
}

async function bids(origin: string): Promise<void> {
  for (const { connect } of clients) {
    const client = await connect(new URL("/mcp", origin), { authorization: `Bearer ${key}` });
    expect(await client.callTool({ name: "bid", arguments: { lot: "lamp" } })).not.toMatchObject({ isError: true });
    await client.close();
  }
}

describe("Docker", () => {
  const text = read("Dockerfile");
  const stage = text.slice(text.lastIndexOf("\nFROM "));
  const commandOf = (instruction: string): string[] =>
    JSON.parse(new RegExp(`${instruction} (\\[.*\\])\n`).exec(stage)![1]!);

  test("a linter finds nothing in the Dockerfile, and would find a mistake", () => {
    expect(lintDockerfile(text)).toEqual([]);
    const [mistake] = lintDockerfile(text.replace("\nWORKDIR", "\nWORKDIIR"));
    expect(mistake?.code).toBe(ValidationCode.UNKNOWN_INSTRUCTION);
  });

  test.skipIf(!hasRedis)(
    "the image runs as a user without rights, and its command serves and passes its own health check",
    async () => {
      expect(stage).toContain("\nUSER node\n");
      await run(commandOf("\nCMD"), async (origin) => {
        await bids(origin);
        const [node, ...check] = commandOf("  CMD").map((part) => part.replace("http://127.0.0.1:3000", origin));
        expect(node).toBe("node");
        const status = (args: readonly string[]): Promise<number> =>
          once(spawn(process.execPath, args, { stdio: "ignore" }), "exit").then(([code]) => code as number);
        expect(await status(check)).toBe(0);
        expect(await status(check.map((part) => part.replace("/healthz", "/mcp")))).toBe(1);
      });
    },
  );
});

/** The unit's system calls, from the groups as systemd has them. */
function allowedCalls(filters: readonly string[]): Set<string> {
  const { stdout } = spawnSync("systemd-analyze", ["syscall-filter"], { encoding: "utf8" });
  const groups = new Map(
    stdout.split(/\n(?=@)/).map((text): [string, string[]] => {
      const [name, ...members] = text.split("\n").map((line) => line.trim());
      return [name!, members.filter((line) => line !== "" && !line.startsWith("#"))];
    }),
  );
  const callsOf = (name: string): string[] => (groups.has(name) ? groups.get(name)!.flatMap(callsOf) : [name]);
  const allowed = new Set<string>();
  for (const filter of filters)
    for (const name of filter.replace(/^~/, "").split(" "))
      for (const call of callsOf(name))
        if (!filter.startsWith("~")) allowed.add(call);
        else allowed.delete(call);
  return allowed;
}

describe("systemd", () => {
  const unit = read("deploy", "auction@.service");
  const values = (name: string): string[] =>
    [...unit.matchAll(new RegExp(`^${name}=(.*)$`, "gm"))].map(([, value]) => value!);
  const command = values("ExecStart")[0]!.replace("%i", "3001").split(" ");
  const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0;
  if (!hasSystemd) console.log("systemd does not check the unit: systemd-analyze is not installed");
  const confine = (action: string, calls: Iterable<string>): string[] => [
    ...["python3", join(import.meta.dirname, "confine.py"), action, [...calls].join(",")],
  ];
  const [python, ...script] = [...confine("kill", allowedCalls(["@system-service"])), "true"];
  const canConfine = hasSystemd && spawnSync(python!, script).status === 0;
  if (!canConfine)
    console.log("the unit's filter of system calls is not tried: it needs systemd, Python and libseccomp");

  test.skipIf(!hasSystemd)("the unit is valid and confined, by systemd's own judgement", () => {
    const file = join(folder, "auction@.service");
    writeFileSync(file, unit.replace("/usr/bin/node", process.execPath));
    const verified = spawnSync("systemd-analyze", ["verify", file], { encoding: "utf8" });
    expect([verified.stdout, verified.stderr, verified.status]).toEqual(["", "", 0]);
    // Its scale is from 0 (confined) to 100 (a shell of root's has 96).
    const confined = ["security", "--offline=yes", "--threshold=20", file];
    expect(spawnSync("systemd-analyze", confined).status).toBe(0);
    writeFileSync(file, unit.replace(/^(Protect|Private|Restrict|System|Capability).*\n/gm, ""));
    expect(spawnSync("systemd-analyze", confined).status).toBe(1);
  });

  test.skipIf(!hasRedis)("its command serves, and stops in time", async () => {
    const { drainMs } = JSON.parse(read("auction.mcp.json")).runtime.limits;
    expect(Number(values("TimeoutStopSec")[0]) * 1000).toBeGreaterThan(drainMs + 12_000);
    await run(command, bids);
  });

  test.skipIf(!canConfine || !hasRedis)("its filter of system calls lets the server and workers serve", async () => {
    const action = values("SystemCallErrorNumber")[0] ?? "kill";
    const allowed = allowedCalls(values("SystemCallFilter"));
    const confined = confine(action, allowed);
    await run(command, bids, confined);
    await run([...command, "--workers", "2"], bids, confined);
    allowed.delete("openat");
    const [program, ...args] = [...confine(action, allowed), "true"];
    expect(spawnSync(program!, args).status).not.toBe(0);
  });

  test("a dependency that is away never ends the restarts, and wrong settings do", () => {
    expect([values("StartLimitIntervalSec"), values("Restart")]).toEqual([["0"], ["always"]]);
    const env = { ...process.env, ...secrets, AUCTION_API_KEYS: "" };
    const [, , ...options] = command;
    const { status } = spawnSync(process.execPath, [serverOf("replicas"), ...options], { env, cwd: folder });
    expect(values("RestartPreventExitStatus")).toEqual([String(status)]);
  });
});

describe("Kubernetes", () => {
  const documents = parseAllDocuments(read("deploy", "kubernetes.yaml")).map((document) => document.toJS());
  const of = (kind: string): any => documents.find((document) => document.kind === kind);
  const kinds = { Secret, Deployment, Service, PodDisruptionBudget };

  test("each document is valid by the schema of its kind, and a wrong type is not", () => {
    expect(documents.map(({ kind }) => kind).toSorted()).toEqual(Object.keys(kinds).toSorted());
    for (const [kind, Kind] of Object.entries(kinds)) {
      const { apiVersion } = new Kind();
      expect(of(kind).apiVersion).toBe(apiVersion);
      new Kind(of(kind)).validate();
      expect(() => new Kind({ ...of(kind), metadata: { name: 7 } } as never).validate()).toThrow();
    }
  });

  test("service, budget and replicas belong to the pods of the deployment, and one pod may go", () => {
    const { replicas, selector, template } = of("Deployment").spec;
    expect(template.metadata.labels).toEqual(selector.matchLabels);
    expect(of("Service").spec.selector).toEqual(selector.matchLabels);
    expect(of("PodDisruptionBudget").spec.selector).toEqual(selector);
    expect(of("PodDisruptionBudget").spec.minAvailable).toBe(replicas - 1);
    const [container] = template.spec.containers;
    expect(of("Service").spec.ports[0].targetPort).toBe(container.ports[0].name);
    expect(container.envFrom).toEqual([{ secretRef: { name: of("Secret").metadata.name } }]);
    const manifest = read("auction.mcp.json");
    for (const variable of Object.keys(of("Secret").stringData))
      if (variable !== "MCPC_STATE_KEYS") expect(manifest).toContain(`"env": "${variable}"`);
  });

  test.skipIf(!hasRedis)("the container serves, its probes are answered, and it stops within its time", async () => {
    const { containers, terminationGracePeriodSeconds } = of("Deployment").spec.template.spec;
    const [{ args, ports, lifecycle, startupProbe, livenessProbe, readinessProbe }] = containers;
    expect(args[args.indexOf("--port") + 1]).toBe(String(ports[0].containerPort));
    const { drainMs } = JSON.parse(read("auction.mcp.json")).runtime.limits;
    const [, preStop] = lifecycle.preStop.exec.command;
    expect(terminationGracePeriodSeconds).toBeGreaterThan(Number(preStop) + drainMs / 1000 + 12);
    // A dependency that is away must not end a pod that starts.
    expect(startupProbe.httpGet).toEqual(livenessProbe.httpGet);
    await run(args, async (origin) => {
      await bids(origin);
      expect(await statusUnder(origin, of("Service").metadata.name)).toBe(405);
      for (const { httpGet } of [startupProbe, livenessProbe, readinessProbe]) {
        expect(httpGet.port).toBe(ports[0].name);
        expect((await fetch(new URL(httpGet.path, origin))).status).toBe(200);
      }
    });
  });

  test("YAML that the guide shows elsewhere has the same probes", () => {
    const probes = parse(readFileSync(join(import.meta.dirname, "deployment", "probes.yaml"), "utf8"));
    const [container] = of("Deployment").spec.template.spec.containers;
    for (const probe of ["livenessProbe", "readinessProbe"])
      expect(container[probe].httpGet.path).toBe(probes[probe].httpGet.path);
  });
});
