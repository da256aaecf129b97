import type {} from "./parts.js";
import { busy, type McpError } from "./errors.js";
import type { Call } from "./exchange.js";
import { invalidParams } from "./results.js";
import type { ClaimOutcome, StateClaim } from "./store.js";

/** The maximum number of claims that a process remembers. The oldest one is dropped first. */
const maxClaims = 10_000;

/**
 * Claims the states of a call, which have an id in common: a call that asks its client is answered once. A store does
 * so for all replicas.
 */
export async function claimStates(call: Call, id: string, lifetimeMs: number): Promise<StateClaim | McpError> {
  const { indexes, store } = call.peer.view.server;
  let claims = indexes.get("state claims") as Map<string, ClaimOutcome> | undefined;
  if (claims === undefined) indexes.set("state claims", (claims = new Map()));
  const known = claims.get(id);
  if (known !== undefined) return refusalOf(known);
  remember(claims, id, "running");
  let shared: ClaimOutcome | StateClaim | undefined;
  try {
    if (!globalThis.mcpcWithoutStore) shared = await store?.states.claim({ id, caller: call.caller, lifetimeMs });
  } catch (error) {
    claims.delete(id);
    throw error;
  }
  if (typeof shared === "string") {
    claims.delete(id);
    return refusalOf(shared);
  }
  return {
    async end(isAnswered) {
      if (isAnswered) remember(claims, id, "answered");
      else claims.delete(id);
      await shared?.end(isAnswered);
    },
  };
}

function remember(claims: Map<string, ClaimOutcome>, id: string, outcome: ClaimOutcome): void {
  claims.delete(id);
  claims.set(id, outcome);
  if (claims.size > maxClaims) claims.delete(claims.keys().next().value!);
}

function refusalOf(outcome: ClaimOutcome): McpError {
  return outcome === "running"
    ? busy("another request continues this call")
    : invalidParams('"requestState" has been used, and its call is answered; send the request anew without it');
}
