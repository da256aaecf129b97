import type {} from "../protocol/parts.js";
import type { Hooks } from "../protocol/hooks.js";
import type { Health, Server } from "../protocol/exchange.js";
import { ready } from "../protocol/application.js";
import { createChecks, type HealthReport } from "./checks.js";

/** The manifest's `runtime.health`. */
export interface HealthOptions {
  /** The path of the liveness probe, such as `/healthz`. */
  readonly liveness: string;
  /** The path of the readiness probe, such as `/readyz`. */
  readonly readiness: string;
  /** The time limit of a check. */
  readonly timeoutMs: number;
  /** Lifetime of a report. */
  readonly cacheMs: number;
  /** The server's version, for the tool. */
  readonly version: string;
}

/** Creates the answers to probes and to the tool, from the checks in the hooks. */
export function createHealth(options: HealthOptions, hooks: Hooks = {}): Health {
  const checks = createChecks(hooks.health ?? {}, options);

  async function readiness(
    server: Server,
  ): Promise<{ readonly status: HealthReport["status"] | "starting" | "draining"; readonly store?: "ok" | "away" }> {
    if (server.application.draining) return { status: "draining" };
    if (!(await isStartedWithin(server, options.timeoutMs))) return { status: "starting" };
    const report = await checks.report(server.application, server.logger);
    if (globalThis.mcpcWithoutStore || server.store === undefined) return report;
    // Without its store the server still answers what needs nothing of it.
    return { ...report, store: server.store.available ? "ok" : "away" };
  }

  return {
    at(path) {
      if (path === options.liveness) return async () => ({ status: 200, body: '{"status":"ok"}' });
      if (path !== options.readiness) return undefined;
      return async (server) => {
        const report = await readiness(server);
        return { status: report.status === "ok" ? 200 : 503, body: JSON.stringify(report) };
      };
    },
    async report({ application, logger }): Promise<HealthCheckResult> {
      const { status } = await checks.report(application, logger);
      return { status, time: new Date().toISOString(), version: options.version };
    },
  };
}

/** The answer of the tool `health_check`. */
interface HealthCheckResult {
  readonly status: "ok" | "failing";
  readonly time: string;
  readonly version: string;
}

/** The handler of the tool `health_check`. */
export function healthCheck(_input: unknown, context: unknown): Promise<HealthCheckResult> {
  return (context as { readonly health: () => Promise<HealthCheckResult> }).health();
}

/** Returns whether the server starts in time. A probe may be the request that starts a mounted server. */
async function isStartedWithin(server: Server, timeoutMs: number): Promise<boolean> {
  const started = ready(server);
  if (started === true) return true;
  let timer: ReturnType<typeof setTimeout>;
  const late = new Promise<false>((resolve) => (timer = setTimeout(resolve, timeoutMs, false)));
  return Promise.race([started, late]).finally(() => clearTimeout(timer));
}
