import type {} from "../../protocol/parts.js";
import type { RateLimit } from "../../protocol/admission.js";
import { resolveValue, type Environment, type Value } from "../../protocol/environment.js";
import { UnavailableError } from "../../protocol/errors.js";
import type { Server, Store } from "../../protocol/exchange.js";
import { defaultKeptBytes } from "../../protocol/ledger.js";
import { parseAddress } from "./address.js";
import { createSharedResults } from "./cache.js";
import { createChanges, type Changes } from "./changes.js";
import { createConnection, within, type ConnectionOptions } from "./connection.js";
import type { StoreContext } from "./context.js";
import { createEventLogs } from "./event-logs.js";
import { createPersistence } from "./persist.js";
import { shareRate } from "./rate.js";
import { createReplicas } from "./replicas.js";
import { createSessionStore } from "./sessions.js";
import { createSharedStates } from "./states.js";
import { createTasks, type RedisTasks } from "./tasks.js";

/** The time that a message waits for the store if its client would not send it again. */
const messagePatienceMs = 10_000;

/** The manifest's `runtime.store.redis`. */
export interface RedisOptions {
  /** The URL of a node, or of several after commas. */
  readonly url: Value;
  /** The beginning of every key. */
  readonly prefix: string;
  /** Sentinel, whose nodes the URL has. */
  readonly sentinel?: { readonly name: string; readonly username?: Value; readonly password?: Value };
  readonly cluster?: boolean;
  readonly commandTimeoutMs: number;
  /** The rate limit that the replicas have together. */
  readonly rate?: RateLimit;
  /** Certificates to trust besides those of Node, for tests. */
  readonly ca?: string;
}

/** A store in Redis, with what its features build on. */
export interface RedisStore extends Store {
  readonly context: StoreContext;
  readonly changes: Changes;
  readonly tasks?: RedisTasks;
}

/** Creates a store in Redis. It connects when the server starts. */
export function createRedisStore(options: RedisOptions): RedisStore {
  const replica = randomName();
  const connection = createConnection();
  const key = (...parts: string[]): string => options.prefix + parts.join(":");
  const replicas = createReplicas(connection, replica, key);
  const keptBytes = (): number => owner?.surface.maxKeptBytes ?? defaultKeptBytes;
  const context: StoreContext = { connection, replica, replicas, key, keptBytes };
  // Messages and calls of clients must not take the room of changes.
  const updates = createPersistence(connection);
  const messages = createPersistence(connection);
  const claims = createPersistence(connection);
  const results = globalThis.mcpcWithoutCache
    ? undefined
    : createSharedResults(context, () => owner?.surface.server.version ?? "");
  const changes = createChanges(context, updates, results?.forget);
  const tasks = globalThis.mcpcWithoutTasks ? undefined : createTasks(context);
  const [sessions, eventLogs] = [createSessionStore(context), createEventLogs(context)];
  let starting: Promise<readonly string[]> | undefined;
  let owner: Server | undefined;

  /** Repeats work until the store answers, for a while. Rejects with the last reason. */
  async function retry<T>(work: () => Promise<T>, caller: string, characters = 0): Promise<T> {
    const over = new AbortController();
    let reason: unknown;
    const attempt = (): Promise<T> =>
      work().catch((error: unknown) => {
        reason = error;
        throw error;
      });
    const done = messages.persist(attempt, { caller, characters, signal: over.signal });
    try {
      return await within(messagePatienceMs, done, "the store is away");
    } catch (error) {
      throw reason instanceof UnavailableError ? reason : error;
    } finally {
      // The client knows already that its message is refused.
      over.abort();
    }
  }

  async function begin(server: Server, environment: Environment): Promise<readonly string[]> {
    const { settings, problems } = readSettings(options, environment, server.secrets);
    if (settings === undefined) return problems;
    // A later version of the server logs elsewhere.
    const log: ConnectionOptions["log"] = (message, details) => server.logger("warning", message, details);
    await connection.start({ ...settings, heartbeat: replicas.heartbeat, log });
    tasks?.start(server);
    await Promise.all([changes.start(server), replicas.start()]);
    return [];
  }

  return {
    replica,
    context,
    changes,
    sessions,
    eventLogs,
    get available() {
      return connection.available;
    },
    onAvailable: connection.onAvailable,
    start(server, environment) {
      // A later version of the server keeps the connection.
      owner ??= server;
      return (starting ??= begin(server, environment));
    },
    async stop(server) {
      if (server.subscribers !== owner?.subscribers) return;
      await Promise.all([changes.stop(), tasks?.stop()]);
      for (const { close } of [updates, messages, claims]) close();
      await replicas.stop();
      connection.stop();
    },
    retry,
    publish: changes.publish,
    ...(tasks && { tasks }),
    invalidate: changes.invalidate,
    waitLonger: changes.waitLonger,
    results,
    states: createSharedStates(context, claims),
    ...(options.rate && { shareRate: (local) => shareRate(context, options.rate!, local) }),
  };
}

/** Reads addresses and credentials. No problem contains a value, since it might be a password. */
function readSettings(
  { url, sentinel, cluster, commandTimeoutMs, ca }: RedisOptions,
  environment: Environment,
  secrets: Set<string>,
): { readonly settings?: Omit<ConnectionOptions, "heartbeat" | "log">; readonly problems: readonly string[] } {
  const problems: string[] = [];
  const read = (value: Value | undefined): string | undefined =>
    value === undefined ? undefined : resolveValue(value, environment, problems);
  const text = resolveValue(url, environment, problems);
  const address = text === "" ? "" : parseAddress(text);
  const origin = typeof url === "string" ? "the URL of the store" : url.env;
  const { name, username, password } = sentinel ?? {};
  const credentials = { username: read(username), password: read(password) };
  const { password: own, database } = typeof address === "string" ? {} : address;
  if (typeof address === "string" && address !== "") {
    problems.push(`${origin} is no URL of Redis, such as redis://user:password@host:6379: ${address}`);
  }
  if (cluster === true && database !== undefined && database !== 0)
    problems.push("a Redis Cluster has only the database 0: remove it from the URL of the store");
  if (typeof address === "object" && address.nodes.length > 1 && sentinel === undefined && cluster !== true)
    problems.push(
      `${origin} has several hosts: keep one, or declare in runtime.store.redis that they are sentinels ` +
        '("sentinel") or nodes of a cluster ("cluster": true)',
    );
  for (const secret of [own, credentials.password]) if (secret !== undefined) secrets.add(secret);
  if (typeof address === "string" || problems.length > 0) return { problems };
  const settings = {
    address,
    commandTimeoutMs,
    ...(name !== undefined && { sentinel: { name, ...credentials } }),
    ...(cluster === true && { cluster }),
    ...(ca !== undefined && { ca }),
  };
  return { settings, problems };
}

function randomName(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(36).padStart(2, "0")).join("");
}
