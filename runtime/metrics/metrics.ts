import { countedMethods } from "../protocol/admission.js";
import { variable, type Environment } from "../protocol/environment.js";
import type { Call, Server } from "../protocol/exchange.js";
import type { Metrics } from "../protocol/metrics.js";
import { methodOf, namedEntry } from "../protocol/named-entry.js";
import type { Observer } from "../protocol/observer.js";
import { expositionText, type Family } from "./exposition.js";
import { gauges } from "./gauges.js";
import { createCounter, createHistogram } from "./instruments.js";

/** The manifest's `runtime.metrics`. */
export interface MetricsOptions {
  readonly path: string;
  readonly isOnHttpPort: boolean;
  /** The variable of the token that scrapers send. */
  readonly token?: { readonly env: string };
  /** Returns the metrics of the process. */
  readonly process?: () => readonly Family[];
}

/** Upper bounds of durations, in seconds. */
const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

const contentType = "text/plain; version=0.0.4; charset=utf-8";
/** The name of entries that the manifest does not have, since clients choose names. */
const unknown = "_OTHER";

/** Creates the metrics of a server for Prometheus, and the observer that counts its requests. */
export function createMetrics({ path, isOnHttpPort, token, process }: MetricsOptions): Metrics<Call, Server> {
  const requests = createCounter("mcp_requests_total", "Requests that were answered, refused or aborted.");
  const durations = createHistogram(
    "mcp_request_duration_seconds",
    "Durations of requests until their answer.",
    bounds,
  );
  const tasks = createCounter("mcp_tasks_total", "Tasks that have ended.");
  const unauthorized = createCounter("mcp_unauthorized_total", "HTTP requests whose credentials were refused.");
  const limited = createCounter("mcp_rate_limited_total", "Requests, streams and connections beyond the rate limit.");
  let sessions = 0;
  let opened = 0;
  let secret: string | undefined;
  let areDeclared = false;

  /** Declares the series whose labels are known, so that their first event is an increase of 0. */
  function declareSeries({ options: { admit }, auth, surface }: Server): void {
    areDeclared = true;
    if (admit !== undefined) for (const method of countedMethods) limited.declare({ method });
    if (auth !== undefined)
      for (const error of ["missing_credentials", "invalid_token"]) unauthorized.declare({ error });
    for (const { name, task } of surface.tools)
      if (task !== undefined) tasks.declare({ method: "tools/call", name, outcome: "ok", fault: "", error: "" });
  }

  const observer: Observer<Call> = {
    onCall(call) {
      const method = methodOf(call);
      const entry = namedEntry(call);
      const name = entry === undefined ? "" : (entry.declared ?? unknown);
      return ({ kind, failure, durationMs, isTaskEnd }) => {
        const { fault = "", name: error = "" } = failure ?? {};
        const labels = { method, name, outcome: kind.replace(" ", "_"), fault, error };
        if (isTaskEnd === true) return tasks.add(labels);
        requests.add(labels);
        durations.observe({ method, name }, durationMs / 1000);
      };
    },
    onSession() {
      sessions += 1;
      opened += 1;
      return () => void (sessions -= 1);
    },
    onUnauthorized: (_call, error) => unauthorized.add({ error }),
  };

  function families(server: Server): readonly Family[] {
    if (!areDeclared) declareSeries(server);
    return [
      ...[requests, durations, tasks, unauthorized, limited].map(({ family }) => family),
      ...gauges(server, { sessions, opened }),
      ...(process?.() ?? []),
    ];
  }

  return {
    observer,
    path,
    isOnHttpPort,
    onRateLimited: (method) => limited.add({ method }),
    start(environment: Environment, secrets: Set<string>) {
      if (token === undefined) return [];
      secret = variable(token.env, environment);
      if (secret === undefined) return [`${token.env} is missing: the token that scrapers of the metrics send`];
      secrets.add(secret);
      if (/^[\x21-\x7e]{16,}$/.test(secret)) return [];
      secret = undefined;
      return [`${token.env}: the token must have at least 16 characters, all of them visible ASCII characters`];
    },
    answer(server, authorization) {
      // The name of a scheme may be in any case (RFC 9110, section 11.1).
      const given = /^bearer +(.*)$/i.exec(authorization ?? "")?.[1] ?? "";
      if (token !== undefined && (secret === undefined || !isEqual(given, secret)))
        return { status: 401, body: "", headers: { "www-authenticate": 'Bearer realm="metrics"' } };
      const headers = { "content-type": contentType, "cache-control": "no-store" };
      return { status: 200, body: expositionText(families(server)), headers };
    },
  };
}

/** Compares two texts in a time that depends on their lengths alone. */
function isEqual(given: string, expected: string): boolean {
  let difference = given.length ^ expected.length;
  for (let at = 0; at < expected.length; at += 1)
    difference |= given.charCodeAt(at % (given.length || 1)) ^ expected.charCodeAt(at);
  return difference === 0;
}
