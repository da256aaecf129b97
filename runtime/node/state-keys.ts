import type {} from "../protocol/parts.js";
import { variable, type Environment } from "../protocol/environment.js";
import type { Server } from "../protocol/exchange.js";

const name = "MCPC_STATE_KEYS";

/** The minimum length of a secret. A shorter one could be guessed. */
const shortest = 16;

/**
 * Reads the secrets that seal request states and ids of sessions. Replicas with the same secrets continue each other's
 * calls: the first one seals, and each one opens. Adds wrong ones to `problems`, which never quote them.
 */
export function readStateKeys(environment: Environment, problems: string[]): readonly string[] {
  const text = variable(name, environment);
  if (text === undefined) return [];
  const keys = text.trim().split(/\s*,\s*/);
  for (const [index, { length }] of keys.entries())
    if (length < shortest) problems.push(`${name}: secret ${index + 1} needs at least ${shortest} characters`);
  return keys;
}

/** Warns if replicas that share a store cannot continue each other's calls. */
export function warnOfOwnKeys({ store, stateKeys, logger }: Server): void {
  if (store === undefined || stateKeys.length > 0) return;
  logger(
    "warning",
    `${name} is not set: other replicas cannot continue calls that ask their clients; set the same secret for all`,
  );
}
