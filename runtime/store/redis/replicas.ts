import { isObject } from "../../protocol/json-rpc.js";
import type { JsonObject } from "../../protocol/types.js";
import type { RedisConnection } from "./connection.js";
import { createInboxes } from "./inbox.js";
import { createLogWriter, followLog, type Follower } from "./log.js";
import { defaultLimits } from "./waiting-room.js";

/** A message between replicas. Its kind decides which feature takes it. */
export interface ReplicaMessage extends JsonObject {
  readonly kind: string;
}

/** The replicas of a server, and messages between them. */
export interface Replicas {
  /**
   * Returns whether a replica lives. After an outage of the store all replicas count as alive for a while, because
   * their heartbeats have expired, too.
   */
  isAlive(replica: string): Promise<boolean>;
  /**
   * Sends a message to one replica. Resolves once the store has it. `caller` is a digest of the caller that has caused
   * it, whose unread messages are bounded.
   */
  send(replica: string, message: ReplicaMessage, caller?: string): Promise<void>;
  /** Sends a message to all replicas, this one too. What waits of one `caller`, a digest, is bounded. */
  broadcast(message: ReplicaMessage, caller?: string): Promise<void>;
  /**
   * Takes the messages of a kind. This replica gets a message of the kind `loss` from itself when it may have missed
   * messages to all.
   */
  on(kind: string, take: (message: ReplicaMessage, from: string) => void): void;
  /** The command that says that this replica lives, with its key first. */
  readonly heartbeat: readonly [key: string, ...command: string[]];
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Lifetime of a heartbeat. */
const heartbeatMs = 5000;
/** The limits of the log of messages to all. */
const controlLimits = {
  ...{ maxLength: 10_000, maxBytes: 16 * 1024 * 1024, lifetimeMs: 10 * 60_000 },
  // A quarter is room for as many streams of one caller as a server has sessions, by default.
  waiting: { ...defaultLimits, places: 4096 },
};

const replicaPattern = /^[\w-]{1,64}$/;

export function createReplicas(
  connection: RedisConnection,
  replica: string,
  key: (...parts: string[]) => string,
): Replicas {
  const takers = new Map<string, (message: ReplicaMessage, from: string) => void>();
  const control = createLogWriter(connection, replica, key("control"), controlLimits);
  const inboxes = createInboxes(connection, replica, key);
  // A cluster keeps all heartbeats on one node, so that its failure stops all replicas alike, and kills none.
  const heartbeatOf = (name: string): string => key("{replicas}", name);
  let followers: Follower[] = [];
  const own = heartbeatOf(replica);

  function deliver({ origin, data }: { readonly origin: string; readonly data: string }): void {
    const message = parseReplicaMessage(data);
    if (message !== undefined) takers.get(message.kind)?.(message, origin);
  }

  const { lifetimeMs } = controlLimits;
  const onLoss = (): void => takers.get("loss")?.({ kind: "loss" }, replica);

  return {
    heartbeat: [own, "SET", own, "1", "PX", String(heartbeatMs), "GET"],
    async isAlive(name) {
      if (name === replica) return true;
      if (!replicaPattern.test(name)) return false;
      const heartbeat = heartbeatOf(name);
      const reply = await connection.send(heartbeat, "EXISTS", heartbeat);
      return Number(reply) > 0 || performance.now() - connection.since < heartbeatMs;
    },
    send: (name, message, caller) => inboxes.send(name, JSON.stringify(message), caller),
    broadcast: (message, caller) => control.append(JSON.stringify(message), { caller }),
    on(kind, take) {
      takers.set(kind, take);
    },
    async start() {
      followers = await Promise.all([
        inboxes.receive(deliver),
        followLog(connection, key("control"), { lifetimeMs, deliver, onLoss }),
      ]);
    },
    async stop() {
      for (const follower of followers) follower.stop();
      control.close();
      await connection.send(own, "DEL", own).catch(() => {});
    },
  };
}

/** Parses a message. Returns `undefined` for one that another version has written in another form. */
export function parseReplicaMessage(data: string): ReplicaMessage | undefined {
  try {
    const message: unknown = JSON.parse(data);
    return isObject(message) && typeof message["kind"] === "string" ? (message as ReplicaMessage) : undefined;
  } catch {
    return undefined;
  }
}
