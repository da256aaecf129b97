import { identityOf } from "../../protocol/auth.js";
import { callerOf } from "../../protocol/caller.js";
import type { Connection, Reply } from "../../protocol/connection.js";
import { invalidRequest, UnavailableError, type McpError } from "../../protocol/errors.js";
import type { Peer, Server, Store } from "../../protocol/exchange.js";
import type { Auth } from "../../protocol/handlers.js";
import { fingerprint } from "../../protocol/fingerprint.js";
import { legacyPeer } from "../../protocol/initialize.js";
import {
  isObject,
  type Id,
  type NotificationMessage,
  type RequestMessage,
  type ResponseMessage,
} from "../../protocol/json-rpc.js";
import { isLoggingLevel } from "../../protocol/methods/session.js";
import { legacyRevisions } from "../../protocol/revisions/legacy.js";
import type { SessionEvent, StoredSession } from "../../protocol/store.js";
import type { JsonObject } from "../../protocol/types.js";
import { createChangeStream, type ChangeStream } from "./change-stream.js";
import type { SharedSessions, StoredSessionHandle } from "./session-records.js";

/** Interval at which the life of a session in use is extended. */
const extensionMs = 60_000;
/** The maximum length of an id and of a reason in a cancellation, and of an answer, that other replicas get. */
const [maxId, maxReason, maxAnswer] = [1024, 500, 256 * 1024];

let parts = 0;

/** Creates the sessions whose records are in a store. */
export function createStoredSessions(server: Server, store: Store): SharedSessions {
  return {
    newPart: () => `${store.replica}_${(parts += 1).toString(36)}`,
    async share(peer, request) {
      const id = crypto.randomUUID();
      const [name, owner, caller] = await Promise.all([
        fingerprint(id),
        ownerOf(server, request.auth),
        fingerprint(callerOf(request.auth, request.remote)),
      ]);
      const stored = { store, key: { name, caller }, owner, position: store.changes.position, changes: 0 };
      await store.sessions.write(stored.key, recordOf(stored, peer, stored));
      return { id, hasExpired: () => false, stored };
    },
    async find(id, auth) {
      const [name, owner] = await Promise.all([fingerprint(id), ownerOf(server, auth)]);
      const record = await store.sessions.read(name);
      if (record === undefined || record.owner !== owner) return undefined;
      const peer = peerOf(server, record);
      if (peer === undefined) return undefined;
      const { position, changes } = record;
      const stored = { store, key: { name, caller: record.caller }, owner, position, changes };
      return { peer, session: { id, hasExpired: () => false, stored } };
    },
    end: ({ stored }) => stored?.store.sessions.change(stored.key, { type: "end" }),
  };
}

function recordOf(
  { key, owner }: StoredSessionHandle,
  { protocolVersion, capabilities, info, logLevel, subscriptions = new Set() }: Peer,
  { position, changes }: Pick<StoredSession, "position" | "changes">,
): StoredSession {
  const client = { caller: key.caller, owner, protocolVersion, capabilities, info };
  return { ...client, logLevel, subscriptions: [...subscriptions], position, changes };
}

/** Returns the client of a record. Another version of the server may support other revisions. */
function peerOf(
  server: Server,
  { protocolVersion, capabilities, info, logLevel, subscriptions }: StoredSession,
): Peer | undefined {
  if (!legacyRevisions.has(protocolVersion)) return undefined;
  const peer = legacyPeer(server, protocolVersion, capabilities, info, true);
  if (isLoggingLevel(logLevel)) peer.logLevel = logLevel;
  for (const uri of subscriptions) peer.subscriptions!.add(uri);
  return peer;
}

/** Returns who may use a session: the caller, with the profile of the endpoint. */
function ownerOf({ profile }: Server, auth: Auth | undefined): Promise<string> {
  return fingerprint(JSON.stringify([identityOf(auth) ?? null, profile ?? null]));
}

/** The refusal of a message that other replicas cannot get. */
function tooLong(what: string, most: number): McpError {
  return invalidRequest(`the ${what} for another replica has more than ${most} characters`);
}

/** The part of a stored session on this replica, which other replicas may also serve. */
export interface StoredPart {
  readonly changes: ChangeStream;
  /** Remembers a request that runs here until its answer. */
  remember(message: RequestMessage, answer: Reply): Reply;
  /** Passes on a cancellation of a request that does not run here. Resolves with a refusal, if any. */
  cancel(message: NotificationMessage): Promise<McpError | undefined> | undefined;
  /** Passes on the answer to a question of another replica. Resolves with a refusal, if any. */
  answer(message: ResponseMessage): Promise<McpError | undefined> | undefined;
  /** Extends the life of the session. */
  touch(now: number): void;
  close(): void;
}

export function createStoredPart(
  server: Server,
  stored: StoredSessionHandle,
  part: string,
  connection: Connection,
  end: () => void,
): StoredPart {
  const peer = connection.peer()!;
  const { store, key } = stored;
  const { sessions } = store;
  let extended = performance.now();
  /** The number of unanswered requests by their ids, which a client may use twice. */
  const running = new Map<Id, number>();
  /** The number of changes of this part that the store does not have yet, and whether it may lack others. */
  let changing = 0;
  let hasFailed = false;
  /** The number of changes of the session that this part knows of, and whether it may have missed some. */
  let known = stored.changes;
  let mayHaveMissed = false;
  const announce = async (type: "listen" | "silence", position: string | undefined): Promise<void> => {
    await sessions.change(key, { type, part, position });
  };
  const changes = createChangeStream({
    ...{ server, store, peer, announce, position: stored.position },
    isAlive: (other) => sessions.isAlive(other.split("_")[0]!),
    latest: async () => (await sessions.read(key.name))?.position,
  });
  const stop = sessions.listen(key.name, take);

  function take(event: SessionEvent): void | Promise<unknown> {
    switch (event.type) {
      case "end":
        return end();
      case "loss":
        mayHaveMissed = true;
        return Promise.all([changes.repeat(), keep()]);
      case "logLevel":
        known = Math.max(known, event.changes ?? 0);
        if (isLoggingLevel(event.level)) peer.logLevel = event.level;
        return;
      case "subscribe":
        known = Math.max(known, event.changes ?? 0);
        return void peer.subscriptions?.add(event.uri);
      case "unsubscribe":
        known = Math.max(known, event.changes ?? 0);
        return void peer.subscriptions?.delete(event.uri);
      case "cancel":
        return connection.notification(event.message as unknown as NotificationMessage);
      case "answer":
        return connection.response(event.message as unknown as ResponseMessage);
      case "listen":
      case "silence":
        return changes.take(event.type, event.part === part ? undefined : event.part, event.position);
    }
  }

  /** Writes the session again to a store that has lost its data, or has it as it was before. */
  const restore = (): Promise<void> =>
    sessions.write(key, recordOf(stored, peer, { position: changes.position(), changes: known }));

  async function extend(): Promise<void> {
    const state = await sessions.extend(key, changes.isSending() ? changes.position() : undefined);
    if (state === "ended") return end();
    if (state === "absent") await restore();
    else if (mayHaveMissed) await catchUp();
    mayHaveMissed = false;
  }

  /** Takes over what other parts have changed, unless the store has an earlier state of the session. */
  async function catchUp(): Promise<void> {
    const record = await sessions.read(key.name);
    if (changing > 0) throw new Error("the session changes");
    if (record === undefined || record.changes < known) return restore();
    known = record.changes;
    if (isLoggingLevel(record.logLevel)) peer.logLevel = record.logLevel;
    peer.subscriptions?.clear();
    for (const uri of record.subscriptions) peer.subscriptions?.add(uri);
  }

  async function keep(): Promise<void> {
    extended = performance.now();
    try {
      await extend();
    } catch {
      // The next use repeats it.
      extended = -Infinity;
    }
  }

  /** Changes the record, and so the other parts. */
  async function change(wanted: SessionEvent): Promise<void> {
    // The record may have a change that failed, but other parts have not.
    const event = wanted.type === "unsubscribe" && hasFailed ? { ...wanted, isKnown: true } : wanted;
    changing += 1;
    try {
      let state = await sessions.change(key, event);
      if (state === "absent") {
        await restore();
        state = await sessions.change(key, event);
      }
      if (state === "ended") end();
    } catch (error) {
      hasFailed = true;
      throw error instanceof UnavailableError ? error : new UnavailableError(503, "the store failed", 1000);
    } finally {
      changing -= 1;
    }
  }

  peer.save = change;
  return {
    changes,
    remember({ id }, answer) {
      running.set(id, (running.get(id) ?? 0) + 1);
      return (text, refusal) => {
        const others = running.get(id)! - 1;
        if (others > 0) running.set(id, others);
        else running.delete(id);
        answer(text, refusal);
      };
    },
    cancel({ method, params }) {
      const { requestId, reason } = isObject(params) ? params : {};
      if (method !== "notifications/cancelled" || running.has(requestId as Id)) return undefined;
      if (typeof requestId !== "string" && typeof requestId !== "number") return undefined;
      const sent = { requestId, ...(typeof reason === "string" && { reason: reason.slice(0, maxReason) }) };
      if (String(requestId).length > maxId) return Promise.resolve(tooLong("id of a cancellation", maxId));
      const event: SessionEvent = { type: "cancel", message: { method, params: sent } };
      return store.retry(() => sessions.change(key, event), key.caller, maxId + maxReason).then(() => undefined);
    },
    answer(message) {
      const { id } = message;
      const [, replica, rest] = typeof id === "string" ? (/^([^_]+)_(\w+)-\d+$/.exec(id) ?? []) : [];
      if (replica === undefined || `${replica}_${rest}` === part) return undefined;
      const sent = message as unknown as JsonObject;
      const { length } = JSON.stringify(sent);
      if (length > maxAnswer) return Promise.resolve(tooLong("answer", maxAnswer));
      return store
        .retry(() => sessions.answer(key, replica, sent), key.caller, length)
        .then((isSent) =>
          isSent ? undefined : invalidRequest("the replica that asked this question has ended, or does not answer"),
        );
    },
    touch(now) {
      if (now - extended >= extensionMs) void keep();
    },
    close() {
      stop();
      changes.close();
    },
  };
}
