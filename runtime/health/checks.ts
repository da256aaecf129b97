import type { Application, HealthCheck } from "../protocol/hooks.js";
import { failureDetails, type Logger } from "../protocol/logger.js";

/** The outcome of one check. Its reason is for the log. */
export interface CheckOutcome {
  readonly status: "ok" | "failed" | "timeout";
  readonly durationMs: number;
}

export interface HealthReport {
  readonly status: "ok" | "failing";
  readonly checks: Readonly<Record<string, CheckOutcome>>;
}

export interface Checks {
  /** Runs all checks at once. A recent report is reused, and concurrent probes share one run. */
  report(application: Application, logger: Logger): Promise<HealthReport>;
}

interface Limits {
  readonly timeoutMs: number;
  readonly cacheMs: number;
}

export function createChecks(checks: Readonly<Record<string, HealthCheck>>, { timeoutMs, cacheMs }: Limits): Checks {
  const failing = new Set<string>();
  let latest: Promise<HealthReport> | undefined;
  let until = 0;

  /** Logs only changes, not every probe. */
  function logChange(logger: Logger, name: string, { status }: CheckOutcome, error: unknown): void {
    if (status === "ok" && failing.delete(name))
      logger("info", `the health check ${JSON.stringify(name)} succeeds again`);
    if (status === "ok" || failing.has(name)) return;
    failing.add(name);
    const what = status === "timeout" ? `has not ended within ${timeoutMs} ms` : "failed";
    logger("warning", `the health check ${JSON.stringify(name)} ${what}`, {
      ...(error !== undefined && failureDetails(error)),
    });
  }

  async function run(
    name: string,
    check: HealthCheck,
    application: Application,
    logger: Logger,
  ): Promise<[string, CheckOutcome]> {
    const began = performance.now();
    const stopped = new AbortController();
    let status: CheckOutcome["status"];
    let reason: unknown;
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      const late = new Promise<"timeout">((resolve) => (timer = setTimeout(resolve, timeoutMs, "timeout")));
      const work = Promise.resolve(
        check({ config: application.config, state: application.state, signal: stopped.signal }),
      );
      const said = await Promise.race([work.then((value) => (value === false ? "failed" : "ok")), late]);
      status = said;
    } catch (error) {
      status = "failed";
      reason = error;
    }
    clearTimeout(timer);
    if (status === "timeout") stopped.abort(new Error(`timed out after ${timeoutMs} ms`));
    const outcome = { status, durationMs: Math.round(performance.now() - began) };
    logChange(logger, name, outcome, reason);
    return [name, outcome];
  }

  async function report(application: Application, logger: Logger): Promise<HealthReport> {
    const outcomes = await Promise.all(
      Object.entries(checks).map(([name, check]) => run(name, check, application, logger)),
    );
    until = performance.now() + cacheMs;
    return {
      status: outcomes.every(([, { status }]) => status === "ok") ? "ok" : "failing",
      checks: Object.fromEntries(outcomes),
    };
  }

  return {
    report(application, logger) {
      if (latest === undefined || performance.now() >= until) {
        // All probes share the run until it ends.
        until = Infinity;
        latest = report(application, logger);
      }
      return latest;
    },
  };
}
