import { deliverChange, deliverEverything } from "../../protocol/changes.js";
import { errorCodes, McpError } from "../../protocol/errors.js";
import type { Server } from "../../protocol/exchange.js";
import { isObject } from "../../protocol/json-rpc.js";
import {
  maxSharedUri,
  type CachedSource,
  type ChangeLog,
  type LoggedChange,
  type StaleResults,
} from "../../protocol/store.js";
import type { Change } from "../../protocol/subscriber.js";
import type { Surface } from "../../protocol/surface.js";
import { storeAway, within } from "./connection.js";
import type { StoreContext } from "./context.js";
import { clearLog, createCopyCheck, createLogWriter, followLog, readLog, start, type Follower } from "./log.js";
import { createPersistence, type Persistence } from "./persist.js";
import { defaultLimits } from "./waiting-room.js";

/** Changes that every replica delivers to its own subscribers, in the same order. */
export interface Changes extends ChangeLog {
  publish(change: Change, stale?: readonly StaleResults[]): Promise<void>;
  invalidate(stale: readonly StaleResults[]): Promise<void>;
  waitLonger(failure: unknown, signal: AbortSignal): Promise<void>;
  start(server: Server): Promise<void>;
  stop(): Promise<void>;
}

/** The limits of the log. Its lifetime exceeds that of a session, which resumes at a position. */
const limits = { maxLength: 10_000, maxBytes: 16 * 1024 * 1024, lifetimeMs: 60 * 60_000, waiting: defaultLimits };
/** The maximum length of an invalidation, of which arguments are the largest part. */
const maxStaleLength = 16_384;
/** The time that a call waits for the store: longer than a failover or a restart. */
const patienceMs = 5000;
/** The time that a server waits at its end. */
const lastPatienceMs = 2000;

/** The answer to a call whose change the store gets after it, or one of everything in its place. */
class PublishedLater extends McpError {}

/** An entry that is appended once its results are stale. */
interface Forgetting {
  /** Whether its results may be stale in the store already. */
  isSent: boolean;
  readonly appended: Promise<void>;
}

/** An entry that the store does not have yet. */
interface Pending {
  /** Rejects with the answer to the call. */
  readonly taken: Promise<void>;
  /** The wait of calls, which those with an equal change share. */
  wait: Promise<void> | undefined;
}

/** Creates the log of changes. `forget` makes shared results stale. */
export function createChanges(
  { connection, replica, key }: StoreContext,
  { persist }: Persistence,
  forget?: (stale: readonly StaleResults[]) => Promise<void>,
): Changes {
  const log = key("changes");
  const writer = createLogWriter(connection, replica, log, limits);
  let follower: Follower | undefined;
  const pending = new Map<Promise<void>, Pending>();
  /** The last entry of each text whose results are not known to be stale. */
  const forgetting = new Map<string, Forgetting>();
  const repairs = createPersistence(connection);
  let owner: Server | undefined;
  /** The number of lost changes in place of which everything does not count as changed yet. */
  let lost = 0;
  let repairing: Promise<void> | undefined;
  let isStopped = false;

  /** Appends an entry once shared results are stale. An equal entry that waits for the store stands for both. */
  function forgetFirst(text: string, stale: readonly StaleResults[]): Promise<void> {
    const last = forgetting.get(text);
    if (last?.isSent === false) return last.appended;
    const work = async (): Promise<void> => {
      await last?.appended.catch(() => {});
      if (!connection.available) throw storeAway();
      next.isSent = true;
      await forget!(stale);
    };
    const forgotten = persist(work, { characters: text.length }).finally(() => {
      if (forgetting.get(text) === next) forgetting.delete(text);
    });
    const next: Forgetting = { isSent: false, appended: forgotten.then(() => writer.append(text, { joins: true })) };
    forgetting.set(text, next);
    return next.appended;
  }

  const cached = (): readonly CachedSource[] =>
    owner === undefined || forget === undefined ? [] : cachedEntries(owner.surface);

  /** Makes all shared results stale. Redis may refuse that, or have lost the node of one, so the wait has a limit. */
  async function forgetAll(): Promise<void> {
    const all = cached();
    if (all.length === 0) return;
    // A replica that has just started has no loss, but may have read an old result before.
    const publishStale = (): void => void writer.append(formatStale(all), { joins: true }).catch(() => {});
    const forgotten = repairs.persist(() => forget!(all)).then(publishStale);
    await within(patienceMs, forgotten, "").catch(() => {});
  }

  /** Makes everything count as changed, in place of changes that are lost. */
  async function repair(): Promise<void> {
    while (lost > 0) {
      const repaired = lost;
      await forgetAll();
      await repairs.persist(() => clearLog(connection, log));
      lost -= repaired;
    }
  }

  /** Delivers a change of everything. A store that has lost changes may have lost that results are stale. */
  async function deliverLoss(server: Server): Promise<void> {
    server.cache?.clear();
    await forgetAll();
    deliverEverything(server);
  }

  /** Adds an entry that the store does not have yet. If it cannot wait, everything counts as changed. */
  function addPending(appended: Promise<void>): Pending {
    const fail = (): never => {
      if (isStopped) throw hasRun("the server stops: the call has run, but its update is lost");
      lost += 1;
      // A server that stops may not get so far.
      if (lost === 1) repairing = repair().catch(() => {});
      throw publishedLater(
        "too many updates wait for the store: the call has run, and subscribers are notified of everything later",
      );
    };
    const taken = appended.catch(fail).finally(() => pending.delete(appended));
    const added = { taken, wait: undefined };
    pending.set(appended, added);
    return added;
  }

  /** Appends an entry. Shared results are stale before any replica reads it. */
  function append(text: string, stale: readonly StaleResults[]): Promise<void> {
    const appended =
      forget === undefined || stale.length === 0 ? writer.append(text, { joins: true }) : forgetFirst(text, stale);
    const entry = pending.get(appended) ?? addPending(appended);
    const complaint = "the store is away: the call has run, and its update is published later";
    return (entry.wait ??= within(patienceMs, entry.taken, complaint, publishedLater).finally(
      () => (entry.wait = undefined),
    ));
  }

  return {
    publish(change, stale = []) {
      if (change.kind === "resource" && change.uri.length > maxSharedUri)
        return Promise.reject(
          hasRun(
            `the URI of an update has more than ${maxSharedUri} characters, use a shorter one: the call has run, but its update is lost`,
          ),
        );
      return append(JSON.stringify(change), stale);
    },
    invalidate(stale) {
      const text = formatStale(stale);
      if (text.length <= maxStaleLength) return append(text, stale);
      // Arguments that are too long are those of some result.
      const all = stale.map(({ kind, name }) => ({ kind, name }));
      return append(formatStale(all), all);
    },
    async waitLonger(failure, signal) {
      if (!(failure instanceof PublishedLater) || signal.aborted) throw failure;
      const entries = [...pending.values()];
      const wait = async (): Promise<void> => {
        // One at a time, because many tasks may wait for many entries. A lost one is repaired.
        for (const { taken } of entries) await taken.catch(() => {});
        await repairing;
      };
      const aborted = new Promise<never>((_, reject) => {
        signal.addEventListener("abort", () => reject(failure), { once: true });
      });
      await Promise.race([wait(), aborted]);
    },
    get position() {
      return follower?.position ?? start;
    },
    async read(after) {
      const page = await readLog(connection, log, limits.lifetimeMs, after, createCopyCheck());
      const { entries, position, isTrimmed } = page;
      const changes = entries.flatMap(({ id, data }): LoggedChange[] => {
        const change = parseChange(data);
        return change === undefined ? [] : [{ position: id, change }];
      });
      return { changes, position, isTrimmed };
    },
    async start(server) {
      owner = server;
      follower = await followLog(connection, log, {
        lifetimeMs: limits.lifetimeMs,
        deliver({ id, data }) {
          const change = parseChange(data);
          if (change !== undefined) deliverChange(server, change, id);
          else for (const stale of parseStale(data)) server.cache?.invalidate(stale, stale);
        },
        onLoss: () => deliverLoss(server),
      });
    },
    async stop() {
      await within(lastPatienceMs, Promise.allSettled([...pending.keys(), repairing]), "").catch(() => {});
      const updates = pending.size + lost;
      if (updates > 0)
        owner?.logger("warning", "the server stops: updates that the store does not have are lost", { updates });
      isStopped = true;
      follower?.stop();
      repairs.close();
      writer.close();
    },
  };
}

/** Returns the entries of which replicas share results. */
function cachedEntries({ tools, resources, resourceTemplates }: Surface): CachedSource[] {
  return [
    ...tools.flatMap(({ name, cache }) => (cache === undefined ? [] : [{ kind: "tool", name } as const])),
    ...resources.flatMap(({ uri, cache }) => (cache === undefined ? [] : [{ kind: "resource", name: uri } as const])),
    ...resourceTemplates.flatMap(({ uriTemplate, cache }) =>
      cache === undefined ? [] : [{ kind: "resourceTemplate", name: uriTemplate } as const],
    ),
  ];
}

/** Parses a change. Returns `undefined` for one that another version has written in another form. */
export function parseChange(text: string): Change | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!isObject(value)) return undefined;
    const { kind, uri } = value;
    if (kind === "resource") return typeof uri === "string" ? { kind, uri } : undefined;
    return kind === "tools" || kind === "prompts" || kind === "resources" ? { kind } : undefined;
  } catch {
    return undefined;
  }
}

function formatStale(results: readonly StaleResults[]): string {
  return JSON.stringify({ kind: "stale", results });
}

/** Parses an invalidation. Skips parts that another version has written in another form. */
export function parseStale(
  text: string,
): { kind: CachedSource["kind"]; name: string; input?: unknown; uri?: string }[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return [];
  }
  if (!isObject(value) || value["kind"] !== "stale" || !Array.isArray(value["results"])) return [];
  return value["results"].flatMap((one: unknown) => {
    if (!isObject(one)) return [];
    const { kind, name, input, uri } = one;
    if ((kind !== "tool" && kind !== "resource" && kind !== "resourceTemplate") || typeof name !== "string") return [];
    return [{ kind, name, ...(input !== undefined && { input }), ...(typeof uri === "string" && { uri }) }];
  });
}

/** Creates the answer to a call that has run. No `UnavailableError`: proxies and clients send such requests again. */
function hasRun(complaint: string, Failure = McpError): McpError {
  return new Failure(errorCodes.internalError, `${complaint}; do not send the request again`);
}

function publishedLater(complaint: string): McpError {
  return hasRun(complaint, PublishedLater);
}
