import { createClient, createCluster } from "redis";
import type { RedisAddress, RedisNode } from "./address.js";

/** An argument of a command. */
export type Argument = string;

/** Takes the messages of a channel. */
export type ChannelListener = (message: unknown, channel: unknown) => void;

/** An open connection with Redis. It is used until its first failure, and replaced then. */
export interface RedisClient {
  /** Sends a command. `key` is any of its keys, by which a cluster chooses a node. */
  send(key: string, args: readonly Argument[]): Promise<unknown>;
  subscribe(channel: string, listener: ChannelListener): Promise<unknown>;
  /** Ends a subscription. Without the listener, the package would forget the next one of the channel, too. */
  unsubscribe(channel: string, listener: ChannelListener): Promise<unknown>;
  destroy(): void;
}

export interface RedisClientOptions {
  readonly address: RedisAddress;
  readonly connectTimeoutMs: number;
  /** The name of the master in Sentinel, whose nodes the address has. */
  readonly sentinel?: {
    readonly name: string;
    readonly username?: string | undefined;
    readonly password?: string | undefined;
  };
  readonly cluster?: boolean;
  /** Certificates to trust besides those of Node. */
  readonly ca?: string;
  /** Gives up an attempt to connect. */
  readonly signal: AbortSignal;
  /** Called when the connection fails. */
  readonly onFailure: (error: unknown) => void;
}

/** Connects with a node, with the master that Sentinel names, or with a cluster. */
export async function openClient(options: RedisClientOptions): Promise<RedisClient> {
  if (options.cluster === true) return openCluster(options);
  const { address, sentinel } = options;
  if (sentinel !== undefined) return openNode(options, await masterOf(options, sentinel.name), credentialsOf(address));
  return anyNode(address.nodes, (node) => openNode(options, node, credentialsOf(address)));
}

/** Returns the result of the first node that answers. */
async function anyNode<T>(nodes: readonly RedisNode[], open: (node: RedisNode) => Promise<T>): Promise<T> {
  let problem: unknown;
  for (const node of nodes) {
    try {
      return await open(node);
    } catch (error) {
      problem = error;
    }
  }
  throw problem;
}

function credentialsOf({ username, password }: { username?: string | undefined; password?: string | undefined }): {
  username?: string;
  password?: string;
} {
  return { ...(username !== undefined && { username }), ...(password !== undefined && { password }) };
}

function socketOf({ address, connectTimeoutMs, ca }: RedisClientOptions, node?: RedisNode): object {
  return {
    ...node,
    ...(address.tls && { tls: true }),
    ...(ca !== undefined && { ca }),
    connectTimeout: connectTimeoutMs,
    reconnectStrategy: false,
  };
}

/** Options of every client. A command waits neither for a connection nor for maintenance. */
const strict = { disableOfflineQueue: true, disableClientInfo: true, maintNotifications: "disabled" } as const;

async function openNode(options: RedisClientOptions, node: RedisNode, credentials: object): Promise<RedisClient> {
  const { database } = options.sentinel === undefined ? options.address : { database: options.address.database };
  const client = createClient({
    ...strict,
    // Each command has a time limit already, and the package's own costs a signal for each.
    commandOptions: { timeout: 0 },
    ...credentials,
    ...(database !== undefined && { database }),
    socket: socketOf(options, node) as { readonly host: string },
  });
  let isOpen = false;
  client.on("error", (error: unknown) => {
    if (isOpen) options.onFailure(error);
  });
  destroyOn(options.signal, client);
  try {
    await client.connect();
    // A former master that Sentinel still names, or a node for reading, refuses what the server writes.
    const [role] = (await client.sendCommand(["ROLE"])) as [unknown];
    if (role !== "master") throw new Error(`Redis is a ${String(role)} and cannot be written to`);
  } catch (error) {
    destroy(client);
    throw error;
  }
  isOpen = true;
  return {
    send: (_key, args) => client.sendCommand(args),
    subscribe: (channel, listener) => client.subscribe(channel, listener),
    unsubscribe: (channel, listener) => client.unsubscribe(channel, listener),
    destroy: () => {
      isOpen = false;
      destroy(client);
    },
  };
}

/** Asks the sentinels for the address of the master. */
async function masterOf(options: RedisClientOptions, name: string): Promise<RedisNode> {
  return anyNode(options.address.nodes, async (node) => {
    const client = createClient({
      ...strict,
      ...credentialsOf(options.sentinel ?? {}),
      socket: socketOf(options, node) as { readonly host: string },
    });
    client.on("error", () => {});
    destroyOn(options.signal, client);
    try {
      await client.connect();
      const found = await client.sendCommand(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", name]);
      const [host, port] = Array.isArray(found) ? (found as unknown[]) : [];
      if (typeof host !== "string" || !/^\d+$/.test(String(port)))
        throw new Error(`Sentinel knows no master "${name}"`);
      return { host, port: Number(port) };
    } finally {
      destroy(client);
    }
  });
}

async function openCluster(options: RedisClientOptions): Promise<RedisClient> {
  const { address, onFailure, signal } = options;
  const cluster = createCluster({
    rootNodes: address.nodes.map((node) => ({ socket: node })),
    defaults: {
      ...strict,
      ...credentialsOf(address),
      // A failed node comes back, or the cluster gives its slots to another one, while the other nodes go on.
      socket: { ...(socketOf(options) as object), reconnectStrategy: (retries: number) => backoffMs(retries) },
    },
    maxCommandRedirections: 4,
  });
  let isOpen = false;
  cluster.on("error", (error: unknown) => {
    if (isOpen) onFailure(error);
  });
  cluster.on("node-error", () => {});
  // It would wait for all of its nodes.
  destroyOn(signal, cluster);
  try {
    await cluster.connect();
  } catch (error) {
    destroy(cluster);
    throw error;
  }
  isOpen = true;
  return {
    send: (key, args) => cluster.sendCommand(key, false, [...args]),
    subscribe: (channel, listener) => cluster.subscribe(channel, listener),
    unsubscribe: (channel, listener) => cluster.unsubscribe(channel, listener),
    destroy: () => {
      isOpen = false;
      destroy(cluster);
    },
  };
}

/** Destroys a client when the attempt to connect is given up. */
function destroyOn(signal: AbortSignal, client: { destroy(): void }): void {
  signal.throwIfAborted();
  signal.addEventListener("abort", () => destroy(client));
}

function destroy(client: { destroy(): void }): void {
  try {
    client.destroy();
  } catch {
    // The connection has ended by itself.
  }
}

const [firstRetryMs, lastRetryMs] = [50, 1000];

/** Returns the delay before another attempt to connect, at random within bounds, so that replicas spread. */
export function backoffMs(failures: number): number {
  const limit = Math.min(lastRetryMs, firstRetryMs * 2 ** Math.min(failures, 10));
  return limit / 2 + Math.random() * (limit / 2);
}
