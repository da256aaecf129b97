import type { Concurrency, Logging, Runtime, Server, Setting } from "../model/server.js";
import type { Json } from "../model/source.js";
import { authentication } from "./auth.js";
import { importOf, importPath, literal } from "./code.js";
import { observerCode } from "./observers.js";

/** Parts of `generated/server.ts` for features around the handlers; empty without such features. */
export interface RuntimeCode {
  /** Whole import statements. */
  readonly imports: readonly string[];
  /** Members of the options that `defineServer` passes to each server. */
  readonly options: readonly string[];
  /** Exports of the module, after the server. */
  readonly exports: readonly string[];
}

const library = "@mcpc/runtime/codegen/v1";

export function runtimeCode(server: Server): RuntimeCode {
  const { runtime, layout } = server;
  const { hooks, config, auth, logging, health, cache, concurrency, rate, store } = runtime;
  const asks = auth && authentication(auth);
  const seeing = observerCode(server);
  const { fromEnvironment } = server.transports;
  const passes = server.upstreams.length > 0;
  const starts =
    hasApplication(server) ||
    (auth ?? store) !== undefined ||
    fromEnvironment ||
    passes ||
    runtime.metrics?.token !== undefined;
  return {
    imports: [
      ...(starts
        ? [
            importOf(
              [...(hooks ? ["checkedHooks"] : []), "start as startServer", "stop as stopServer"],
              `${library}/application`,
            ),
          ]
        : []),
      ...(fromEnvironment ? [importOf(["readHttp"], `${library}/http-environment`)] : []),
      ...(config ? [importOf(["createSettings"], `${library}/config`)] : []),
      ...(asks?.imports ?? []),
      ...seeing.imports,
      ...(logging ? [importOf(["createLogging"], `${library}/logging`)] : []),
      ...(health ? [`import { health } from "./health.js";\n`] : []),
      ...(passes ? [`import { upstreams } from "./upstreams.js";\n`] : []),
      ...(logging?.file || logging?.audit?.file ? [importOf(["openLogFile"], `${library}/node-log-file`)] : []),
      ...(hooks
        ? [
            `import * as hooks from ${literal(importPath(`${layout.generated}/server.ts`, hooks.file))};\n`,
            `import type { CheckedHooks } from "./application.js";\n`,
          ]
        : []),
      ...(cache ? [importOf(["createCache"], `${library}/cache`)] : []),
      ...(concurrency || rate ? [importOf(limitsOf(runtime), `${library}/limits`)] : []),
      ...(store ? [importOf(["createRedisStore"], `${library}/store`)] : []),
    ],
    options: [
      ...(hooks ? ["hooks: checkedHooks<CheckedHooks>(hooks),"] : []),
      ...(fromEnvironment ? ["http: (reading) => readHttp(http, reading),"] : []),
      ...(config
        ? [
            "settings: createSettings([",
            ...config.settings.map((setting) => `  ${settingText(setting)},`),
            `], () => import("./settings.js")),`,
          ]
        : []),
      ...(asks?.options ?? []),
      ...(health ? ["health: health(),"] : []),
      ...(passes ? ["upstreams,"] : []),
      ...(logging ? [`logging: createLogging(${loggingText(logging)}),`] : []),
      ...(seeing.observers.length > 0 ? [`observers: [${seeing.observers.join(", ")}],`] : []),
      ...(seeing.metrics ? [`metrics: ${seeing.metrics},`] : []),
      ...(cache ? [`cache: createCache(${literal({ ...cache })}),`] : []),
      ...(rate ? [`admit: createRate(${literal({ ...rate })}),`] : []),
      ...(store
        ? [`store: createRedisStore(${literal({ ...store, ...(rate && { rate }) } as unknown as Json)}),`]
        : []),
      ...(concurrency ? [`limit: limitConcurrency(${concurrencyText(concurrency)}),`] : []),
    ],
    exports: starts
      ? [
          `/** Loads the settings and runs \`onStart\`, once; the first request would do it, too. */\n`,
          `export const start: (sources?: Parameters<typeof startServer>[1]) => Promise<void> = /* @__PURE__ */ startServer.bind(undefined, server);\n\n`,
          `/** Runs \`onStop\`. */\n`,
          `export const stop: () => Promise<void> = /* @__PURE__ */ stopServer.bind(undefined, server);\n`,
        ]
      : [],
  };
}

function loggingText({ file, audit: _, ...options }: Logging): string {
  const text = literal(options as unknown as Json);
  return file === undefined ? text : `{ ...${text}, file: openLogFile(${literal({ ...file })}) }`;
}

function limitsOf({ concurrency, rate }: Runtime): string[] {
  return [...(rate ? ["createRate"] : []), ...(concurrency ? ["limitConcurrency"] : [])];
}

function concurrencyText({ server, tools, maxQueue }: Concurrency): string {
  const members = [
    ...(server === undefined ? [] : [`server: ${server}`]),
    ...(tools.length === 0 ? [] : [`tools: new Map([${tools.map((entry) => literal([...entry])).join(", ")}])`]),
    `maxQueue: ${maxQueue}`,
  ];
  return `{ ${members.join(", ")} }`;
}

function settingText({ secret, description: _description, required: _required, ...setting }: Setting): string {
  return literal({ ...setting, ...(secret && { secret }) } as Json);
}

/** Whether the handlers' context has members beyond the protocol's. */
export function hasApplication({ runtime }: Server): boolean {
  return runtime.hooks !== undefined || runtime.config !== undefined;
}

/**
 * Prints `generated/application.ts`: the settings, the state, and the types of the hooks. `declared` is the type of the
 * settings.
 */
export function applicationModule({ runtime: { hooks, config }, layout }: Server, declared: string): string {
  const from = hooks && literal(importPath(`${layout.generated}/application.ts`, hooks.file));
  return [
    `import type {\n  AuthenticateHook,\n  ErrorHook,\n  HealthCheck,\n${hooks ? "  Hooks,\n  EnabledHook,\n  Session,\n  SessionContext as SessionContextOf,\n" : ""}  StartContext as StartContextOf,\n  StopHook,\n} from "@mcpc/runtime";\n`,
    from && `import type * as hooks from ${from};\nimport type { Surface } from "./client.js";\n`,
    "\n",
    config ? declared : `/** The manifest declares no settings. */\nexport type Config = undefined;\n`,
    "\n",
    hooks
      ? `/** What \`onStart\` returns. */\nexport type State = typeof hooks extends { onStart: (...given: never[]) => infer S }\n  ? Awaited<S>\n  : undefined;\n`
      : `export type State = undefined;\n`,
    hooks &&
      `\n/** What \`onSession\` returns. */\nexport type SessionState = typeof hooks extends { onSession: (...given: never[]) => infer S }\n  ? S\n  : undefined;\n`,
    "\n/** The settings, and what \`onStart\` has opened. */\n",
    "export interface Started {\n  readonly config: Config;\n  readonly state: State;\n}\n",
    "\n/** What every handler finds in its context, beside the protocol's. */\n",
    hooks
      ? "export interface Application extends Started {\n  readonly session?: Session<SessionState> | undefined;\n}\n\n"
      : "export type Application = Started;\n\n",
    "/** What `onStart` receives. */\nexport type StartContext = StartContextOf<Config>;\n",
    hooks && "\n/** What \`onSession\` receives. */\nexport type SessionContext = SessionContextOf<Started>;\n",
    "\nexport type OnStop = StopHook<Started>;\nexport type OnError = ErrorHook<Started>;\n",
    "export type Authenticate = AuthenticateHook<Started>;\n",
    "export type HealthChecks = Readonly<Record<string, HealthCheck<Started>>>;\n",
    hooks && "export type Enabled = EnabledHook<Surface, Started>;\n",
    hooks && "\n/** What the module of hooks may export. */\nexport type CheckedHooks = Hooks<Started>;\n",
  ]
    .filter((part) => part !== undefined)
    .join("");
}

/** Prints the initial module of hooks. */
export function hooksStub({ layout }: Server, file: string): string {
  const from = literal(importPath(file, `${layout.generated}/application.ts`));
  return `import type { OnStop, StartContext } from ${from};

/** Runs before the first request; what it returns is every handler's \`context.state\`. */
export async function onStart(_context: StartContext) {
  return {};
}

/** Runs after the last answer. */
export const onStop: OnStop = async (_application) => {};
`;
}
