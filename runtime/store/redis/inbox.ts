import { busy } from "../../protocol/errors.js";
import { createScript, type RedisConnection } from "./connection.js";
import { followLog, type Follower } from "./log.js";

/**
 * Inboxes: logs that one replica reads, which removes what it has taken. A full inbox refuses messages instead of losing
 * some, and one caller cannot fill it.
 */

/** The maximum bytes of unread messages, in all and from one caller, and the bytes of a message besides its text. */
const maxBytes = 16 * 1024 * 1024;
const maxCallerBytes = 4 * 1024 * 1024;
const messageBytes = 512;
/** The lifetime of an inbox after its last message, or the end of its replica. */
const lifetimeMs = 10 * 60_000;

/**
 * Appends a message and wakes the reader. Returns 0 if there is no room. The second key has the bytes of each caller. It
 * is damaged, and begins anew, if they leave no room though there is no message but the last one, which stays when read.
 */
const append = createScript(`
local size, caller = #ARGV[6] + ${messageBytes}, "caller " .. ARGV[5]
local function isOver(field, most)
  return (tonumber(redis.call("HGET", KEYS[2], field) or "") or 0) + size > tonumber(most)
end
local function isFull() return isOver("all", ARGV[1]) or ARGV[5] ~= "" and isOver(caller, ARGV[2]) end
if isFull() and redis.call("XLEN", KEYS[1]) < 2 then redis.call("DEL", KEYS[2]) end
if isFull() then return 0 end
local id = redis.call("XADD", KEYS[1], "*", "o", ARGV[4], "n", "1", "d", ARGV[6], "c", caller)
redis.call("HINCRBY", KEYS[2], "all", size)
redis.call("HINCRBY", KEYS[2], caller, size)
redis.call("PEXPIRE", KEYS[1], ARGV[3])
redis.call("PEXPIRE", KEYS[2], ARGV[3])
redis.call("PUBLISH", KEYS[1], id)
return 1`);

/** Removes the messages before a position. The one at the position stays, by which the reader knows its place. */
const remove = createScript(`
for _, entry in ipairs(redis.call("XRANGE", KEYS[1], "-", "(" .. ARGV[1])) do
  local fields = entry[2]
  if fields[8] then
    local size = -#fields[6] - ${messageBytes}
    if redis.call("HINCRBY", KEYS[2], "all", size) <= 0 then redis.call("HDEL", KEYS[2], "all") end
    if redis.call("HINCRBY", KEYS[2], fields[8], size) <= 0 then redis.call("HDEL", KEYS[2], fields[8]) end
  end
end
return redis.call("XTRIM", KEYS[1], "MINID", ARGV[1])`);

export interface Inboxes {
  /**
   * Sends a message to a replica. `caller` is a digest of the caller that has caused it, if any. Rejects with
   * `UnavailableError` if there is no room, or while the store is away.
   */
  send(replica: string, data: string, caller?: string): Promise<void>;
  /** Takes the messages of this replica, each once. */
  receive(take: (message: { readonly origin: string; readonly data: string }) => void): Promise<Follower>;
}

export function createInboxes(
  connection: RedisConnection,
  replica: string,
  key: (...parts: string[]) => string,
): Inboxes {
  const keysOf = (name: string): [string, string] => [key("inbox", `{${name}}`), key("inbox", `{${name}}`, "sizes")];
  return {
    async send(name, data, caller = "") {
      const limits = [maxBytes, maxCallerBytes, lifetimeMs].map(String);
      const reply = await connection.run(append, keysOf(name), [...limits, replica, caller, data]);
      if (Number(reply) === 0) throw busy("too many messages wait for another replica");
    },
    receive(take) {
      const keys = keysOf(replica);
      return followLog(connection, keys[0], {
        ...{ lifetimeMs, deliver: take, repeats: false },
        onRead: (position) => connection.run(remove, keys, [position]),
      });
    },
  };
}
