import { fingerprint } from "../../protocol/fingerprint.js";
import type { ClaimOutcome, SharedStates } from "../../protocol/store.js";
import { createScript } from "./connection.js";
import type { StoreContext } from "./context.js";
import type { Persistence } from "./persist.js";

/** Claims a state, also if the replica that has it is the dead one in `ARGV[3]`. Returns who has it otherwise. */
const claim = createScript(`
local owner = redis.call("GET", KEYS[1])
if owner and (ARGV[3] == "" or owner ~= ARGV[3]) then return owner end
redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])
return ""`);

/** Ends a claim, unless another replica has taken it over. */
const end = createScript(`
if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[3] == "" then return redis.call("DEL", KEYS[1]) end
redis.call("SET", KEYS[1], ARGV[3], "PX", ARGV[2])
return 1`);

const answered = "answered";
const running = "running ";

/** Creates the claims of states in Redis. A claim whose replica has died can be taken over. */
export function createSharedStates(
  { connection, replica, replicas, key }: StoreContext,
  { persist }: Persistence,
): SharedStates {
  const keyOf = async (id: string): Promise<string> => key("state", await fingerprint(id));

  return {
    async claim(id, lifetimeMs): Promise<ClaimOutcome | "claimed"> {
      const state = await keyOf(id);
      const attempt = (dead: string): Promise<unknown> =>
        connection.run(claim, [state], [running + replica, String(lifetimeMs), dead]);
      let owner = await attempt("");
      if (typeof owner === "string" && owner.startsWith(running)) {
        if (await replicas.isAlive(owner.slice(running.length))) return "running";
        owner = await attempt(owner);
      }
      return owner === "" ? "claimed" : "answered";
    },
    async end(id, isAnswered, lifetimeMs) {
      const state = await keyOf(id);
      const args = [running + replica, String(lifetimeMs), isAnswered ? answered : ""];
      try {
        await connection.run(end, [state], args);
      } catch {
        // Until the store is back, it has the claim of this replica, which keeps others out as well.
        persist(() => connection.run(end, [state], args)).catch(() => {});
      }
    },
  };
}
