import { full } from "../../protocol/errors.js";
import { isObject } from "../../protocol/json-rpc.js";
import type { SessionEvent, SessionKey, SessionState, SessionStore, StoredSession } from "../../protocol/store.js";
import { storeAway, within } from "./connection.js";
import type { StoreContext } from "./context.js";
import { parseObject } from "./event-logs.js";
import { createLedgerScript } from "./ledger.js";
import { isPosition, start } from "./log.js";
import type { ReplicaMessage } from "./replicas.js";

/** Lifetime of a session without a request. */
const lifetimeMs = 30 * 60_000;
/** Bytes of a session in Redis without its fields, and of a field without its name and value. */
const sessionBytes = 1024;
const fieldBytes = 64;
/** Bytes of a session in Redis that has ended. */
const endedBytes = 720;
/** The time that a message to other replicas may take. */
const patienceMs = 5000;
/** The number of sessions that write at a time after a loss. */
const lossBatch = 64;

/**
 * Sets fields of a session that exists; or writes the whole session, unless there is one with at least the number of
 * changes in `ARGV[1]`. An empty value removes its field. Extends the life of the session. Returns the number of changes,
 * -1 if there is no such session, -2 if there is no room, or -3 if it has ended.
 */
const set = createLedgerScript(`
local kind = redis.call("TYPE", record).ok
if kind ~= "hash" and kind ~= "none" then redis.call("DEL", record) end
local isWhole, exists = ARGV[1] ~= "", kind == "hash"
if not exists and not isWhole then return -1 end
if exists and redis.call("HEXISTS", record, "ended") == 1 then return -3 end
if exists and isWhole and (tonumber(redis.call("HGET", record, "changes") or "") or 0) < tonumber(ARGV[1]) then
  redis.call("DEL", record)
  exists = false
end
local function bytesOf(name, value)
  return value and value ~= "" and #name + #value + ${fieldBytes} or 0
end
local known = exists and findBooking()
local bytes = known and known[2] or ${sessionBytes}
if exists and not known then
  local fields = redis.call("HGETALL", record)
  for i = 1, #fields, 2 do bytes = bytes + bytesOf(fields[i], fields[i + 1]) end
end
local last = exists and isWhole and 0 or #ARGV
for i = 5, last, 2 do
  local name, value = ARGV[i], ARGV[i + 1]
  bytes = bytes + bytesOf(name, value) - bytesOf(name, redis.call("HGET", record, name))
end
if not book(ARGV[2], bytes, 1, "", tonumber(ARGV[3]), math.huge, tonumber(ARGV[4])) then return -2 end
for i = 5, last, 2 do
  if ARGV[i + 1] == "" then
    redis.call("HDEL", record, ARGV[i])
  else
    redis.call("HSET", record, ARGV[i], ARGV[i + 1])
  end
end
redis.call("PEXPIRE", record, ARGV[3])
if isWhole then
  if not exists then redis.call("HSET", record, "changes", ARGV[1]) end
  return tonumber(ARGV[1])
end
return redis.call("HINCRBY", record, "changes", ARGV[5] and ARGV[5] ~= "position" and 1 or 0)`);

/** Ends a session. The record says so for as long as replicas that have missed it could write the session again. */
const end = createLedgerScript(`
redis.call("UNLINK", record)
release()
if not book(ARGV[1], ${endedBytes}, 1, "", tonumber(ARGV[2]), math.huge, tonumber(ARGV[3])) then return 0 end
redis.call("HSET", record, "ended", "1")
return redis.call("PEXPIRE", record, ARGV[2])`);

/** The field of a subscribed URI. */
const uriField = (uri: string): string => `uri ${uri}`;

/** Creates the sessions in Redis: a hash each. */
export function createSessionStore({ connection, replica, replicas, key, keptBytes }: StoreContext): SessionStore {
  const listeners = new Map<string, Set<(event: SessionEvent) => void | Promise<unknown>>>();
  const keyOf = (name: string): string => key("{sessions}", name);
  const index = keyOf("index");

  const booking = ({ caller }: SessionKey): string[] => [caller, String(lifetimeMs), String(keptBytes())];

  /** Sets fields of a session, or writes the whole session after a number of changes. Resolves with that number. */
  async function write(session: SessionKey, fields: readonly string[], whole?: number): Promise<number | SessionState> {
    const args = [String(whole ?? ""), ...booking(session), ...fields];
    const outcome = Number(await connection.run(set, [keyOf(session.name), index], args));
    if (outcome === -2)
      throw full(whole === undefined ? "there is no room for more of this session" : "too many sessions are kept");
    return outcome >= 0 ? outcome : outcome === -1 ? "absent" : "ended";
  }

  async function has({ name }: SessionKey, field: string): Promise<boolean> {
    return Number(await connection.send(keyOf(name), "HEXISTS", keyOf(name), field)) > 0;
  }

  /** Writes what an event changes in the record of a session. Resolves with the event for other replicas, if they need it. */
  async function record(session: SessionKey, event: SessionEvent): Promise<SessionEvent | SessionState> {
    const counted = async (...fields: string[]): Promise<SessionEvent | SessionState> => {
      const changes = await write(session, fields);
      return typeof changes === "number" ? ({ ...event, changes } as SessionEvent) : changes;
    };
    switch (event.type) {
      case "end":
        await connection.run(end, [keyOf(session.name), index], booking(session));
        return event;
      case "logLevel":
        return counted("level", event.level);
      case "subscribe":
        return counted(uriField(event.uri), "1");
      case "unsubscribe":
        if (event.isKnown !== true && !(await has(session, uriField(event.uri)))) return "kept";
        return counted(uriField(event.uri), "");
      case "silence":
        if (event.position !== undefined) await write(session, ["position", event.position]);
        return event;
      default:
        return event;
    }
  }

  const delivered = (sent: Promise<void>): Promise<void> => within(patienceMs, sent, "the store does not answer");

  replicas.on("session", (message) => {
    const { session, event } = parseMessage(message) ?? {};
    if (session !== undefined && event !== undefined) for (const take of listeners.get(session) ?? []) take(event);
  });

  // What other replicas said before, such as an end of a session, is known once this message comes back.
  connection.onLoss(() => void replicas.broadcast({ kind: "loss" }).catch(() => {}));
  replicas.on("loss", (_message, from) => {
    if (from === replica) void reportLoss();
  });

  /** Reports a loss to some sessions at a time, because each one writes then. */
  async function reportLoss(): Promise<void> {
    const names = [...listeners.keys()];
    while (names.length > 0) {
      const takers = names.splice(0, lossBatch).flatMap((name) => [...(listeners.get(name) ?? [])]);
      await Promise.all(takers.map((take) => take({ type: "loss" })));
    }
  }

  return {
    async write(session, content) {
      const { logLevel = "", subscriptions, position, changes, ...client } = content;
      const uris = subscriptions.flatMap((uri) => [uriField(uri), "1"]);
      const fields = ["client", JSON.stringify(client), "position", position, "level", logLevel, ...uris];
      await write(session, fields, changes);
    },
    async read(name) {
      return parseSession(await connection.send(keyOf(name), "HGETALL", keyOf(name)));
    },
    async extend(session, position) {
      const outcome = await write(session, position === undefined ? [] : ["position", position]);
      return typeof outcome === "number" ? "kept" : outcome;
    },
    async change(session, event) {
      // A message would wait for the store, but the client sends it again.
      if (!connection.available) throw storeAway();
      const written = await record(session, event);
      if (typeof written === "string") return written;
      // If the store has gone meanwhile, the message waits for it. If too much waits, the change fails, though the record
      // has it: other parts get it when the client repeats it, or read it in the record after a loss.
      await delivered(replicas.broadcast(messageOf(session.name, written), session.caller));
      return "kept";
    },
    isAlive: replicas.isAlive,
    async answer({ name, caller }, replica, message) {
      if (!(await replicas.isAlive(replica))) return false;
      await delivered(replicas.send(replica, messageOf(name, { type: "answer", message }), caller));
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
  const { type, uri, level, message, part, position, changes: count } = event;
  const changes = typeof count === "number" ? count : 0;
  switch (type) {
    case "end":
      return { session, event: { type } };
    case "logLevel":
      return typeof level === "string" ? { session, event: { type, level, changes } } : undefined;
    case "subscribe":
    case "unsubscribe":
      return typeof uri === "string" ? { session, event: { type, uri, changes } } : undefined;
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
    changes: Number(fields.get("changes") ?? 0) || 0,
  };
}
