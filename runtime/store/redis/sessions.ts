import { isObject } from "../../protocol/json-rpc.js";
import type { SessionEvent, SessionStore, StoredSession } from "../../protocol/store.js";
import { within } from "./changes.js";
import { createScript, storeAway } from "./connection.js";
import type { StoreContext } from "./context.js";
import { parseObject } from "./event-logs.js";
import { isPosition, start } from "./log.js";
import type { ReplicaMessage } from "./replicas.js";

/** Lifetime of a session without a request, and the maximum number of sessions of a caller. */
const lifetimeMs = 30 * 60_000;
const maxPerCaller = 1000;
/** The time that a message to other replicas may take. */
const patienceMs = 5000;

const write = createScript(`
if redis.call("EXISTS", KEYS[1]) == 1 then return 0 end
redis.call("HSET", KEYS[1], unpack(ARGV, 2))
return redis.call("PEXPIRE", KEYS[1], ARGV[1])`);

const extend = createScript(`
if redis.call("EXISTS", KEYS[1]) == 0 then return 0 end
if ARGV[2] ~= "" then redis.call("HSET", KEYS[1], "position", ARGV[2]) end
return redis.call("PEXPIRE", KEYS[1], ARGV[1])`);

/** Changes one field of a session that exists; an empty value removes it. */
const change = createScript(`
if redis.call("EXISTS", KEYS[1]) == 0 then return 0 end
if ARGV[2] == "" then return redis.call("HDEL", KEYS[1], ARGV[1]) end
return redis.call("HSET", KEYS[1], ARGV[1], ARGV[2])`);

/** Marks a session as used, in the index of its caller. Returns the sessions that are too many. */
const use = createScript(`
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call("ZADD", KEYS[1], now, ARGV[1])
redis.call("ZREMRANGEBYSCORE", KEYS[1], "-inf", now - ARGV[3])
redis.call("PEXPIRE", KEYS[1], ARGV[3])
local more = redis.call("ZCARD", KEYS[1]) - ARGV[2]
if more <= 0 then return {} end
local oldest = redis.call("ZRANGE", KEYS[1], 0, more - 1)
redis.call("ZREM", KEYS[1], unpack(oldest))
return oldest`);

/** The field of a subscribed URI. */
const uriField = (uri: string): string => `uri ${uri}`;

/** Creates the sessions in Redis: a hash each, and an index for each caller. */
export function createSessionStore({ connection, replica, replicas, key }: StoreContext): SessionStore {
  const listeners = new Map<string, Set<(event: SessionEvent) => void>>();
  const keyOf = (name: string): string => key("session", name);

  async function markUsed(name: string, caller: string): Promise<void> {
    const index = key("sessions", caller);
    const oldest = await connection.run(use, [index], [name, String(maxPerCaller), String(lifetimeMs)]);
    if (!Array.isArray(oldest)) return;
    await Promise.all(oldest.map((other) => connection.send(keyOf(String(other)), "UNLINK", keyOf(String(other)))));
  }

  /** Refuses a message at once while the store is away: the client sends it again. */
  function delivered(send: () => Promise<void>): Promise<void> {
    if (!connection.available) return Promise.reject(storeAway());
    return within(patienceMs, send(), "the store does not answer");
  }

  replicas.on("session", (message) => {
    const { session, event } = parseMessage(message) ?? {};
    if (session !== undefined && event !== undefined) for (const take of listeners.get(session) ?? []) take(event);
  });

  // What other replicas said before, such as an end of a session, is known once this message comes back.
  connection.onLoss(() => void replicas.broadcast({ kind: "loss" }).catch(() => {}));
  replicas.on("loss", (_message, from) => {
    if (from !== replica) return;
    for (const takers of [...listeners.values()]) for (const take of [...takers]) take({ type: "loss" });
  });

  return {
    async write({ name, caller }, session) {
      const { logLevel, subscriptions, position, ...client } = session;
      const fields = ["client", JSON.stringify(client), "position", position];
      if (logLevel !== undefined) fields.push("level", logLevel);
      for (const uri of subscriptions) fields.push(uriField(uri), "1");
      await connection.run(write, [keyOf(name)], [String(lifetimeMs), ...fields]);
      await markUsed(name, caller);
    },
    async read(name) {
      return parseSession(await connection.send(keyOf(name), "HGETALL", keyOf(name)));
    },
    async extend({ name, caller }, position) {
      const isKnown = await connection.run(extend, [keyOf(name)], [String(lifetimeMs), position ?? ""]);
      if (Number(isKnown) > 0) await markUsed(name, caller);
      return Number(isKnown) > 0;
    },
    async change({ name, caller }, event) {
      const record = keyOf(name);
      const set = (field: string, value: string): Promise<unknown> => connection.run(change, [record], [field, value]);
      if (event.type === "end") {
        const index = key("sessions", caller);
        await Promise.all([connection.send(record, "UNLINK", record), connection.send(index, "ZREM", index, name)]);
      } else if (event.type === "logLevel") await set("level", event.level);
      else if (event.type === "subscribe" || event.type === "unsubscribe")
        await set(uriField(event.uri), event.type === "subscribe" ? "1" : "");
      else if (event.type === "silence" && event.position !== undefined) await set("position", event.position);
      await delivered(() => replicas.broadcast(messageOf(name, event)));
    },
    isAlive: replicas.isAlive,
    async answer({ name, caller }, replica, message) {
      if (!(await replicas.isAlive(replica))) return false;
      await delivered(() => replicas.send(replica, messageOf(name, { type: "answer", message }), caller));
      return true;
    },
    listen(name, take) {
      const takers = listeners.get(name) ?? new Set();
      listeners.set(name, takers.add(take));
      return () => {
        takers.delete(take);
        if (takers.size === 0) listeners.delete(name);
      };
    },
  };
}

function messageOf(session: string, event: SessionEvent): ReplicaMessage {
  return { kind: "session", session, event };
}

function parseMessage({ session, event }: ReplicaMessage): { session: string; event: SessionEvent } | undefined {
  if (typeof session !== "string" || !isObject(event)) return undefined;
  const { type, uri, level, message, part, position } = event;
  switch (type) {
    case "end":
      return { session, event: { type } };
    case "logLevel":
      return typeof level === "string" ? { session, event: { type, level } } : undefined;
    case "subscribe":
    case "unsubscribe":
      return typeof uri === "string" ? { session, event: { type, uri } } : undefined;
    case "cancel":
    case "answer":
      return isObject(message) ? { session, event: { type, message } } : undefined;
    case "listen":
    case "silence":
      if (typeof part !== "string") return undefined;
      return { session, event: { type, part, position: isPosition(position) ? position : undefined } };
    default:
      return undefined;
  }
}

/** Parses the reply of `HGETALL`: a list, or an object since RESP3. A session that another version has written in another form counts as absent. */
function parseSession(reply: unknown): StoredSession | undefined {
  const fields = new Map<string, string>(isObject(reply) ? Object.entries(reply as Record<string, string>) : []);
  if (Array.isArray(reply))
    for (let at = 0; at + 1 < reply.length; at += 2) fields.set(String(reply[at]), String(reply[at + 1]));
  const { caller, owner, protocolVersion, capabilities, info } = parseObject(fields.get("client") ?? "") ?? {};
  if (typeof caller !== "string" || typeof owner !== "string" || typeof protocolVersion !== "string") return undefined;
  const position = fields.get("position");
  const uris = [...fields.keys()].filter((field) => field.startsWith(uriField("")));
  return {
    ...{ caller, owner, protocolVersion, capabilities, info, logLevel: fields.get("level") },
    subscriptions: uris.map((field) => field.slice(uriField("").length)),
    position: isPosition(position) ? position : start,
  };
}
