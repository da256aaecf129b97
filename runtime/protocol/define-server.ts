import type {} from "./parts.js";
import type { AdmissionRequest } from "./admission.js";
import type { UnavailableError } from "./errors.js";
import { createLifecycle } from "./application.js";
import { environment, levelFrom } from "./environment.js";
import type { Server, ServerOptions } from "./exchange.js";
import { createLedger, defaultKeptBytes } from "./ledger.js";
import { guarded } from "./guarded-observer.js";
import { createLogger, hookSink, withWorker, type Logger } from "./logger.js";
import { profileFrom } from "./profiles.js";
import type { Handlers, Surface } from "./surface.js";
import type { LoggingLevel } from "./types.js";

/**
 * Creates a server from a surface and its handlers. `surround` returns new options for each server, because some of
 * them have state.
 */
export function defineServer(surface: Surface, handlers: Handlers, surround: () => ServerOptions = () => ({})): Server {
  const options = surround();
  const { logging, stateKeys = [], auth, hooks, settings, application, cache, admit, limit } = options;
  // A problem is reported at the start.
  const unknown = globalThis.mcpcWithoutEnabled && !globalThis.mcpcWithoutApplication && hooks?.enabled !== undefined;
  const asks = auth !== undefined || hooks?.authenticate !== undefined || unknown;
  const { level, problem } = levelFrom(environment());
  const chosen: ReturnType<typeof profileFrom> =
    globalThis.mcpcWithoutProjections || options.profile !== undefined
      ? { profile: options.profile }
      : profileFrom(surface, environment());
  const isMisspelt = !globalThis.mcpcWithoutProjections && (chosen.problems?.length ?? 0) > 0;
  const starts = settings !== undefined || hooks?.onStart !== undefined || problem !== undefined || isMisspelt;
  const reads = !globalThis.mcpcWithoutHttp && options.http !== undefined;
  const passes = !globalThis.mcpcWithoutUpstreams && options.upstreams !== undefined;
  const store = globalThis.mcpcWithoutStore ? undefined : options.store;
  const waits =
    asks ||
    reads ||
    passes ||
    (!globalThis.mcpcWithoutMetrics && options.metrics !== undefined) ||
    (!globalThis.mcpcWithoutStore && store !== undefined) ||
    (application === undefined && starts);
  const logLevel = options.logLevel ?? level ?? logging?.level ?? "info";
  const secrets = new Set(stateKeys);
  const write =
    globalThis.mcpcWithoutApplication || hooks?.logger === undefined ? logging?.write : hookSink(hooks.logger);
  const shared = globalThis.mcpcWithoutStore || admit === undefined ? admit : (store?.shareRate?.(admit) ?? admit);
  const log = options.logger ?? createLogger(logLevel, write, { names: logging?.names ?? new Set(), secrets });
  const logger = globalThis.mcpcWithoutHttp ? log : withWorker(log, options.worker);
  return {
    surface,
    handlers: limit === undefined ? handlers : limit(handlers),
    definition: { handlers, surround },
    options,
    logger,
    logLevel,
    logging,
    health: options.health,
    observers: globalThis.mcpcWithoutObservers ? undefined : observersOf(options, logLevel, logger),
    secrets,
    stateKeys,
    auth,
    hooks,
    settings,
    application: createLifecycle(waits, application),
    views: new Map(),
    profile: chosen.profile,
    indexes: new Map(),
    ledger: createLedger(surface.maxKeptBytes ?? defaultKeptBytes),
    subscribers: new Set(),
    running: new Set(),
    ...(cache && { cache }),
    ...(!globalThis.mcpcWithoutStore && store && { store }),
    admit: globalThis.mcpcWithoutMetrics ? shared : countedAdmission({ ...options, ...(shared && { admit: shared }) }),
  };
}

function observersOf(options: ServerOptions, level: LoggingLevel, logger: Logger): Server["observers"] {
  const { logging, metrics, observers: declared = [] } = options;
  const observers = metrics === undefined ? declared : [...declared, metrics.observer];
  const log = logging?.observer(level);
  const all = log === undefined ? observers : [...observers, log];
  return all.length === 0 ? undefined : all.map((observer) => guarded(observer, logger));
}

/** Counts the refusals of the rate limit. */
function countedAdmission({ admit, metrics }: ServerOptions): ServerOptions["admit"] {
  if (admit === undefined || metrics === undefined) return admit;
  const { shared } = admit;
  const counted = (asked: AdmissionRequest, refusal: UnavailableError | undefined): UnavailableError | undefined => {
    if (refusal !== undefined) metrics.onRateLimited(asked.method);
    return refusal;
  };
  return Object.assign((asked: AdmissionRequest) => counted(asked, admit(asked)), {
    ...(shared && {
      shared: (asked: AdmissionRequest) => {
        const refusal = shared(asked);
        return refusal instanceof Promise
          ? refusal.then((settled) => counted(asked, settled))
          : counted(asked, refusal);
      },
    }),
  });
}

/** Creates a server with the same definition and additional options. The two servers share no state. */
export function withOptions({ surface, definition }: Server, options: ServerOptions): Server {
  return defineServer(surface, definition.handlers, () => ({ ...definition.surround(), ...options }));
}
