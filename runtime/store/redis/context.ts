import type { RedisConnection } from "./connection.js";
import type { Replicas } from "./replicas.js";

/** The means of a feature that keeps state in Redis. */
export interface StoreContext {
  readonly connection: RedisConnection;
  /** The random name of this replica. */
  readonly replica: string;
  readonly replicas: Replicas;
  /** Returns a key of this server from its parts. Keys of one script need a part in braces that is the same. */
  key(...parts: string[]): string;
  /** Returns the maximum bytes that each kind of record takes in Redis, of all callers together. */
  keptBytes(): number;
}
