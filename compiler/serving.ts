import type { Json, JsonObject } from "./model/source.js";
import type { Server } from "./model/server.js";
import type { Serving } from "./model/summary.js";

/** Returns the data for a process that serves the project during changes. */
export function servingOf(server: Server): Serving {
  const { runtime, layout, external } = server;
  const { hooks, config } = runtime;
  return {
    generated: layout.generated,
    external,
    ...(hooks && { hooks: hooks.file }),
    ...(config && { config: JSON.stringify([config.settings, config.schema.schema]) }),
    ...settingsOf(server),
  };
}

/** Returns the settings under their names in the manifest, since lowering moves some. */
function settingsOf(server: Server): Pick<Serving, "fixed" | "swapped"> {
  const { runtime, transports, maxKeptBytes, listed } = server;
  const { auth, logging, telemetry, metrics, cache, concurrency, rate, drainMs, store } = runtime;
  const { sse, toolEvents, websocket, maxSessions, maxBodyBytes, maxConnections, ...http } = transports.http ?? {};
  const { name, path: _, ...callers } = auth ?? {};
  const { pageSize, timeoutMs, maxSubscriptions, maxTasks, taskTtlMs } = server;
  const { server: calls, maxQueue } = concurrency ?? {};
  return plain({
    fixed: {
      server: { name },
      runtime: {
        transports: { stdio: transports.stdio, http: transports.http && http, sse, toolEvents, websocket },
        limits: { maxSessions, maxBodyBytes, maxConnections, maxKeptBytes, rate, drainMs },
        auth: auth && [callers],
        logging,
        telemetry,
        metrics,
        cache: { maxBytes: cache?.maxSize },
        store: { redis: store },
      },
    },
    swapped: {
      runtime: {
        limits: { pageSize, timeoutMs, maxSubscriptions, maxTasks, taskTtlMs, concurrency: calls, maxQueue },
        cache: { listings: listed },
      },
    },
  });
}

/** Converts values to plain JSON, the form in which they return from a file or another thread. */
function plain<Name extends string>(value: Readonly<Record<Name, object>>): Record<Name, JsonObject> {
  return JSON.parse(JSON.stringify(value)) as Record<Name, JsonObject>;
}

/**
 * Returns the paths of the members that differ, such as `runtime.limits.rate`. An added or removed value is one
 * difference.
 */
export function differences(before: Json | undefined, after: Json | undefined, path = ""): string[] {
  if (!isObject(before) || !isObject(after)) return same(before, after) ? [] : [path];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => differences(before[name], after[name], path === "" ? name : `${path}.${name}`));
}

function same(before: Json | undefined, after: Json | undefined): boolean {
  return JSON.stringify(before) === JSON.stringify(after);
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
