import type {} from "../protocol/parts.js";
import { start, stop } from "../protocol/application.js";
import { withOptions } from "../protocol/define-server.js";
import { drain, drainMs, type Urgency } from "../protocol/drain.js";
import type { Server } from "../protocol/exchange.js";
import type { Auth } from "../protocol/handlers.js";
import { SettingsError } from "../protocol/hooks.js";
import { failureDetails } from "../protocol/logger.js";
import { exit, fail, leaveOnSignal } from "./exit.js";
import { processOptions, type MainOptions, type ProcessOptions } from "./options.js";
import { withSources } from "./stack-traces.js";
import { releaseStandardOutput, reserveStandardOutput } from "./standard-output.js";
import { warnOfOwnKeys } from "./state-keys.js";
import { serveStdio } from "./stdio.js";
import { workerNumber } from "./worker-number.js";
import { reportToPrimary, runWorkers } from "./workers.js";

// The user's modules are evaluated after this one.
if (!globalThis.mcpcWithoutStdio) reserveStandardOutput();
// The first process of a container would ignore signals while the server starts.
if (!globalThis.mcpcWithoutApplication && process.pid === 1) leaveOnSignal();

/** Time limit of `onStop`. */
const stopHookMs = 10_000;
/** Time limit for sending the last bytes. */
const flushMs = 1000;
/** Delay from a second signal to the end of the process. */
const urgentExitMs = 900;

/** Runs the process of a built server. Options come from the command line, then from the environment. */
export async function main(server: Server, options: MainOptions): Promise<void> {
  const settings = processOptions(server, options);
  const local =
    !globalThis.mcpcWithoutAuth && settings.transport === "stdio" ? options.localCaller?.(server) : undefined;
  const { transport, logLevel } = settings;
  const worker = globalThis.mcpcWithoutHttp ? undefined : workerNumber();
  const configured = withOptions(server, {
    ...(logLevel !== undefined && { logLevel }),
    ...(!globalThis.mcpcWithoutHttp && worker !== undefined && { worker }),
    ...(!globalThis.mcpcWithoutProjections && settings.profile !== undefined && { profile: settings.profile }),
    ...(!(globalThis.mcpcWithoutAsking && globalThis.mcpcWithoutHttp) && { stateKeys: settings.stateKeys! }),
    // The process has already read these options.
    http: undefined,
    // Their token is a variable of http.
    ...(!globalThis.mcpcWithoutMetrics &&
      transport === "stdio" &&
      server.options.metrics?.isOnHttpPort === true && { metrics: undefined }),
    ...(local && { auth: local.auth }),
  });
  const logger = withSources(configured.logger);
  const served = { ...configured, logger };
  if (transport !== "stdio") releaseStandardOutput();
  else if (!globalThis.mcpcWithoutApplication && writesToStandardOutput(server.hooks?.logger)) fail(wrongDestination);
  // An error in one handler must not end the sessions of other clients.
  process.on("unhandledRejection", (error) => {
    logger("error", "unhandled promise rejection", failureDetails(error));
  });
  process.on("uncaughtException", (error) => {
    // The log itself may be broken (EPIPE, a full disk), and logging that would never end.
    if (process.stderr.listenerCount("error") === 0) process.stderr.on("error", () => {});
    logger("error", "uncaught exception", failureDetails(error));
  });
  const { workers, problems, printConfig } = settings;
  if (!globalThis.mcpcWithoutStore && !globalThis.mcpcWithoutAsking && transport === "http" && !printConfig)
    if (options.serving === undefined && problems.length === 0) warnOfOwnKeys(served);
  if (!globalThis.mcpcWithoutHttp && workers !== undefined && problems.length === 0 && !printConfig)
    return runWorkers(served, settings, options.drainMs ?? drainMs);
  if (!served.application.ready || problems.length > 0) await startServer(served, options, settings);
  if (!globalThis.mcpcWithoutMetrics) await options.serveMetrics?.(served);
  const caller = globalThis.mcpcWithoutAuth
    ? undefined
    : await local?.identify(served).catch((error: Error) => fail(error.message));
  if (!globalThis.mcpcWithoutReplacing) options.serving?.(served, transport);
  if (!globalThis.mcpcWithoutHttp && transport === "http") await serveHttp(served, options, settings);
  else if (!globalThis.mcpcWithoutStdio) await serveStandardStreams(served, caller, options);
}

const wrongDestination =
  'the logger of the hooks writes to standard output, which belongs to the protocol; give it another destination, such as "pino(pino.destination(2))"';

/** Detects a pino destination on standard output, which bypasses the streams. Child loggers inherit it. */
function writesToStandardOutput(hook: unknown): boolean {
  for (let owner = hook; typeof owner === "object" && owner !== null; owner = Object.getPrototypeOf(owner)) {
    const key = Object.getOwnPropertySymbols(owner).find(({ description }) => description === "pino.stream");
    if (key !== undefined) return (owner as Record<symbol, { readonly fd?: unknown }>)[key]?.fd === 1;
  }
  return false;
}

/** Loads the settings and runs `onStart`. Reports all problems with the settings at once. */
async function startServer(server: Server, { configure }: MainOptions, options: ProcessOptions): Promise<void> {
  const { configFile: file, printConfig: print, problems } = options;
  try {
    await start(server, await configure?.(server, { file, print }), problems);
  } catch (error) {
    if (error instanceof SettingsError) fail(error.message);
    server.logger("critical", "the server could not start", failureDetails(error));
    exit(1);
  }
}

/** Runs `onStop` after the last answer and ends the process. */
async function stopAndExit(server: Server, { isUrgent }: Urgency): Promise<never> {
  if (!globalThis.mcpcWithoutApplication) await runStopHook(server);
  exit(isUrgent ? 1 : 0);
}

async function runStopHook(server: Server): Promise<void> {
  const timer = setTimeout(() => {
    server.logger("error", `the hook onStop has not ended within ${stopHookMs} ms`);
    exit(1);
  }, stopHookMs);
  try {
    await stop(server);
  } catch (error) {
    server.logger("error", "the hook onStop failed", failureDetails(error));
  }
  clearTimeout(timer);
}

async function serveStandardStreams(
  server: Server,
  auth: Auth | undefined,
  { drainMs: limitMs }: MainOptions,
): Promise<void> {
  const serving = serveStdio(server, { auth, limitMs, onEnd: () => stopping.begin() });
  const stopping = stopOnSignal((urgency) => serving.stop(urgency));
  await serving.ended;
  await stopAndExit(server, stopping.urgency);
}

async function serveHttp(server: Server, options: MainOptions, settings: ProcessOptions): Promise<void> {
  const { listen, loadWebSocket } = options.http!;
  try {
    const listening = await listen(server, settings.http!, loadWebSocket);
    const stopping = stopOnSignal(async (urgency) => {
      const closed = listening.close();
      await drain(server, options.drainMs ?? drainMs, urgency);
      await Promise.race([closed, new Promise((late) => setTimeout(late, urgency.isUrgent ? 0 : flushMs))]);
      await stopAndExit(server, urgency);
    });
    // Last, because a parent that learns of the address may stop the server at once.
    if (workerNumber() === undefined) process.stderr.write(`listening on ${listening.url}\n`);
    else reportToPrimary(listening.url, stopping.reach);
  } catch (error) {
    fail((error as Error).message);
  }
}

interface Stopping {
  /** Stops for a reason other than a signal. The next signal counts as the second one. */
  begin(): void;
  /** Stops as at the signal of that number. Own signals count apart, since a terminal sends its signals to workers, too. */
  reach(signal: number): void;
  readonly urgency: Urgency;
}

/** Calls `stop` at the first signal. A second signal cancels what still runs; a third one ends the process at once. */
function stopOnSignal(stop: (urgency: Urgency) => Promise<void>): Stopping {
  const urgency = { isUrgent: false };
  let reached = 0;
  let signals = 0;
  const reach = (signal: number): void => {
    while (reached < signal) {
      reached += 1;
      if (reached === 1) void stop(urgency);
      else if (urgency.isUrgent) exit(1);
      else {
        urgency.isUrgent = true;
        setTimeout(() => exit(1), urgentExitMs);
      }
    }
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => reach((signals += 1)));
  const begin = (): void => reach((signals ||= 1));
  return { begin, reach, urgency };
}
