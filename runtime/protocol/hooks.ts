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
  /** Tells subscribed clients of changes, for as long as the server runs. */
  readonly notify: Notify;
}

/** Runs before the first request; what it returns is `context.state`. A server whose start fails serves nothing. */
export type StartHook<C = unknown> = (context: StartContext<C>) => unknown;

/** Runs once, when all requests are over. */
export type StopHook<A = Application> = (application: A) => void | Promise<void>;

/** A session that begins. */
export type SessionContext<A = Application> = A & {
  /** The id of the session: unique, and of no use to other callers. */
  readonly id: string;
  /** Aborted when the session ends. */
  readonly signal: AbortSignal;
  readonly client: ClientInformation;
  readonly auth: Auth;
};

/** Runs when a handler first asks for the state of a session, and returns it. It cannot wait; it may return a promise. */
export type SessionHook<A = Application> = (context: SessionContext<A>) => unknown;

/** A failure, and the call in which it happened. */
export type FailureContext<A = Application> = A & {
  readonly kind: "tool" | "resource" | "prompt" | "completion";
  /** The tool's or prompt's name, the resource's URI. */
  readonly name: string;
  /** Present for an error that nobody declared: the log has it under this id. */
  readonly errorId?: string;
  readonly client: ClientInformation;
};

/**
 * Sees every error of a handler, and decides what the caller sees: a text (for a tool an `isError` result that the model
 * reads), an `McpError` (a JSON-RPC error), or nothing, and what would be sent anyway is sent. It cannot wait: the answer
 * leaves when it returns.
 */
export type ErrorHook<A = Application> = (error: unknown, context: FailureContext<A>) => McpError | string | void;

/** Whether something that the server needs can be used. It fails by throwing, by `false`, or by taking too long. */
export type HealthCheck<A = Application> = (context: A & { readonly signal: AbortSignal }) => unknown;

/** A caller, and what all callers share. */
export type Caller<A = Application> = A & { readonly auth: Auth };

/**
 * Says which entries a caller sees and may use, by their names. A kind without a function is there for all. It cannot
 * wait, and runs with every call and list: keep what it needs in `state`.
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
  /** Takes the place of the server's own log: a logger of pino's kind, or a function. */
  readonly logger?: Logger | LeveledLogger;
  /** By name: what readiness depends on. */
  readonly health?: Readonly<Record<string, HealthCheck<A>>>;
  readonly authenticate?: AuthenticateHook<A>;
  readonly enabled?: { readonly [List in keyof EnabledHook]?: (name: never, caller: Caller<A>) => boolean };
}

/** Values by the name of their environment variable, and what the configuration file holds, or why it cannot be read. */
export interface SettingSources {
  readonly env: Environment;
  readonly file?: { readonly path: string; readonly values: unknown; readonly problem?: string };
}

/** All that is wrong with the settings of a server, at once. */
export class SettingsError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`the settings are not right:\n${problems.map((problem) => `  ${problem}\n`).join("")}`.trimEnd());
    this.name = "SettingsError";
    this.problems = problems;
  }
}

/** Finds the settings of a server; rejects with `SettingsError` when any is missing or wrong. */
export interface SettingsLoader {
  load(sources: SettingSources): Promise<unknown>;
  /** The values of secret settings. */
  secrets?(config: unknown): readonly string[];
}

/** A session, as its handlers share it. */
export interface SessionRecord {
  readonly session: Session;
  /** The application with which its state was made. */
  readonly application: Application;
  readonly ended: AbortController;
}

/** The address of a server over HTTP, and the origins and hosts that it allows. */
export interface HttpAddress {
  /** The path of the MCP endpoint, such as `/mcp`. */
  readonly path: string;
  readonly host: string;
  readonly port: number;
  /** Besides the loopback ones, which are allowed while `host` is a loopback address. `*` is any. */
  readonly allowedOrigins: readonly string[];
  /**
   * Host names, besides loopback names and, while `host` is no loopback address, IP addresses. Empty: any name while
   * `host` is no loopback address and the server asks for credentials.
   */
  readonly allowedHosts: readonly string[];
}

/** The environment variables that hold origins and hosts. */
export interface AddressVariables {
  readonly allowedOrigins?: string | undefined;
  readonly allowedHosts?: string | undefined;
}

/** An address that was read from the environment. */
export interface ReadAddress extends HttpAddress {
  readonly variables: AddressVariables;
}

/** Reads an address from the environment; adds to `problems` what is missing or wrong. */
export type ReadHttp = (reading: {
  readonly environment: Environment;
  readonly problems: string[];
  /** The probes that answer at paths of their own. */
  readonly health?: { at(path: string): unknown } | undefined;
}) => ReadAddress;

/** A server between its start and its stop. */
export interface Lifecycle extends Application {
  /** Nothing has to happen before the first request. */
  ready: boolean;
  config: unknown;
  state: unknown;
  /** The address of a mounted server from the environment, where the manifest names variables. */
  http?: ReadAddress;
  starting: Promise<void> | undefined;
  /** It takes no more work: what is under way is finished. */
  draining: boolean;
}
