import type { Environment } from "./environment.js";
import type { Observer } from "./observer.js";
import type { Handlers } from "./surface.js";

/** The metrics for Prometheus. `C` is the type of calls, `S` that of servers. */
export interface Metrics<C, S> {
  readonly observer: Observer<C>;
  /** The path of the metrics. */
  readonly path: string;
  /** Whether they are on the HTTP port of the server. */
  readonly isOnHttpPort: boolean;
  /** The port of their own, once they are served there. */
  port?: number;
  /** Reads the token. Returns problems. */
  start(environment: Environment, secrets: Set<string>): readonly string[];
  /** Counts a refusal of the rate limit. */
  onRateLimited(method: string): void;
  answer(server: S, authorization: string | undefined): MetricsAnswer;
}

export interface MetricsAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A limit of concurrency: the name of its tool, or an empty text for that of the server. */
export interface Queue {
  readonly limit: string;
  readonly running: number;
  readonly waiting: number;
}

/** Limits concurrent handlers. */
export interface ConcurrencyLimit {
  (handlers: Handlers): Handlers;
  readonly queues?: () => readonly Queue[];
}

/** The numbers of calls that a cache answered, that ran a handler and that joined a run; and of cached results. */
export interface CacheStatistics {
  readonly hits: number;
  readonly misses: number;
  readonly joined: number;
  readonly entries: number;
  /** The size in characters. */
  readonly size: number;
}
