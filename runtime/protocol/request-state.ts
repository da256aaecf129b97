import { identityOf } from "./auth.js";
import { invalidParams } from "./results.js";
import type { McpError } from "./errors.js";
import type { Call } from "./exchange.js";
import { isObject } from "./json-rpc.js";
import { seal, unseal } from "./seal.js";
import type { Json, JsonObject } from "./types.js";

/** The progress of a call in earlier rounds. */
export interface CallProgress {
  /** The client's answers, by the key of the question. */
  readonly answers: JsonObject;
  /** The results of the handler's steps, by name. */
  readonly steps: JsonObject;
  /** The id that all states of the call have. */
  readonly id?: string;
}

/** Time limit from a question to its answer. */
export const stateLifetimeMs = 60 * 60_000;

/**
 * Seals the progress of a call for the next round (2026-07-28, multi round-trip requests: request state): bound to
 * method, name, arguments and caller, valid for an hour.
 */
export function sealState(call: Call, progress: CallProgress): Promise<string> {
  const { answers, steps, id } = progress;
  const expires = Date.now() + stateLifetimeMs;
  const sealed = { answers, steps, ...(id !== undefined && { id }) };
  return seal(call.peer.view.server, "request state", sealed, subjectOf(call), expires);
}

/** Opens a sealed state. Refuses states that are modified, foreign or expired. */
export async function openState(call: Call, state: string): Promise<CallProgress | McpError> {
  const opened = await unseal(call.peer.view.server, "request state", state, subjectOf(call));
  if (opened === undefined) return invalidState();
  if (opened === "expired") return invalidParams('"requestState" has expired; send the request anew without it');
  const { answers, steps, id } = opened;
  return {
    answers: isObject(answers) ? answers : {},
    steps: isObject(steps) ? steps : {},
    ...(typeof id === "string" && { id }),
  };
}

export function invalidState(): McpError {
  return invalidParams('"requestState" is not one that this server gave for this request');
}

/** Returns the call that a state belongs to, as JSON. */
function subjectOf({ method, params, auth }: Call): Json {
  const { name = null, uri = null, arguments: input = null } = params;
  return [method, name, uri, sorted(input), identityOf(auth) ?? null];
}

/** Sorts keys: a client may send the same arguments in another order. */
function sorted(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(sorted);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key] ?? null)]),
  );
}
