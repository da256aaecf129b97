import { parseArgs } from "node:util";
import type {} from "../protocol/parts.js";
import { levelOf, variable, type Value, type EnvironmentVariable } from "../protocol/environment.js";
import type { Server } from "../protocol/exchange.js";
import { profileProblems } from "../protocol/profiles.js";
import type { LoggingLevel } from "../protocol/types.js";
import type { DeclaredHttp, HttpOptions } from "../transports/http/endpoint.js";
import type { readHttp } from "../transports/http/from-environment.js";
import type { configure } from "./configure.js";
import type { listen } from "./http-server.js";
import { fail, print } from "./exit.js";
import type { localCaller } from "./local-caller.js";
import { readStateKeys } from "./state-keys.js";
import { workerNumber } from "./worker-number.js";
import { workersProblem } from "./worker-state.js";

/** The transports and features that a server was compiled with. */
export interface MainOptions {
  /** Serves the metrics at an address of their own. */
  readonly serveMetrics?: (server: Server) => Promise<unknown>;
  readonly stdio: boolean;
  readonly http?: DeclaredHttp & {
    /** Bundled only if the manifest declares HTTP. */
    readonly listen: typeof listen;
    /** Bundled only if the manifest takes the address from environment variables. */
    readonly read?: typeof readHttp;
    /** Loads WebSocket. Bundled only if the manifest declares it. */
    readonly loadWebSocket?: Parameters<typeof listen>[2];
  };
  /** Bundled only if the manifest declares settings. */
  readonly configure?: typeof configure;
  /** Bundled only if the manifest declares authentication and standard streams. */
  readonly localCaller?: typeof localCaller;
  /** The part of `--help` about the environment variables that the server reads. */
  readonly variables?: string;
  /** Time limit for running calls when the server stops. */
  readonly drainMs?: number;
  /** Called with the server before it is served, if it can be replaced later. Such a server is one process. */
  readonly serving?: (server: Server, transport: string) => void;
}

/** The options of the process, from the command line or the environment. */
export interface ProcessOptions {
  readonly transport: string;
  /** The address, if the transport is HTTP. */
  readonly http: HttpOptions | undefined;
  /** The number of processes that share the port, if this one is to start them. */
  readonly workers?: number | "auto" | undefined;
  /** The level from the command line. The server itself reads the environment. */
  readonly logLevel: LoggingLevel | undefined;
  /** The profile from the command line. The server itself reads the environment. */
  readonly profile?: string;
  /** The secrets that seal request states and ids of sessions, if any part of the server needs them. */
  readonly stateKeys?: readonly string[];
  readonly configFile: string | undefined;
  readonly printConfig: boolean;
  /** Problems with the options, one sentence each. */
  readonly problems: readonly string[];
}

/** Reads the options of the process. Exits for `--version`, `--help` and unknown options. */
export function processOptions(server: Server, options: MainOptions): ProcessOptions {
  const values = parseCommandLine();
  const { name, version } = server.surface.server;
  if (values.version) print(`${name} ${version}\n`);
  if (values.help) print(help(server, options));
  if ((values.config ?? values["print-config"]) !== undefined && options.configure === undefined)
    fail("this server has no settings to configure");
  const problems: string[] = [];
  const transports = [...(options.stdio ? ["stdio"] : []), ...(options.http ? ["http"] : [])];
  const [transport, transportSource] = readOption(values.transport, "--transport", "MCPC_TRANSPORT");
  if (transport !== undefined && !transports.includes(transport))
    problems.push(
      `${transportSource}: no transport ${JSON.stringify(transport)}; this server has ${transports.join(" and ")}`,
    );
  const [port, portSource] = readOption(values.port, "--port", "MCPC_PORT");
  // Variables of HTTP may be set for all servers of a machine.
  const isOfHttp =
    !globalThis.mcpcWithoutHttp && (values.port !== undefined || (transport ?? transports[0]) !== "stdio");
  if (isOfHttp && port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) <= 65535))
    problems.push(`${portSource}: the port must be a number from 0 to 65535, not ${JSON.stringify(port)}`);
  const host = readOption(values.host, "--host", "MCPC_HOST")[0];
  const asked = values["log-level"];
  const { level, problem } = asked === undefined ? {} : levelOf(asked, "--log-level");
  if (problem !== undefined) problems.push(problem);
  const { profile } = values as { readonly profile?: string };
  if (!globalThis.mcpcWithoutProjections && profile !== undefined)
    problems.push(...profileProblems(server.surface, profile, "--profile"));
  const http =
    !globalThis.mcpcWithoutHttp && options.http && (transport ?? transports[0]) === "http"
      ? httpOptions(server, options.http, { host, port }, problems)
      : undefined;
  return {
    transport: transport ?? transports[0]!,
    http,
    ...(!globalThis.mcpcWithoutHttp && {
      workers: workersOption(server, options, http, (values as { readonly workers?: string }).workers, problems),
    }),
    ...(!(globalThis.mcpcWithoutAsking && globalThis.mcpcWithoutHttp) && {
      stateKeys: readStateKeys(process.env, problems),
    }),
    // A wrong level on the command line must not fall back to the environment.
    ...(!globalThis.mcpcWithoutProjections && profile !== undefined && { profile }),
    logLevel: asked === undefined ? undefined : (level ?? "info"),
    configFile: options.configure && readOption(values.config, "--config", "MCPC_CONFIG")[0],
    printConfig: values["print-config"] ?? false,
    problems,
  };
}

/** Merges the address: the command line precedes the manifest and its environment variables. */
function httpOptions(
  { health, options: { metrics } }: Server,
  { listen: _listen, loadWebSocket: _load, read, ...declared }: NonNullable<MainOptions["http"]>,
  { host = declared.host, port }: { readonly host: Value | undefined; readonly port: string | undefined },
  problems: string[],
): HttpOptions {
  const given = { ...declared, host, port: port === undefined ? declared.port : Number(port) };
  const environment = process.env;
  return { ...given, ...read?.(given, { environment, problems, health, metrics, listens: true }) } as HttpOptions;
}

/** Returns the number of processes to start; `undefined` to serve in this one. */
function workersOption(
  server: Server,
  { serving }: MainOptions,
  http: HttpOptions | undefined,
  flag: string | undefined,
  problems: string[],
): ProcessOptions["workers"] {
  const [text, source] = readOption(flag, "--workers", "MCPC_WORKERS");
  const isIgnored = flag === undefined && http === undefined;
  if (text === undefined || isIgnored || serving !== undefined || workerNumber() !== undefined) return undefined;
  if (text !== "auto" && !/^[1-9]\d{0,2}$/.test(text))
    problems.push(`${source}: the number of workers is from 1 to 999, or "auto", not ${JSON.stringify(text)}`);
  else if (http === undefined)
    problems.push(`${source}: only http can have workers; add --transport http, or leave the option out`);
  else if (text === "1") return undefined;
  else {
    const problem = workersProblem(server, http, source);
    if (problem !== undefined) problems.push(problem);
  }
  return text === "auto" ? text : Number(text);
}

/** Returns the value of an option, and the name of its source. */
function readOption(flag: string | undefined, option: string, name: string): readonly [string | undefined, string] {
  return flag === undefined ? [variable(name, process.env), name] : [flag, option];
}

function parseCommandLine() {
  // Most clients start a server without options, so the parser is loaded on demand.
  if (process.argv.length <= 2) return {};
  try {
    return parseArgs({
      options: {
        transport: { type: "string" },
        host: { type: "string" },
        port: { type: "string" },
        "log-level": { type: "string" },
        config: { type: "string" },
        "print-config": { type: "boolean" },
        ...(globalThis.mcpcWithoutProjections ? undefined : { profile: { type: "string" as const } }),
        ...(globalThis.mcpcWithoutHttp ? undefined : { workers: { type: "string" as const } }),
        version: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    fail(`${(error as Error).message}; --help lists the options`);
  }
}

function describeValue(value: Value | number | EnvironmentVariable): string {
  return typeof value === "object" ? `from ${value.env}` : String(value);
}

function help(
  { surface: { server, profiles }, options }: Server,
  { stdio, http, configure, variables }: MainOptions,
): string {
  const transports = [...(stdio ? ["stdio"] : []), ...(http ? ["http"] : [])];
  return [
    `${server.name} ${server.version}, a Model Context Protocol server`,
    "",
    "Options (each has an environment variable):",
    `  --transport ${transports.join("|")}  how it is served (MCPC_TRANSPORT; default ${transports[0]})`,
    ...(!globalThis.mcpcWithoutHttp && http
      ? [
          `  --host ADDRESS   where http listens (MCPC_HOST; default ${describeValue(http.host)})`,
          `  --port PORT      its port, 0 for any free one (MCPC_PORT; default ${describeValue(http.port)})`,
          "  --workers N|auto  number of processes that share the port (MCPC_WORKERS; default 1)",
          "  MCPC_STATE_KEYS  (no option) secrets that all replicas have, by commas: the first seals what clients carry",
        ]
      : []),
    `  --log-level LEVEL  least severity that is logged (MCPC_LOG_LEVEL; default ${options.logging?.level ?? "info"})`,
    ...(!globalThis.mcpcWithoutProjections && profiles !== undefined
      ? [`  --profile ${profiles.join("|")}  the clients to list tools for (MCPC_PROFILE; default none)`]
      : []),
    ...(!globalThis.mcpcWithoutApplication && configure
      ? [
          "  --config FILE    settings, as JSON; environment variables come before it (MCPC_CONFIG)",
          "  --print-config   print each setting and its source",
        ]
      : []),
    "  --version        print name and version",
    "  --help           print this",
    "",
    ...(!globalThis.mcpcWithoutApplication && variables !== undefined ? [variables] : []),
  ].join("\n");
}
