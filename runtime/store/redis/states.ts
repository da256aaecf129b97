import { full } from "../../protocol/errors.js";
import { fingerprint } from "../../protocol/fingerprint.js";
import type { ClaimedState, ClaimOutcome, SharedStates } from "../../protocol/store.js";
import type { Script } from "./connection.js";
import type { StoreContext } from "./context.js";
import { createDigests } from "./digests.js";
import { createLedgerScript } from "./ledger.js";
import type { Persistence } from "./persist.js";

/** Bytes of a claim in Redis. */
const claimBytes = 720;

/**
 * Claims a state, also if the replica that has it is the dead one in `ARGV[2]`. Returns who has it otherwise, and
 * `full` if there is no room.
 */
const claim = createLedgerScript(`
local owner = redis.call("GET", record)
if owner and (ARGV[2] == "" or owner ~= ARGV[2]) then return owner end
if not book(ARGV[3], ${claimBytes}, 0, "", tonumber(ARGV[4]), math.huge, tonumber(ARGV[5])) then return "full" end
redis.call("SET", record, ARGV[1], "PX", ARGV[4])
return ""`);

/** Ends a claim, unless another replica has taken it over. */
const end = createLedgerScript(`
if redis.call("GET", record) ~= ARGV[1] then return 0 end
if ARGV[2] == "" then
  release(id)
  return redis.call("DEL", record)
end
book(ARGV[3], ${claimBytes}, 1, "", tonumber(ARGV[4]), math.huge, tonumber(ARGV[5]))
redis.call("SET", record, ARGV[2], "PX", ARGV[4])
return 1`);

/** The maximum number of callers whose digest is remembered. */
const maxCallers = 10_000;

const answered = "answered";
const running = "running ";

/** Creates the claims of states in Redis. A claim whose replica has died can be taken over. */
export function createSharedStates(
  { connection, replica, replicas, key, keptBytes }: StoreContext,
  { persist }: Persistence,
): SharedStates {
  const digestOf = createDigests(maxCallers);
  const index = key("{states}", "index");

  /** Runs a script on a claim, with the arguments of its booking after its own. */
  async function run(script: Script, { id, caller, lifetimeMs }: ClaimedState, ...args: string[]): Promise<unknown> {
    const [name, booked] = await Promise.all([fingerprint(id), digestOf(caller)]);
    const booking = [booked, String(lifetimeMs), String(keptBytes())];
    return connection.run(script, [key("{states}", name), index], [...args, ...booking]);
  }

  return {
    async claim(state): Promise<ClaimOutcome | "claimed"> {
      let owner = await run(claim, state, running + replica, "");
      if (typeof owner === "string" && owner.startsWith(running)) {
        if (await replicas.isAlive(owner.slice(running.length))) return "running";
        owner = await run(claim, state, running + replica, owner);
      }
      if (owner === "full") throw full("too many calls go on in rounds");
      return owner === "" ? "claimed" : "answered";
    },
    async end(state, isAnswered) {
      const finish = (): Promise<unknown> => run(end, state, running + replica, isAnswered ? answered : "");
      try {
        await finish();
      } catch {
        // Until the store is back, it has the claim of this replica, which keeps others out as well.
        persist(finish).catch(() => {});
      }
    },
  };
}
