import { createLedgerScript } from "./ledger.js";

/**
 * Writes a task and wakes its watchers. An end is final. Returns 1, 0 if there is no room, each with the evicted tasks
 * and their replicas; or -1 if the store has an end of the task, or no such task.
 */
export const writeTask = createLedgerScript(`
local text, caller, replica = ARGV[1], ARGV[2], ARGV[3]
local restMs, size, ended, isNew = tonumber(ARGV[4]), #text + tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7] == "1"
local old = redis.call("GET", record)
if old == text then return {"1"} end
local known = findBooking()
if old and known and known[3] == 1 then return {"-1"} end
if not old and not isNew then return {"-1"} end
local hasRoom = book(caller, size, ended, replica, restMs, tonumber(ARGV[8]), tonumber(ARGV[9]))
if hasRoom then
  redis.call("SET", record, text, "PX", restMs)
  redis.call("PUBLISH", record, "")
end
return {hasRoom and "1" or "0", unpack(evicted)}`);
