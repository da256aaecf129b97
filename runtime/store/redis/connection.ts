import { ErrorReply } from "redis";
import { UnavailableError, type McpError } from "../../protocol/errors.js";
import { backoffMs, openClient, type Argument, type RedisClient, type RedisClientOptions } from "./client.js";

/** A script that Redis runs as one step. */
export interface Script {
  readonly source: string;
  readonly sha: Promise<string>;
}

/** A connection with Redis that is replaced whenever it fails. */
export interface RedisConnection {
  /** Whether Redis has taken the last heartbeat. */
  readonly available: boolean;
  /** The time since when the store is available, by `performance.now`. */
  readonly since: number;
  /**
   * Sends a command. `key` is any of its keys. Rejects with `UnavailableError` while the store is away, after the time
   * limit of commands, and if Redis may or can not run it now; with another error if the command is wrong.
   */
  send(key: string, ...args: readonly Argument[]): Promise<unknown>;
  /** Runs a script. All keys must have one hash tag. */
  run(script: Script, keys: readonly [string, ...string[]], args: readonly Argument[]): Promise<unknown>;
  /** Calls a listener for the messages of a channel, also after reconnects. Messages in between are lost. */
  subscribe(channel: string, listener: () => void): () => void;
  /** Calls a listener whenever the store is available again. */
  onAvailable(listener: () => void): () => void;
  /** Calls a listener whenever the store may have lost its data, because the last heartbeat is gone. */
  onLoss(listener: () => void): () => void;
  /** Connects, and goes on trying. Resolves after the first attempt. */
  start(options: ConnectionOptions): Promise<void>;
  stop(): void;
}

export interface ConnectionOptions extends Omit<RedisClientOptions, "onFailure" | "connectTimeoutMs" | "signal"> {
  /** The time limit of commands, and of attempts to connect. */
  readonly commandTimeoutMs: number;
  /** A command that writes, with its key first. A Redis that refuses it counts as away. Its reply is the last one. */
  readonly heartbeat: readonly [key: string, ...command: Argument[]];
  /** Logs a warning that the store is away, or back, or refuses commands. */
  readonly log: (message: string, details?: Readonly<Record<string, unknown>>) => void;
}

/** Interval of heartbeats, which also find a silent failure. */
const heartbeatMs = 1000;

export function createScript(source: string): Script {
  let sha: Promise<string> | undefined;
  return {
    source,
    get sha() {
      return (sha ??= sha1(source));
    },
  };
}

async function sha1(text: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-1", new TextEncoder().encode(text)));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Creates the error for what needs the store while it is away. */
export function storeAway(complaint = "the store is away"): UnavailableError {
  return new UnavailableError(503, `${complaint}; try again in a moment`, 1000);
}

export function createConnection(): RedisConnection {
  const channels = new Map<string, Set<() => void>>();
  const [listeners, lossListeners] = [new Set<() => void>(), new Set<() => void>()];
  let options: ConnectionOptions | undefined;
  let client: RedisClient | undefined;
  let available = false;
  let since = Infinity;
  let failures = 0;
  let isLogged = false;
  let hasAnswered = false;
  /** An error of Redis since the last heartbeat, and whether one is in the log. */
  let refusal: { readonly error: ErrorReply; readonly key: string } | undefined;
  let isRefusalLogged = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  /** Rejects when the time limit ends. Replies that have arrived by then still count. */
  function limited<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      let limit = setTimeout(() => {
        // A blocked event loop delays replies, too: they are read before the next timer.
        limit = setTimeout(() => reject(storeAway("the store does not answer")), 1);
        unref(limit);
      }, options!.commandTimeoutMs);
      unref(limit);
      work.then(
        (value) => {
          clearTimeout(limit);
          resolve(value);
        },
        (error: unknown) => {
          clearTimeout(limit);
          reject(error as Error);
        },
      );
    });
  }

  function schedule(milliseconds: number, step: () => void): void {
    clearTimeout(timer);
    if (options === undefined) return;
    timer = setTimeout(step, milliseconds);
    unref(timer);
  }

  function discard(failed: RedisClient | undefined, error: unknown): void {
    if (failed !== client || options === undefined) return;
    client = undefined;
    failed?.destroy();
    setAway(error);
    failures += 1;
    schedule(backoffMs(failures), () => void connect());
  }

  function setAway(error: unknown): void {
    available = false;
    since = Infinity;
    if (isLogged) return;
    isLogged = true;
    options?.log("the store is away; the server goes on without it until it is back", {
      reason: reasonOf(error) + adviceOn(error, options.address.tls && !hasAnswered),
      ...(refusal !== undefined && refusal.error === error && { key: refusal.key }),
    });
  }

  function setAvailable(): void {
    available = hasAnswered = true;
    since = performance.now();
    failures = 0;
    // A log that has the beginning of an outage has its end, too.
    if (isLogged) options?.log("the store is back");
    isLogged = false;
    refusal = undefined;
    isRefusalLogged = false;
    for (const listener of [...listeners]) listener();
  }

  async function connect(): Promise<void> {
    const started = options;
    if (started === undefined || client !== undefined) return;
    let opened: RedisClient | undefined;
    let last: unknown;
    try {
      const { commandTimeoutMs: connectTimeoutMs, ...rest } = started;
      const attempt = new AbortController();
      const { signal } = attempt;
      const opening = openClient({ ...rest, connectTimeoutMs, signal, onFailure: (error) => discard(opened, error) });
      opened = await limited(opening).catch((error: unknown) => {
        attempt.abort();
        void opening.then(
          (late) => late.destroy(),
          () => {},
        );
        throw error;
      });
      if (options !== started) return opened.destroy();
      client = opened;
      await limited(Promise.all([...channels.keys()].map((channel) => opened!.subscribe(channel, receive))));
      last = await beat(opened);
    } catch (error) {
      if (options === started) discard(opened, error);
      return;
    }
    if (client !== opened) return;
    setAvailable();
    noticeLoss(last);
    schedule(heartbeatMs, () => void probe());
  }

  async function beat(used: RedisClient): Promise<unknown> {
    const [key, ...command] = options!.heartbeat;
    try {
      return await limited(used.send(key, command));
    } catch (error) {
      if (error instanceof ErrorReply) refusal = { error, key };
      throw error;
    }
  }

  function noticeLoss(last: unknown): void {
    if (last === null) for (const listener of [...lossListeners]) listener();
  }

  /** Finds out whether the connection works, and whether Redis takes writes: after a failover it may take none. */
  async function probe(): Promise<void> {
    const probed = client;
    if (probed === undefined) return;
    let last: unknown;
    try {
      last = await beat(probed);
    } catch (error) {
      return discard(probed, error);
    }
    if (client !== probed) return;
    noticeLoss(last);
    if (refusal !== undefined && !isRefusalLogged) {
      isRefusalLogged = true;
      const { error, key } = refusal;
      const details = { reason: reasonOf(error), key };
      options?.log("the store refuses commands; what needs them gets an error with status 503", details);
    }
    refusal = undefined;
    schedule(heartbeatMs, () => void probe());
  }

  function receive(_message: unknown, channel: unknown): void {
    for (const listener of channels.get(String(channel)) ?? []) listener();
  }

  async function command(key: string, args: readonly Argument[]): Promise<unknown> {
    const used = client;
    if (!available || used === undefined) throw storeAway();
    try {
      return await limited(used.send(key, args));
    } catch (error) {
      if (error instanceof ErrorReply) {
        if (!isRefusal(error)) throw error;
        refusal = { error, key };
      }
      // The heartbeat decides whether the whole store is away, or one node of a cluster.
      if (client === used) schedule(0, () => void probe());
      throw error instanceof UnavailableError ? error : storeAway();
    }
  }

  return {
    get available() {
      return available;
    },
    get since() {
      return since;
    },
    send: (key, ...args) => command(key, args),
    async run({ source, sha }, keys, args) {
      const rest = [String(keys.length), ...keys, ...args];
      try {
        return await command(keys[0], ["EVALSHA", await sha, ...rest]);
      } catch (error) {
        if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
        return command(keys[0], ["EVAL", source, ...rest]);
      }
    },
    subscribe(channel, listener) {
      let known = channels.get(channel);
      if (known === undefined) {
        channels.set(channel, (known = new Set()));
        // A lost subscription is found by the next probe; followers read at intervals, too.
        const used = client;
        if (used !== undefined) used.subscribe(channel, receive).catch((error: unknown) => discard(used, error));
      }
      known.add(listener);
      return () => {
        known.delete(listener);
        if (known.size > 0 || channels.get(channel) !== known) return;
        channels.delete(channel);
        client?.unsubscribe(channel, receive).catch(() => {});
      };
    },
    onAvailable(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    onLoss(listener) {
      lossListeners.add(listener);
      return () => void lossListeners.delete(listener);
    },
    start(given) {
      options = given;
      return connect();
    },
    stop() {
      options = undefined;
      available = false;
      clearTimeout(timer);
      const used = client;
      client = undefined;
      used?.destroy();
    },
  };
}

/** The beginnings of errors for the state or the settings of Redis. Those in a script may have a code of their own before. */
const refusals =
  /^(?:ERR )*(?:BUSY|CLUSTERDOWN|LOADING|MASTERDOWN|MISCONF|NOAUTH|NOPERM|NOREPLICAS|OOM|READONLY|TRYAGAIN|UNBLOCKED|WRONGTYPE|ACL failure in script|The user executing the script can't)\b/;

/** Returns whether the reason of an error lies in the state or the settings of Redis, instead of the command. */
function isRefusal({ message }: ErrorReply): boolean {
  return refusals.test(message);
}

/** Returns the reason without credentials: messages of Node and Redis name addresses at most. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : [];
  return error.message === "" && first instanceof Error ? first.message : error.message;
}

/** Returns what to check, for a reason that does not say so. A plain port ignores the greeting of TLS. */
function adviceOn(error: unknown, isUnknownTls: boolean): string {
  if (error instanceof ErrorReply && /^(WRONGPASS|NOAUTH)/.test(error.message))
    return "; check the user and the password in the URL of the store";
  const isSilent =
    error instanceof Error && !(error instanceof ErrorReply) && !("code" in error && typeof error.code === "string");
  return isUnknownTls && isSilent ? "; check whether it speaks TLS, which rediss:// asks for" : "";
}

/** Delay after a refused write. */
export const refusedMs = 1000;

/** Waits, but does not keep the process alive. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => unref(setTimeout(resolve, milliseconds)));
}

/** Rejects when the time ends before the work. */
export function within<T>(
  milliseconds: number,
  work: Promise<T>,
  complaint: string,
  fail: (complaint: string) => McpError = storeAway,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(fail(complaint)), milliseconds);
    unref(timer);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Allows the process to end while a timer waits. */
export function unref(timer: ReturnType<typeof setTimeout>): void {
  (timer as { unref?: () => void }).unref?.();
}
