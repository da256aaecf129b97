import type { AuthenticateHook } from "./auth.js";
import type { Environment } from "./environment.js";
import type { McpError } from "./errors.js";
import type { Auth, ClientInformation, Notify, Session } from "./handlers.js";
import type { LeveledLogger, Logger } from "./logger.js";

/** The state that all handlers of a server share: its settings, and the result of `onStart`. */
export interface Application {
  readonly config: unknown;
  readonly state: unknown;
}

/** @typeParam C the settings that the manifest declares under `runtime.config` */
export interface StartContext<C = unknown> {
  readonly config: C;
  /** The server's own log. */
  readonly log: Logger;
  /** Notifies subscribed clients of changes while the server runs. */
  readonly notify: Notify;
}

/** Runs before the first request. Its result is `context.state`. If it fails, the server serves nothing. */
export type StartHook<C = unknown> = (context: StartContext<C>) => unknown;

/** Runs once, after the last request. */
export type StopHook<A = Application> = (application: A) => void | Promise<void>;

/** A new session. */
export type SessionContext<A = Application> = A & {
  /** The unique id of the session. It gives no access to the session. */
  readonly id: string;
  /** Aborted when the session ends. */
  readonly signal: AbortSignal;
  readonly client: ClientInformation;
  readonly auth: Auth;
};

/**
 * Creates the state of a session at the first access by a handler. It must be synchronous; the state may be a promise.
 */
export type SessionHook<A = Application> = (context: SessionContext<A>) => unknown;

/** A failure, and its call. */
export type FailureContext<A = Application> = A & {
  readonly kind: "tool" | "resource" | "prompt" | "completion";
  /** The name of the tool or prompt, or the URI of the resource. */
  readonly name: string;
  /** The id of an undeclared error in the log. */
  readonly errorId?: string;
  readonly client: ClientInformation;
};

/**
 * Decides the error that the caller gets: a text (an `isError` result for tools), an `McpError` (a JSON-RPC error), or
 * nothing for the default. It must be synchronous.
 */
export type ErrorHook<A = Application> = (error: unknown, context: FailureContext<A>) => McpError | string | void;

/** Checks that a dependency of the server works. It fails by throwing, by returning `false`, or by taking too long. */
export type HealthCheck<A = Application> = (context: A & { readonly signal: AbortSignal }) => unknown;

/** A caller, with the state that all handlers share. */
export type Caller<A = Application> = A & { readonly auth: Auth };

/**
 * Decides which entries a caller can see and use, by their names. Entries of a kind without a function are visible to
 * all. The functions are synchronous and run with every call and list: keep the data that they need in `state`.
 *
 * @typeParam S the `Surface` of `generated/client.ts`
 */
export interface EnabledHook<S extends EntryTypes = EntryTypes, A = Application> {
  readonly tools?: (name: keyof S["tools"] & string, caller: Caller<A>) => boolean;
  readonly prompts?: (name: keyof S["prompts"] & string, caller: Caller<A>) => boolean;
  readonly resources?: (uri: S["resources"], caller: Caller<A>) => boolean;
  readonly resourceTemplates?: (uriTemplate: keyof S["templates"] & string, caller: Caller<A>) => boolean;
}

/** Entries by their names. */
export interface EntryTypes {
  readonly tools: object;
  readonly prompts: object;
  readonly resources: string;
  readonly templates: object;
}

/** The exports of `src/hooks.ts`; each is optional. */
export interface Hooks<A = any> {
  readonly onStart?: (context: StartContext<any>) => unknown;
  readonly onStop?: StopHook<A>;
  readonly onSession?: SessionHook<A>;
  readonly onError?: ErrorHook<A>;
  /** Replaces the server's own log: a logger like pino, or a function. */
  readonly logger?: Logger | LeveledLogger;
  /** Health checks by name; readiness depends on them. */
  readonly health?: Readonly<Record<string, HealthCheck<A>>>;
  readonly authenticate?: AuthenticateHook<A>;
  readonly enabled?: { readonly [List in keyof EnabledHook]?: (name: never, caller: Caller<A>) => boolean };
}

/** Environment variables by name, and the values of the configuration file or the problem with it. */
export interface SettingSources {
  readonly env: Environment;
  readonly file?: { readonly path: string; readonly values: unknown; readonly problem?: string };
}

/** All problems with the settings of a server. */
export class SettingsError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`the settings are not right:\n${problems.map((problem) => `  ${problem}\n`).join("")}`.trimEnd());
    this.name = "SettingsError";
    this.problems = problems;
  }
}

/** Loads the settings of a server. Rejects with `SettingsError` for missing or wrong ones. */
export interface SettingsLoader {
  load(sources: SettingSources): Promise<unknown>;
  /** Returns the values of secret settings. */
  secrets?(config: unknown): readonly string[];
}

/** A session with the application that its state was created with. */
export interface SessionRecord {
  readonly session: Session;
  /** The application that the state was created with. */
  readonly application: Application;
  readonly ended: AbortController;
}

/** The address of a server over HTTP, and the origins and hosts that it allows. */
export interface HttpAddress {
  /** The path of the MCP endpoint, such as `/mcp`. */
  readonly path: string;
  readonly host: string;
  readonly port: number;
  /**
   * Origins that are allowed besides loopback ones, which are allowed while `host` is a loopback address. `*` is any.
   */
  readonly allowedOrigins: readonly string[];
  /**
   * Allowed host names besides loopback names and, unless `host` is a loopback address, IP addresses. If empty, a
   * server with authentication on another address allows any name.
   */
  readonly allowedHosts: readonly string[];
}

/** The environment variables that hold origins and hosts. */
export interface AddressVariables {
  readonly allowedOrigins?: string | undefined;
  readonly allowedHosts?: string | undefined;
}

/** An address from the environment. */
export interface ReadAddress extends HttpAddress {
  readonly variables: AddressVariables;
}

/** Reads an address from the environment. Adds missing and wrong values to `problems`. */
export type ReadHttp = (reading: {
  readonly environment: Environment;
  readonly problems: string[];
  /** The probes, which have paths of their own. */
  readonly health?: { at(path: string): unknown } | undefined;
  readonly metrics?: { readonly path: string; readonly isOnHttpPort: boolean } | undefined;
}) => ReadAddress;

/** A server between its start and its stop. */
export interface Lifecycle extends Application {
  /** Whether requests can be answered without waiting for the start. */
  ready: boolean;
  config: unknown;
  state: unknown;
  /** The address of a mounted server from the environment, if the manifest names variables. */
  http?: ReadAddress;
  starting: Promise<void> | undefined;
  /** Whether the server stops: it refuses new work and finishes what runs. */
  draining: boolean;
}
