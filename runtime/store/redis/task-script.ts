import { createScript } from "./connection.js";

/**
 * Writes a task and wakes its watchers. An end is final. The index has for each task its expiry, its bytes, whether it
 * has ended, its caller and its replica. If there is no room, the caller who holds most loses tasks, ended ones first; a
 * caller who holds most itself loses only ended ones of its own. Returns 1 and the evicted tasks with their replicas, 0
 * if there is no room, or -1 if the store has an end of the task, or no such task.
 */
export const writeTask = createScript(`
local task, index = KEYS[1], KEYS[2]
local id, text, caller, replica = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local restMs, maxTasks, maxBytes = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local size, ended, isNew = #text + tonumber(ARGV[8]), tonumber(ARGV[9]), ARGV[10] == "1"
local old = redis.call("GET", task)
if old == text then return {"1"} end
local known = redis.call("HGET", index, id)
known = known and cjson.decode(known)
if old and known and known[3] == 1 then return {"-1"} end
if not old and not isNew then return {"-1"} end
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local total = tonumber(redis.call("HGET", index, "bytes") or "0") - (known and known[2] or 0)
local victims = {}
if (not known and redis.call("HLEN", index) > maxTasks) or total + size > maxBytes then
  local others, weights, count = {}, { [caller] = size }, 0
  total = 0
  local fields = redis.call("HGETALL", index)
  for i = 1, #fields, 2 do
    if fields[i] ~= "bytes" and fields[i] ~= id then
      local other = cjson.decode(fields[i + 1])
      if other[1] <= now then
        redis.call("HDEL", index, fields[i])
      else
        other.id = fields[i]
        others[#others + 1] = other
        weights[other[4]] = (weights[other[4]] or 0) + other[2]
        total = total + other[2]
        count = count + 1
      end
    end
  end
  local kept = total
  while count >= maxTasks or total + size > maxBytes do
    local heaviest = caller
    for name, weight in pairs(weights) do
      if weight > weights[heaviest] then heaviest = name end
    end
    local victim
    for _, other in ipairs(others) do
      if other[4] == heaviest and not other.isVictim and (heaviest ~= caller or other[3] == 1) then
        if not victim or other[3] > victim[3] or (other[3] == victim[3] and other[1] < victim[1]) then victim = other end
      end
    end
    if not victim then
      redis.call("HSET", index, "bytes", string.format("%.0f", kept + (known and known[2] or 0)))
      return {"0"}
    end
    victim.isVictim = true
    victims[#victims + 1] = victim
    weights[heaviest] = weights[heaviest] - victim[2]
    total = total - victim[2]
    count = count - 1
  end
end
local reply = {"1"}
local prefix = string.sub(task, 1, #task - #id)
for _, victim in ipairs(victims) do
  redis.call("DEL", prefix .. victim.id)
  redis.call("HDEL", index, victim.id)
  redis.call("PUBLISH", prefix .. victim.id, "")
  reply[#reply + 1] = victim.id
  reply[#reply + 1] = victim[5]
end
redis.call("SET", task, text, "PX", restMs)
redis.call("HSET", index, id, cjson.encode({now + restMs, size, ended, caller, replica}), "bytes", string.format("%.0f", total + size))
if redis.call("PTTL", index) < restMs then redis.call("PEXPIRE", index, restMs) end
redis.call("PUBLISH", task, "")
return reply`);
