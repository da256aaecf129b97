import { createScript, type Script } from "./connection.js";

/**
 * Accounts for records in Redis by caller, as `protocol/ledger.ts` does in a process: when there are too many records, or
 * too many bytes, the caller with the most of them loses its oldest record, idle ones first. A caller with the most
 * itself loses only idle ones.
 *
 * All keys have one hash tag. Those of the ledger end in
 * - `index`: a hash with `[expiry, bytes, idle, caller, replica]` of each record, and the sum of the bytes
 * - `expiry`: the records by their expiry
 * - `callers`, `counts`: the callers by their bytes, and by the number of their records
 * - `of:CALLER`: the records of a caller, in the order in which it loses them
 *
 * A ledger that another program has damaged begins anew. Its records are booked again when they are used.
 */
const library = `
local record, index = KEYS[1], KEYS[2]
local prefix = string.sub(index, 1, -6)
local expiry, callers, counts = prefix .. "expiry", prefix .. "callers", prefix .. "counts"
local id = string.sub(record, #prefix + 1)
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local evicted = {}

local function damaged() error("the ledger is damaged") end

local function entryOf(name)
  local text = redis.call("HGET", index, name)
  if not text then return end
  local read, entry = pcall(cjson.decode, text)
  if not read or type(entry) ~= "table" then damaged() end
  for at, kind in ipairs({"number", "number", "number", "string", "string"}) do
    if type(entry[at]) ~= kind then damaged() end
  end
  return entry
end

local function total()
  local text = redis.call("HGET", index, "bytes") or "0"
  if not string.find(text, "^%d+$") or tonumber(text) > 2 ^ 50 then damaged() end
  return tonumber(text)
end

local function weigh(caller, bytes, count)
  redis.call("HINCRBY", index, "bytes", bytes)
  redis.call("ZINCRBY", callers, bytes, caller)
  if tonumber(redis.call("ZINCRBY", counts, count, caller)) > 0 then return end
  redis.call("ZREM", callers, caller)
  redis.call("ZREM", counts, caller)
end

local function heldBy(weights, caller)
  return tonumber(redis.call("ZSCORE", weights, caller) or "0")
end

local function remove(name)
  local entry = entryOf(name)
  redis.call("ZREM", expiry, name)
  if not entry then return end
  redis.call("HDEL", index, name)
  redis.call("ZREM", prefix .. "of:" .. entry[4], name)
  weigh(entry[4], -entry[2], -1)
  return entry
end

local function evict(name)
  local entry = remove(name)
  redis.call("UNLINK", prefix .. name)
  redis.call("PUBLISH", prefix .. name, "")
  evicted[#evicted + 1] = name
  evicted[#evicted + 1] = entry[5]
end

local function firstOf(caller, mayRun)
  if redis.call("ZCARD", prefix .. "of:" .. caller) ~= heldBy(counts, caller) then damaged() end
  for _, name in ipairs(redis.call("ZRANGE", prefix .. "of:" .. caller, 0, 1)) do
    if name ~= id then
      local entry = entryOf(name) or damaged()
      if mayRun or entry[3] == 1 then return name end
    end
  end
end

local function leastNeeded(weights, caller, held)
  local heaviest = redis.call("ZRANGE", weights, 0, 0, "REV", "WITHSCORES")
  local most = tonumber(heaviest[2] or "0")
  if most > held and heaviest[1] ~= caller then return firstOf(heaviest[1], true) or damaged() end
  local own = firstOf(caller, false)
  if own then return own end
  local oldest = redis.call("ZRANGE", expiry, 0, 0)[1]
  local entry = oldest and oldest ~= id and entryOf(oldest)
  if not entry or entry[3] == 0 or entry[4] == caller then return end
  return heldBy(weights, entry[4]) >= held and oldest
end

local function makeRoom(caller, bytes, more, places, most, mostBytes)
  for _ = 1, 1000 do
    local isCrowded = redis.call("HLEN", index) - 1 + places > most
    local isHeavy = more > 0 and total() + more > mostBytes
    if not isCrowded and not isHeavy then return true end
    local weights = isCrowded and counts or callers
    local held = heldBy(weights, caller) + (isCrowded and places or more)
    local name = bytes <= mostBytes and leastNeeded(weights, caller, held)
    if not name then return false end
    evict(name)
  end
  return false
end

local function attempt(caller, bytes, idle, replica, restMs, most, mostBytes)
  local isWhole = redis.call("ZCARD", expiry) == math.max(0, redis.call("HLEN", index) - 1)
  if not isWhole or redis.call("ZCARD", callers) ~= redis.call("ZCARD", counts) then damaged() end
  for _, name in ipairs(redis.call("ZRANGEBYSCORE", expiry, "-inf", now, "LIMIT", 0, 100)) do
    if name ~= id then remove(name) end
  end
  local known = entryOf(id)
  if known and known[4] ~= caller then
    remove(id)
    known = nil
  end
  if heldBy(counts, caller) == 0 then redis.call("DEL", prefix .. "of:" .. caller) end
  local more, places = bytes - (known and known[2] or 0), known and 0 or 1
  if not makeRoom(caller, bytes, more, places, most, mostBytes) then return false end
  local ends = now + restMs
  redis.call("HSET", index, id, cjson.encode({ends, bytes, idle, caller, replica}))
  redis.call("ZADD", expiry, ends, id)
  redis.call("ZADD", prefix .. "of:" .. caller, ends + (idle == 1 and 0 or 2 ^ 51), id)
  weigh(caller, more, places)
  for _, key in ipairs({index, expiry, callers, counts, prefix .. "of:" .. caller}) do
    if redis.call("PTTL", key) < restMs then redis.call("PEXPIRE", key, restMs) end
  end
  return true
end

local function withRepair(work, ...)
  local done, result = pcall(work, ...)
  if done then return result end
  local reason = type(result) == "table" and result.err or tostring(result)
  for _, sign in ipairs({"the ledger is damaged", "WRONGTYPE", "not an integer", "not a valid float"}) do
    if string.find(reason, sign, 1, true) then
      redis.call("DEL", index, expiry, callers, counts)
      return work(...)
    end
  end
  error(reason, 0)
end

local function book(...) return withRepair(attempt, ...) end
local function findBooking() return withRepair(entryOf, id) end
local function release() return withRepair(remove, id) end
`;

/**
 * Creates a script that may call
 * - `book(caller, bytes, idle, replica, restMs, most, mostBytes)`: books the record, or changes its booking. Returns
 *   whether there is room; `evicted` then has the evicted records, each with its replica
 * - `findBooking()`: returns the booking of the record, in the form of the index
 * - `release()`: ends the booking of the record
 *
 * Its keys are the record, and the index of the ledger.
 */
export function createLedgerScript(source: string): Script {
  return createScript(library + source);
}
