import type { Project } from "../model/project.js";
import type { RedisStore, Value } from "../model/server.js";

const defaultTimeoutMs = 2000;

/** Fills in the defaults of the store; `undefined` for state in memory. */
export function lowerStore({ runtime, server }: Project): RedisStore | undefined {
  const redis = runtime.store?.redis;
  if (redis === undefined) return undefined;
  const { url, prefix, cluster, sentinel, commandTimeoutMs = defaultTimeoutMs } = redis;
  return {
    url: url as Value,
    // Braces would be hash tags, which decide where a cluster keeps keys.
    prefix: prefix ?? `mcpc:${encodeURIComponent(server.value.name)}:`,
    ...(cluster === true && { cluster }),
    ...(sentinel && { sentinel: sentinel as NonNullable<RedisStore["sentinel"]> }),
    commandTimeoutMs,
  };
}
