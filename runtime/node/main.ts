import { start, stop } from "../protocol/application.js";
import { withOptions } from "../protocol/define-server.js";
import { drain, drainMs } from "../protocol/drain.js";
import type { Server } from "../protocol/exchange.js";
import type { Auth } from "../protocol/handlers.js";
import { SettingsError } from "../protocol/hooks.js";
import { describe } from "../protocol/logger.js";
import { loggingLevels, type LoggingLevel } from "../protocol/types.js";
import type { HttpOptions } from "../transports/http/exchange.js";
import type { configure } from "./configure.js";
import type { localCaller } from "./local-caller.js";
import type { listen } from "./http-server.js";
import { withSources } from "./stack-traces.js";
import { serveStdio } from "./stdio.js";

/** The transports that a server was compiled with. */
export interface MainOptions {
  readonly stdio: boolean;
  readonly http?: HttpOptions & {
    /** Part of the bundle only where HTTP is declared. */
    readonly listen: typeof listen;
    /** The same for WebSocket, loaded when HTTP is served. */
    readonly loadWebSocket?: Parameters<typeof listen>[2];
  };
  /** Part of the bundle only where settings are declared. */
  readonly configure?: typeof configure;
  /** Part of the bundle only where callers must say who they are, and one of them may be on standard streams. */
  readonly localCaller?: typeof localCaller;
  /** How long what runs when the server is to stop may take. */
  readonly drainMs?: number;
}

/** Replicas that share the secrets can go on with each other's calls; a new one is put before the old. */
function stateKeys(): string[] {
  return (process.env["MCPC_STATE_KEYS"] ?? "").split(",").filter((key) => key !== "");
}

interface Settings {
  readonly transport: string;
  readonly host: string | undefined;
  readonly port: string | undefined;
  readonly logLevel: LoggingLevel | undefined;
  readonly configFile: string | undefined;
  readonly printConfig: boolean;
}

/** How long `onStop` may take. */
const graceMs = 10_000;
/** How long the last bytes may take to leave. */
const lastBytesMs = 1000;

/** The process of a built server: options from the command line, then from the environment; exits when it is done. */
export async function main(server: Server, options: MainOptions): Promise<void> {
  const settings = settingsOf(server, options, await parsed());
  const local = settings.transport === "stdio" ? options.localCaller?.(server) : undefined;
  const { transport, logLevel } = settings;
  const configured = withOptions(server, {
    ...(logLevel !== undefined && { logLevel }),
    stateKeys: stateKeys(),
    ...(local && { auth: local.auth }),
  });
  const served = { ...configured, logger: withSources(configured.logger) };
  const { logger } = served;
  // Standard output belongs to the protocol, from the first line of `onStart` on.
  if (transport === "stdio") {
    console.log = console.info = console.debug = console.error;
    if (writesToStandardOutput(server.hooks?.logger)) fail(wrongDestination);
  }
  // A slip in one handler is no reason to end the sessions of everybody else.
  process.on("unhandledRejection", (error) => {
    logger("error", "a promise of a handler was rejected and nobody took notice", { error: describe(error) });
  });
  process.on("uncaughtException", (error) => {
    // It may be the log itself that cannot be written (EPIPE, a full disk): to log that would never end.
    if (process.stderr.listenerCount("error") === 0) process.stderr.on("error", () => {});
    logger("error", "an error was thrown where nothing could catch it", { error: describe(error) });
  });
  if (!served.application.ready) await starting(served, options, settings);
  const caller = await local?.identify(served).catch((error: Error) => fail(error.message));
  if (transport === "http") await serveHttp(served, options, settings);
  else await serveStandardStreams(served, caller, options);
}

const wrongDestination =
  'the logger of the hooks writes to standard output, which belongs to the protocol; give it another destination, such as "pino(pino.destination(2))"';

/** What pino does unless told otherwise. Only a symbol leads to its stream; a child has its parent's. */
function writesToStandardOutput(hook: unknown): boolean {
  for (let owner = hook; typeof owner === "object" && owner !== null; owner = Object.getPrototypeOf(owner)) {
    const key = Object.getOwnPropertySymbols(owner).find(({ description }) => description === "pino.stream");
    if (key !== undefined) return (owner as Record<symbol, { readonly fd?: unknown }>)[key]?.fd === 1;
  }
  return false;
}

/** Settings and `onStart`, before anything is served. */
async function starting(server: Server, { configure }: MainOptions, settings: Settings): Promise<void> {
  try {
    await configure?.(server, { file: settings.configFile, print: settings.printConfig });
    await start(server);
  } catch (error) {
    if (error instanceof SettingsError) fail(error.message);
    server.logger("critical", "the server could not start", { error: describe(error) });
    process.exit(1);
  }
}

/** After the last answer: what `onStart` opened is closed. */
async function leave(server: Server): Promise<never> {
  const timer = setTimeout(() => {
    server.logger("error", `the hook onStop has not ended within ${graceMs} ms`);
    process.exit(1);
  }, graceMs);
  try {
    await stop(server);
  } catch (error) {
    server.logger("error", "the hook onStop failed", { error: describe(error) });
  }
  clearTimeout(timer);
  process.exit(0);
}

async function serveStandardStreams(server: Server, caller: Auth | undefined, options: MainOptions): Promise<void> {
  const serving = serveStdio(server, caller, options.drainMs);
  onSignal(serving.stop);
  await serving.ended;
  await leave(server);
}

async function serveHttp(server: Server, options: MainOptions, settings: Settings): Promise<void> {
  const { listen, loadWebSocket, ...declared } = options.http!;
  const host = settings.host ?? declared.host;
  const port = settings.port === undefined ? declared.port : Number(settings.port);
  try {
    const listening = await listen(server, { ...declared, host, port }, loadWebSocket);
    process.stderr.write(`listening on ${listening.url}\n`);
    onSignal(async () => {
      const closed = listening.close();
      await drain(server, options.drainMs ?? drainMs);
      await Promise.race([closed, new Promise((late) => setTimeout(late, lastBytesMs))]);
      await leave(server);
    });
  } catch (error) {
    fail(`cannot listen on ${host} port ${port}: ${(error as Error).message}; choose another with --port`);
  }
}

/** A second signal ends the process at once. */
function onSignal(stop: () => Promise<void>): void {
  let stopping = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      void stop();
    });
  }
}

function settingsOf(server: Server, options: MainOptions, values: Values): Settings {
  const { name, version } = server.surface.server;
  if (values.version) print(`${name} ${version}\n`);
  if (values.help) print(help(server, options));
  const { env } = process;
  const transports = [...(options.stdio ? ["stdio"] : []), ...(options.http ? ["http"] : [])];
  const transport = values.transport ?? env["MCPC_TRANSPORT"] ?? transports[0]!;
  if (!transports.includes(transport))
    fail(`no transport ${JSON.stringify(transport)}; this server has ${transports.join(" and ")}`);
  const logLevel = values["log-level"] ?? env["MCPC_LOG_LEVEL"];
  if (logLevel !== undefined && !(loggingLevels as readonly string[]).includes(logLevel)) {
    fail(`no log level ${JSON.stringify(logLevel)}; there are ${loggingLevels.join(", ")}`);
  }
  const port = values.port ?? env["MCPC_PORT"];
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) <= 65535)) {
    fail(`the port must be a number from 0 to 65535, not ${JSON.stringify(port)}`);
  }
  const configFile = values.config ?? env["MCPC_CONFIG"];
  if ((values.config ?? values["print-config"]) !== undefined && options.configure === undefined)
    fail("this server has no settings to configure");
  return {
    transport,
    host: values.host ?? env["MCPC_HOST"],
    port,
    logLevel: logLevel as LoggingLevel | undefined,
    configFile: options.configure && configFile !== "" ? configFile : undefined,
    printConfig: values["print-config"] ?? false,
  };
}

type Values = Awaited<ReturnType<typeof parsed>>;

async function parsed() {
  // Most clients start a server without options: what parses them is loaded only for those who give some.
  if (process.argv.length <= 2) return {};
  const { parseArgs } = await import("node:util");
  try {
    return parseArgs({
      options: {
        transport: { type: "string" },
        host: { type: "string" },
        port: { type: "string" },
        "log-level": { type: "string" },
        config: { type: "string" },
        "print-config": { type: "boolean" },
        version: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    fail(`${(error as Error).message}; --help lists the options`);
  }
}

function help({ surface: { server }, options }: Server, { stdio, http, configure }: MainOptions): string {
  const transports = [...(stdio ? ["stdio"] : []), ...(http ? ["http"] : [])];
  return [
    `${server.name} ${server.version}, a Model Context Protocol server`,
    "",
    "Options (each has an environment variable):",
    `  --transport ${transports.join("|")}  how it is served; ${transports[0]} unless told otherwise (MCPC_TRANSPORT)`,
    ...(http
      ? [
          `  --host ADDRESS   where http listens; ${http.host} unless told otherwise (MCPC_HOST)`,
          `  --port PORT      its port, 0 for any free one; ${http.port} unless told otherwise (MCPC_PORT)`,
        ]
      : []),
    `  --log-level LEVEL  least severity that is logged; ${options.logging?.level ?? "info"} unless told otherwise (MCPC_LOG_LEVEL)`,
    ...(configure
      ? [
          "  --config FILE    settings, as JSON; environment variables come before it (MCPC_CONFIG)",
          "  --print-config   print each setting and its source",
        ]
      : []),
    "  --version        print name and version",
    "  --help           print this",
    "",
  ].join("\n");
}

function print(text: string): never {
  process.stdout.write(text);
  process.exit(0);
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}
