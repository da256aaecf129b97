import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startRedis, type Redis } from "../redis.js";
import { startBalancer, type Balancer, type Fault } from "./balancer.js";

export interface Cluster {
  readonly url: URL;
  readonly balancer: Balancer;
  /** Kills a replica, and returns the port that the balancer knew it by. */
  killReplica(): Promise<string>;
  /** Starts another replica, as an orchestrator does. */
  addReplica(): Promise<void>;
  readonly redis: Redis;
  /** Waits until every replica reaches Redis. */
  reachesRedis(): Promise<void>;
  /** The last lines of each replica's log. */
  logs(): string;
  stop(): Promise<void>;
}

export interface Options {
  readonly bundle: string;
  readonly count: number;
  readonly keys: readonly string[];
  readonly fault?: Fault;
  /** Whether Redis forgets everything when it is killed. */
  readonly isForgetful?: boolean;
  /** Whether one replica can open what another one sealed. */
  readonly sharesKeys?: boolean;
}

/** Starts replicas of a built server behind a round-robin balancer, beside a Redis that writes to disk at each command. */
export async function startCluster({
  bundle,
  count,
  keys,
  fault,
  isForgetful,
  sharesKeys = true,
}: Options): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), "mcpc-replicas-"));
  const keysFile = join(folder, "keys");
  writeFileSync(keysFile, keys.map((key) => `${key}:${key}`).join("\n"));
  const sharedKey = randomUUID();
  const redis = await startRedis({ durable: !isForgetful });
  const children = new Set<ChildProcess>();
  const killAll = (): void => children.forEach((child) => void child.kill("SIGKILL"));
  process.once("exit", killAll);

  function start(command: string, args: readonly string[], env: Record<string, string>): ChildProcess {
    const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, ...env } });
    children.add(child);
    child.once("exit", () => children.delete(child));
    return child;
  }

  interface Replica {
    readonly child: ChildProcess;
    readonly url: URL;
    log: string;
  }
  const replicas: Replica[] = [];
  const all: Replica[] = [];
  async function addReplica(): Promise<void> {
    const env = {
      REDIS_URL: redis.url,
      DATABASE_URL: redis.url,
      AUCTION_API_KEYS_FILE: keysFile,
      MCPC_STATE_KEYS: sharesKeys ? sharedKey : randomUUID(),
    };
    const child = start(process.execPath, [bundle, "--transport", "http", "--port", "0"], env);
    const replica = { child, url: undefined as unknown as URL, log: "" };
    const url = await new Promise<URL>((resolve, reject) => {
      child.stderr!.on("data", (chunk: Buffer) => {
        replica.log = (replica.log + chunk).slice(-20_000);
        const address = /^listening on (\S+)$/m.exec(replica.log)?.[1];
        if (address !== undefined) resolve(new URL(address));
      });
      child.once("exit", (code) => reject(new Error(`a replica ended with ${code}: ${replica.log}`)));
    });
    replicas.push(Object.assign(replica, { url }));
    all.push(replica);
  }

  await Promise.all(Array.from({ length: count }, addReplica));
  const balancer = await startBalancer(() => replicas.map(({ url }) => url), fault);

  return {
    url: new URL("/mcp", balancer.origin),
    balancer,
    redis,
    async killReplica() {
      // The balancer does not know yet: as in real life, it finds out by a refused connection.
      const [replica] = replicas as [Replica];
      replica.child.kill("SIGKILL");
      await once(replica.child, "exit");
      return replica.url.port;
    },
    async addReplica() {
      await addReplica();
      replicas.shift();
    },
    async reachesRedis() {
      const isAway = async ({ url }: Replica): Promise<boolean> =>
        (await (await fetch(new URL("/readyz", url))).text()).includes('"away"');
      for (let tries = 0; (await Promise.all(replicas.map(isAway))).includes(true); tries += 1) {
        if (tries === 600) throw new Error("the replicas do not come back to Redis");
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
    logs: () =>
      all.map(({ url, log }) => `replica ${url.port}:\n${log.trim().split("\n").slice(-15).join("\n")}`).join("\n"),
    async stop() {
      balancer.stop();
      const running = [...children];
      killAll();
      await Promise.all(running.map((child) => child.exitCode ?? child.signalCode ?? once(child, "exit")));
      process.off("exit", killAll);
      await redis.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
