import { full } from "../../protocol/errors.js";
import { fingerprint } from "../../protocol/fingerprint.js";
import type { ClaimedState, SharedStates } from "../../protocol/store.js";
import { storeAway, type Script } from "./connection.js";
import type { StoreContext } from "./context.js";
import { createDigests } from "./digests.js";
import { createLedgerScript } from "./ledger.js";
import type { Persistence } from "./persist.js";

/** Bytes of a claim in Redis. */
const claimBytes = 720;

/**
 * Claims a state, also if it has the claim `ARGV[2]`, whose replica is dead. Returns the claim that it has otherwise,
 * and `full` if there is no room.
 */
const claim = createLedgerScript(`
local owner = redis.call("GET", record)
if owner and (ARGV[2] == "" or owner ~= ARGV[2]) then return owner end
if not book(ARGV[3], ${claimBytes}, 0, "", tonumber(ARGV[4]), math.huge, tonumber(ARGV[5])) then return "full" end
redis.call("SET", record, ARGV[1], "PX", ARGV[4])
return ""`);

/** Ends a claim, unless another one has replaced it. */
const end = createLedgerScript(`
if redis.call("GET", record) ~= ARGV[1] then return 0 end
if ARGV[2] == "" then
  release()
  return redis.call("DEL", record)
end
book(ARGV[3], ${claimBytes}, 1, "", tonumber(ARGV[4]), math.huge, tonumber(ARGV[5]))
redis.call("SET", record, ARGV[2], "PX", ARGV[4])
return 1`);

/** The maximum number of callers whose digest is remembered. */
const maxCallers = 10_000;

/** A state as the store has it: its answered call, or the replica that continues the call and the number of its claim. */
const answered = "answered";
const running = "running ";
const isRunning = (claim: unknown): claim is string => typeof claim === "string" && claim.startsWith(running);
const replicaOf = (claim: string): string => claim.slice(running.length).split(" ")[0]!;

/** Creates the claims of states in Redis. A claim whose replica has died can be taken over. */
export function createSharedStates(
  { connection, replica, replicas, key, keptBytes }: StoreContext,
  { persist }: Persistence,
): SharedStates {
  const digestOf = createDigests(maxCallers);
  const index = key("{states}", "index");
  let count = 0;

  /** Runs a script on a claim, with the arguments of its booking after its own. */
  async function run(script: Script, { id, caller, lifetimeMs }: ClaimedState, ...args: string[]): Promise<unknown> {
    const [name, booked] = await Promise.all([fingerprint(id), digestOf(caller)]);
    const booking = [booked, String(lifetimeMs), String(keptBytes())];
    return connection.run(script, [key("{states}", name), index], [...args, ...booking]);
  }

  return {
    async claim(state) {
      if (!connection.available) throw storeAway();
      count += 1;
      const own = `${running}${replica} ${count}`;
      const finish = (outcome: string): Promise<unknown> => run(end, state, own, outcome);
      let other: unknown;
      try {
        other = await run(claim, state, own, "");
        if (isRunning(other)) {
          if (await replicas.isAlive(replicaOf(other))) return "running";
          other = await run(claim, state, own, other);
        }
      } catch (error) {
        // The store may have the claim all the same.
        persist(() => finish(""), state).catch(() => {});
        throw error;
      }
      if (other === "full") throw full("too many calls go on in rounds");
      // Another replica may have been faster to replace a dead one.
      if (other !== "") return isRunning(other) ? "running" : "answered";
      return {
        async end(isAnswered) {
          const outcome = isAnswered ? answered : "";
          try {
            await finish(outcome);
          } catch {
            // Until the store is back, it has the claim of this replica, which keeps others out as well.
            persist(() => finish(outcome), state).catch(() => {});
          }
        },
      };
    },
  };
}
