import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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

/** Starts a command as a platform does, in a copy of `dist/`, and stops it by SIGTERM, which must end it with 0. */
async function run(command: readonly string[], use: (origin: string) => Promise<void>): Promise<void> {
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
  const server = spawn(process.execPath, ["server.js", ...own], {
    cwd: copy,
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  await new Promise<void>((resolve, reject) => {
    server.stderr.on("data", (chunk: Buffer) => (log += chunk).includes("listening on") && resolve());
    server.once("exit", (code) => reject(new Error(`the server ended with ${code}: ${log}`)));
  });
  try {
    await use(`http://127.0.0.1:${port}`);
  } finally {
    server.kill("SIGTERM");
    if (server.exitCode === null) await once(server, "exit");
  }
  expect(server.exitCode).toBe(0);
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

describe("systemd", () => {
  const unit = read("deploy", "auction.service");
  const values = (name: string): string[] =>
    [...unit.matchAll(new RegExp(`^${name}=(.*)$`, "gm"))].map(([, value]) => value!);
  const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0;
  if (!hasSystemd) console.log("systemd does not check the unit: systemd-analyze is not installed");

  test.skipIf(!hasSystemd)("the unit is valid and confined, by systemd's own judgement", () => {
    const file = join(folder, "auction.service");
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
    const [command] = values("ExecStart");
    const { drainMs } = JSON.parse(read("auction.mcp.json")).runtime.limits;
    expect(Number(values("TimeoutStopSec")[0]) * 1000).toBeGreaterThan(drainMs + 2000);
    await run(command!.split(" "), bids);
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
    expect(terminationGracePeriodSeconds).toBeGreaterThan(Number(preStop) + drainMs / 1000 + 2);
    await run(args, async (origin) => {
      await bids(origin);
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
