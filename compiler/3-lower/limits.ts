import type { CacheDeclaration, Project } from "../model/project.js";
import type { Concurrency, Reuse, Runtime, Server } from "../model/server.js";

const preset = { maxEntries: 1000, maxBytes: 64 * 1024 * 1024, maxQueue: 100 };

/** Returns the cache lifetime of results; a lifetime of zero means no cache. */
export function lowerReuse(
  declared: CacheDeclaration | undefined,
  { runtime }: Project,
  hasResults = true,
): { readonly cache?: Reuse } {
  if (declared === undefined || declared.ttlMs === 0) return {};
  const { ttlMs, scope = "private", maxEntries = runtime.cache?.maxEntries ?? preset.maxEntries } = declared;
  return { cache: { ttlMs, scope, ...(hasResults && { maxEntries }) } };
}

/** Returns the limits of the whole surface. */
export function lowerSurfaceLimits(
  project: Project,
): Pick<
  Server,
  | "pageSize"
  | "listed"
  | "timeoutMs"
  | "maxSubscriptions"
  | "maxTasks"
  | "taskTtlMs"
  | "maxKeptBytes"
  | "maxResultBytes"
> {
  const { limits = {}, cache } = project.runtime;
  const { pageSize, timeoutMs, maxSubscriptions, maxTasks, taskTtlMs, maxKeptBytes, maxResultBytes } = limits;
  const { cache: listed } = lowerReuse(cache?.listings, project, false);
  return {
    ...(pageSize !== undefined && { pageSize }),
    ...(listed && { listed }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(maxSubscriptions !== undefined && { maxSubscriptions }),
    ...(maxTasks !== undefined && { maxTasks }),
    ...(taskTtlMs !== undefined && { taskTtlMs }),
    ...(maxKeptBytes !== undefined && { maxKeptBytes }),
    ...(maxResultBytes !== undefined && { maxResultBytes }),
  };
}

/** Returns the limits around the handlers; members are absent where no entry needs them. */
export function lowerLimits(project: Project): Pick<Runtime, "cache" | "concurrency" | "rate" | "drainMs"> {
  const { cache, limits: { rate, drainMs } = {} } = project.runtime;
  const entries = [...project.tools, ...project.resources, ...project.resourceTemplates];
  const concurrency = lowerConcurrency(project);
  return {
    ...(entries.some(({ value }) => (value.cache?.ttlMs ?? 0) > 0) && {
      cache: { maxSize: cache?.maxBytes ?? preset.maxBytes },
    }),
    ...(concurrency && { concurrency }),
    ...(rate && { rate: { perMinute: rate.perMinute, burst: rate.burst ?? rate.perMinute } }),
    ...(drainMs !== undefined && { drainMs }),
  };
}

function lowerConcurrency({ runtime: { limits = {} }, tools }: Project): Concurrency | undefined {
  const { concurrency: server, maxQueue = preset.maxQueue } = limits;
  const own = tools.flatMap(({ value: { name, concurrency } }) =>
    concurrency === undefined ? [] : [[name, concurrency] as const],
  );
  if (server === undefined && own.length === 0) return undefined;
  return { ...(server !== undefined && { server }), tools: own, maxQueue };
}
