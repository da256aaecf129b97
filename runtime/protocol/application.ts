import type {} from "./parts.js";
import { delayAnswer, deliverChange, publish } from "./changes.js";
import { environment, levelFrom } from "./environment.js";
import type { Call, Change, Server } from "./exchange.js";
import type { Notify } from "./handlers.js";
import { profileFrom } from "./profiles.js";
import { SettingsError, type Application, type Lifecycle, type SettingSources } from "./hooks.js";
import { failureDetails } from "./logger.js";

/** Creates the state of a server before its start. Known `config` and `state` are used as they are. */
export function createLifecycle(waits: boolean, known: Partial<Application> = {}): Lifecycle {
  return { ready: !waits, config: known.config, state: known.state, starting: undefined, draining: false };
}

/**
 * Loads the settings and runs `onStart`, once per server. Default sources: the platform's environment variables, if it
 * has any. `found` are known problems, which are reported together with others.
 */
export function start(
  server: Server,
  sources: SettingSources = { env: environment() },
  found: readonly string[] = [],
): Promise<void> {
  const { application } = server;
  return (application.starting ??= begin(server, sources, found));
}

async function begin(server: Server, sources: SettingSources, found: readonly string[]): Promise<void> {
  const { application, hooks } = server;
  if (application.ready && found.length === 0) return;
  await configure(server, sources, found);
  if (!globalThis.mcpcWithoutApplication && hooks?.onStart !== undefined && server.options.application === undefined) {
    const { config } = application;
    application.state = await hooks.onStart({ config, log: server.logger, notify: notifier(server) });
  }
  application.ready = true;
}

/** Loads the settings and the authentication. Reports all problems at once. */
async function configure(server: Server, sources: SettingSources, found: readonly string[]): Promise<void> {
  const { application, auth, hooks, health, settings, options, secrets, logger, surface } = server;
  const { problem } = options.logLevel === undefined ? levelFrom(sources.env) : {};
  const problems = [...found, ...(problem === undefined ? [] : [problem])];
  if (!globalThis.mcpcWithoutProjections && options.profile === undefined)
    problems.push(...(profileFrom(surface, sources.env).problems ?? []));
  if (!globalThis.mcpcWithoutApplication && settings !== undefined && options.application === undefined) {
    try {
      application.config = await settings.load(sources);
      for (const secret of settings.secrets?.(application.config) ?? []) secrets.add(secret);
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      problems.push(...error.problems);
    }
  }
  if (!globalThis.mcpcWithoutHttp && options.http !== undefined)
    application.http = options.http({ environment: sources.env, problems, health, metrics: options.metrics });
  if (!globalThis.mcpcWithoutMetrics && options.metrics !== undefined)
    problems.push(...options.metrics.start(sources.env, secrets));
  if (!globalThis.mcpcWithoutUpstreams)
    for (const upstream of options.upstreams ?? []) problems.push(...upstream.start(server, sources.env));
  if (!globalThis.mcpcWithoutStore && server.store !== undefined)
    problems.push(...(await server.store.start(server, sources.env)));
  if (!globalThis.mcpcWithoutAuth && auth !== undefined)
    problems.push(...(await auth.start(sources.env, secrets, logger)));
  // An ignored hook would let every caller in.
  else if (!globalThis.mcpcWithoutApplication && hooks?.authenticate !== undefined)
    problems.push("the hook authenticate was not compiled in: build again");
  // An ignored hook would show every entry to every caller.
  if (globalThis.mcpcWithoutEnabled && !globalThis.mcpcWithoutApplication && hooks?.enabled !== undefined)
    problems.push("the hook enabled was not compiled in: build again");
  if (problems.length === 0) return;
  if (!globalThis.mcpcWithoutStore) await server.store?.stop(server);
  throw new SettingsError(problems);
}

/**
 * Starts the server. Returns `true` once it can answer; before, a promise of whether the start succeeds. Logs a
 * failure.
 */
export function ready(server: Server): true | Promise<boolean> {
  if (server.application.ready) return true;
  return start(server).then(
    () => true,
    (error: unknown) => {
      server.logger("critical", "the server could not start", failureDetails(error));
      return false;
    },
  );
}

/** Runs `onStop` if the server has started, and closes the connections with upstreams and the store. */
export async function stop(server: Server): Promise<void> {
  const { application, auth, hooks } = server;
  auth?.stop();
  const closed = globalThis.mcpcWithoutUpstreams ? undefined : stopUpstreams(server);
  if (application.ready && hooks?.onStop !== undefined) {
    const { config, state } = application;
    await hooks.onStop({ config, state });
  }
  await closed;
  if (!globalThis.mcpcWithoutStore) await server.store?.stop(server);
}

/** Closes the connections of a server with its upstreams. */
export async function stopUpstreams(server: Server): Promise<void> {
  await Promise.all((server.options.upstreams ?? []).map((upstream) => upstream.stop(server)));
}

/**
 * Returns functions that notify clients of changes. They need no `this`. The answer of `call` waits until a store has
 * its changes.
 */
export function notifier(server: Server, call?: Call): Notify {
  const notify = (change: Change): void => {
    if (globalThis.mcpcWithoutStore) deliverChange(server, change);
    else {
      const published = publish(server, change);
      if (call !== undefined) delayAnswer(call, published);
    }
  };
  return {
    toolsChanged: () => notify({ kind: "tools" }),
    promptsChanged: () => notify({ kind: "prompts" }),
    resourcesChanged: () => notify({ kind: "resources" }),
    resourceUpdated: (uri) => notify({ kind: "resource", uri }),
  };
}
