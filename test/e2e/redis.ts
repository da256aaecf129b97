import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "redis";
import { freePort } from "./free-port.js";

export interface Redis {
  readonly url: string;
  readonly port: number;
  /** Sends a command, with a connection of its own. */
  ask(...args: string[]): Promise<unknown>;
  /** Ends the process as a crash does. */
  kill(): Promise<void>;
  /** Starts the process again, on the same port and with the same data. */
  restart(): Promise<void>;
  /** Stops the process from running, so that commands hang, until `resume`. */
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
}

export interface RedisSetup {
  /** Every write is on the disk before its answer, so that a crash loses nothing. */
  readonly durable?: boolean;
  readonly password?: string;
  /** A node of a cluster: of this one alone, with all slots, or of several that `startCluster` joins. */
  readonly cluster?: boolean | { readonly busPort: number };
  /** Paths of the certificate and its key. The server then speaks TLS only. */
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly port?: number;
  /** The port of the master that this server copies. */
  readonly copies?: number;
}

/** The program of the tests, such as `valkey-server`. */
const program = process.env["REDIS_SERVER"] || "redis-server";
/** Whether the program is installed. Tests without it are skipped. */
export const hasRedis = spawnSync(program, ["--version"]).status === 0;
if (!hasRedis) console.warn(`${program} is not installed: tests of the store are skipped`);

/** A Redis of this test's own, on a free port of the loopback address. */
export async function startRedis(setup: RedisSetup = {}): Promise<Redis> {
  const folder = mkdtempSync(join(tmpdir(), "mcpc-redis-"));
  const { durable = false, password, cluster = false, tls, copies } = setup;
  const port = setup.port ?? (await freePort());
  const busPort = typeof cluster === "object" ? cluster.busPort : await freePort();
  const args = [
    ...(tls ? ["--port", "0", "--tls-port", String(port)] : ["--port", String(port)]),
    ...(tls ? ["--tls-cert-file", tls.cert, "--tls-key-file", tls.key, "--tls-auth-clients", "no"] : []),
    ...["--bind", "127.0.0.1", "--dir", folder, "--save", "", "--daemonize", "no"],
    ...(durable ? ["--appendonly", "yes", "--appendfsync", "always"] : []),
    ...(password === undefined ? [] : ["--requirepass", password]),
    ...(cluster === false ? [] : ["--cluster-enabled", "yes", "--cluster-port", String(busPort)]),
    ...(cluster === false ? [] : ["--cluster-node-timeout", "5000", "--cluster-replica-validity-factor", "0"]),
    ...(copies === undefined ? [] : ["--replicaof", "127.0.0.1", String(copies)]),
  ];
  let child = await startProcess(args, "Ready to accept connections");
  const url = `${tls ? "rediss" : "redis"}://${password === undefined ? "" : `:${password}@`}127.0.0.1:${port}`;
  const ask = async (...command: string[]): Promise<unknown> => {
    const client = createClient({ url, ...(tls && { socket: { tls: true, rejectUnauthorized: false } }) });
    client.on("error", () => {});
    await client.connect();
    try {
      return await client.sendCommand(command);
    } finally {
      client.destroy();
    }
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGCONT");
    child.kill(signal);
    await once(child, "exit");
  };
  if (cluster === true) {
    await ask("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
    await until(async () => String(await ask("CLUSTER", "INFO")).includes("cluster_state:ok"));
  }
  return {
    url,
    port,
    ask,
    kill: () => end("SIGKILL"),
    async restart() {
      child = await startProcess(args, "Ready to accept connections");
    },
    pause: () => void child.kill("SIGSTOP"),
    resume: () => void child.kill("SIGCONT"),
    async stop() {
      await end("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A cluster of three nodes with a third of the slots each, and of a fourth one that copies the first. */
export async function startCluster(): Promise<readonly Redis[]> {
  const busPorts = await Promise.all(Array.from({ length: 4 }, () => freePort()));
  const nodes = await Promise.all(busPorts.map((busPort) => startRedis({ durable: true, cluster: { busPort } })));
  const [first, , , copy] = nodes as [Redis, Redis, Redis, Redis];
  for (const [index, { port }] of nodes.entries())
    if (index > 0) await first.ask("CLUSTER", "MEET", "127.0.0.1", String(port), String(busPorts[index]));
  const slots = ["0-5460", "5461-10922", "10923-16383"];
  for (const [index, range] of slots.entries())
    await nodes[index]!.ask("CLUSTER", "ADDSLOTSRANGE", ...range.split("-"));
  const says = (text: string) => async (): Promise<boolean> => {
    const infos = await Promise.all(nodes.map(({ ask }) => ask("CLUSTER", "INFO")));
    return infos.every((info) => String(info).includes(text));
  };
  await until(says("cluster_known_nodes:4"));
  await copy.ask("CLUSTER", "REPLICATE", String(await first.ask("CLUSTER", "MYID")));
  await until(says("cluster_state:ok"));
  await until(async () => String(await copy.ask("INFO", "replication")).includes("master_link_status:up"));
  return nodes;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await holds()); tries += 1) {
    if (tries === 600) throw new Error("the cluster does not become ready");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export interface Sentinel {
  readonly port: number;
  ask(...args: string[]): Promise<unknown>;
  stop(): Promise<void>;
}

/** A sentinel that watches one master, and alone decides about its failure. */
export async function startSentinel(name: string, master: number): Promise<Sentinel> {
  const folder = mkdtempSync(join(tmpdir(), "mcpc-sentinel-"));
  const port = await freePort();
  const config = join(folder, "sentinel.conf");
  const lines = [
    `port ${port}`,
    "bind 127.0.0.1",
    `dir ${folder}`,
    `sentinel monitor ${name} 127.0.0.1 ${master} 1`,
    `sentinel down-after-milliseconds ${name} 500`,
    `sentinel failover-timeout ${name} 2000`,
  ];
  writeFileSync(config, `${lines.join("\n")}\n`);
  const child = await startProcess([config, "--sentinel"], "+monitor master");
  return {
    port,
    async ask(...args) {
      const client = createClient({ url: `redis://127.0.0.1:${port}` });
      client.on("error", () => {});
      await client.connect();
      try {
        return await client.sendCommand(args);
      } finally {
        client.destroy();
      }
    },
    async stop() {
      child.kill("SIGKILL");
      await once(child, "exit");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Starts the program, and resolves when its output contains a text. It ends with the test. */
async function startProcess(args: readonly string[], text: string): Promise<ChildProcess> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  const stopWithTests = (): void => void child.kill("SIGKILL");
  process.once("exit", stopWithTests);
  child.once("exit", () => process.off("exit", stopWithTests));
  await new Promise<void>((resolve, reject) => {
    let output = "";
    const read = (chunk: Buffer): void => {
      output += String(chunk);
      if (output.includes(text)) resolve();
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("exit", (code) => reject(new Error(`${program} ended with ${code}: ${output}`)));
  });
  return child;
}
