import type {} from "./parts.js";
import type { Admit } from "./admission.js";
import type { Authentication } from "./auth.js";
import { callerOf } from "./caller.js";
import type { Environment } from "./environment.js";
import type { McpError } from "./errors.js";
import type { Auth, ClientInformation } from "./handlers.js";
import type { Application, Hooks, SessionRecord, Lifecycle, ReadHttp, SettingsLoader } from "./hooks.js";
import type { Id, PreparedResult } from "./json-rpc.js";
import type { Booking, Ledger } from "./ledger.js";
import type { Logger, LogSink } from "./logger.js";
import { observeAbort, type Observer } from "./observer.js";
import type { Asker, Clock, Outlet, Source } from "./outlet.js";
import type { CacheStatistics, ConcurrencyLimit, Metrics } from "./metrics.js";
import type { SessionEvent, SharedStore } from "./store.js";
import type { Handlers, Reuse, Surface } from "./surface.js";
import type { Abortable, Subscriber } from "./subscriber.js";
import type { ContentBlock, Implementation, JsonObject, LoggingLevel } from "./types.js";

export type { AnyQuestion, Asker, Clock, Outlet, Source } from "./outlet.js";
export type { Abortable, Change, Subscriber } from "./subscriber.js";

/** The `result` of a response as JSON: text or prepared bytes. */
export type Payload = string | PreparedResult;

/** The answer to a request. It is a promise only if something had to be awaited. */
export type Answer = Payload | McpError | Promise<Payload | McpError>;

/** A method of the protocol. Its exceptions become internal errors. */
export type Method = (call: Call) => Answer;

/** The log that the manifest declares under `runtime.logging`. */
export interface Logging {
  readonly level: LoggingLevel;
  readonly write: LogSink;
  /** Names of redacted fields, in lower case. */
  readonly names: ReadonlySet<string>;
  /** Logs each request; `undefined` if the level of that is disabled. */
  readonly observer: (least: LoggingLevel) => Observer<Call> | undefined;
  /** Logs an entry that a handler writes with `log`. */
  readonly onLog: (call: Call, level: LoggingLevel, data: unknown) => void;
}

/** A server that answers calls in place of handlers. */
export interface UpstreamLink {
  /** Reads its settings. Returns their problems. */
  start(server: Server, environment: Environment): readonly string[];
  /** Closes the connection, if no other server uses it. */
  stop(server: Server): Promise<void>;
  /** Asks for updates of a resource, if it belongs to this upstream. */
  watch(call: Call, uri: string): void;
}

/** The answers to a platform's liveness and readiness probes. */
export interface Health {
  /** Returns the probe at a path, if any. */
  at(path: string): ((server: Server) => Promise<{ readonly status: number; readonly body: string }>) | undefined;
  /** Returns the report for the tool `health_check`. */
  report(server: Server): Promise<unknown>;
}

/** Optional features around the handlers, declared by the manifest or set by the process. */
export interface ServerOptions {
  /** Replaces the server's own log. */
  readonly logger?: Logger;
  /** The minimum severity of log entries. Default: the manifest's. */
  readonly logLevel?: LoggingLevel;
  readonly logging?: Logging;
  /** Telemetry and audit. */
  readonly observers?: readonly Observer<Call>[];
  readonly metrics?: Metrics<Call, Server> | undefined;
  readonly health?: Health;
  /** Secrets that seal request states, the newest first. Default: a random one for this process. */
  readonly stateKeys?: readonly string[];
  /** The number of this process among the workers of the server, from 1. */
  readonly worker?: number;
  /** The profile of the clients. Default: `MCPC_PROFILE`, or none. */
  readonly profile?: string | undefined;
  readonly auth?: Authentication | undefined;
  readonly hooks?: Hooks;
  /** Reads the address of a mounted server from environment variables, if the manifest names any. */
  readonly http?: ReadHttp | undefined;
  readonly settings?: SettingsLoader;
  readonly cache?: ResultCache;
  readonly admit?: Admit;
  /** Other servers that answer calls. */
  readonly upstreams?: readonly UpstreamLink[];
  /** State that replicas share. */
  readonly store?: Store | undefined;
  /** Limits the number of concurrent handlers. */
  readonly limit?: ConcurrencyLimit;
  /** Replaces the settings and the result of `onStart`, for tests. */
  readonly application?: Partial<Application>;
}

/** State that replicas share. */
export type Store = SharedStore<Server>;

/** A server: its surface, its handlers, and values derived from them. */
export interface Server {
  readonly surface: Surface;
  readonly handlers: Handlers;
  /** The definition from which `withOptions` creates another server. */
  readonly definition: { readonly handlers: Handlers; readonly surround: () => ServerOptions };
  readonly options: ServerOptions;
  readonly logger: Logger;
  readonly logLevel: LoggingLevel;
  readonly logging: Logging | undefined;
  readonly health: Health | undefined;
  /** The parts that see each request; `undefined` without any. */
  readonly observers: readonly Observer<Call>[] | undefined;
  /** Values that no log may show. */
  readonly secrets: Set<string>;
  /** Returns the text of an unexpected error for clients of `mcpc dev`. Other clients get only an id. */
  readonly describeError?: (error: unknown) => string;
  /** Views by protocol version. */
  readonly views: Map<string, View>;
  /** The profile of the clients, if they see other forms of tools than the author's. */
  readonly profile: string | undefined;
  /** Indexes that a method keeps across calls, by a unique key. */
  readonly indexes: Map<string, unknown>;
  /** Secrets that seal request states, the newest first. */
  readonly stateKeys: readonly string[];
  /** The authentication, if the manifest declares one. */
  readonly auth: Authentication | undefined;
  /** Accounts for state that outlives a message. */
  readonly ledger: Ledger;
  /** The connections and streams that receive changes. */
  readonly subscribers: Set<Subscriber>;
  readonly hooks: Hooks | undefined;
  /** The loader of the settings, if the manifest declares any. */
  readonly settings: SettingsLoader | undefined;
  readonly application: Lifecycle;
  /** Running calls and tasks. */
  readonly running: Set<Abortable>;
  /** The cache of results, if the manifest declares `cache`. */
  readonly cache?: ResultCache;
  /** State that replicas share, if the manifest declares `runtime.store.redis`. */
  readonly store?: Store | undefined;
  /** Refuses requests that exceed a rate limit or reach a server that stops. */
  admit: Admit | undefined;
}

/** A protocol revision, as data and pure functions. */
export interface Revision {
  readonly version: string;
  /** The kind of revision: `legacy` begins with `initialize`; in `modern` each request is independent. */
  readonly era: "legacy" | "modern";
  readonly methods: (surface: Surface) => ReadonlyMap<string, Method>;
  /** Returns the JSON text that surrounds every result, and the cache hints. */
  readonly frame: (surface: Surface) => Frame;
  /** Converts an entry of a listing to this revision; `wraps` is that of a tool's surface. */
  readonly entry: (kind: EntryKind, listing: string, wraps?: boolean) => string;
  /** Converts the server's description of itself to this revision. */
  readonly implementation: (info: JsonObject & Implementation) => JsonObject;
  /** Converts a content block to this revision. Absent if the revision knows all blocks. */
  readonly content?: (block: ContentBlock) => ContentBlock;
  readonly structuredContent: "none" | "objects" | "any";
  readonly progressMessages: boolean;
  /** Whether completion is a declared capability. Earlier revisions have it without a declaration. */
  readonly completions: boolean;
  /** The ways to ask a user. */
  readonly elicitation: readonly ("form" | "url")[];
  /** Converts a form to this revision; `undefined` if that is impossible. Absent if the revision knows all forms. */
  readonly form?: (requestedSchema: JsonObject) => JsonObject | undefined;
  /** Whether the client's sampling capability has parts (`tools`, `context`). */
  readonly sampling: "whole" | "parts";
  readonly batches: boolean;
  /** Whether a disconnect cancels the request. */
  readonly disconnectCancels: boolean;
  /** Translates an error code that this revision may not know. */
  readonly errorCode: (code: number) => number;
  /** Returns the HTTP status of a request's error. */
  readonly httpStatus: (code: number) => number;
}

export type EntryKind = "tool" | "resource" | "resourceTemplate" | "prompt";

export interface Frame {
  readonly opening: string;
  /** Returns the cache hints of a result as JSON members. */
  readonly hints: (ttlMs: number, scope: Reuse["scope"]) => string;
  /** Members of `_meta` in every result. */
  readonly meta: string;
}

/** A server in one revision, created when that revision is first used. */
export interface View {
  readonly server: Server;
  readonly revision: Revision;
  readonly methods: ReadonlyMap<string, Method>;
  readonly frame: Frame;
  /** The end of a result, with `frame.meta`. */
  readonly closing: string;
  /** Constant results, by method or fixed resource. */
  readonly payloads: Map<unknown, Payload>;
}

/** The client as it describes itself: once per connection (`initialize`), or in each request. */
export interface Peer extends ClientInformation {
  readonly view: View;
  /** The minimum severity of messages that the client wants; `undefined` for none. */
  logLevel: LoggingLevel | undefined;
  /** URIs of subscribed resources, on a connection with a session. */
  readonly subscriptions?: Set<string> | undefined;
  /** The booking of the connection, if the transport serves several clients. */
  booking?: Booking | undefined;
  /** Writes a change of the session to a store, if one has the session. */
  save?: (change: SessionEvent) => Promise<void>;
  /** The session's state: set at the first access by a handler, `null` after the end of the session. */
  session?: SessionRecord | null;
}

/** The rounds of a call, which may end a run of its handler early. */
export interface Interruptible {
  /** The result that replaces the result of the run. */
  readonly interrupted: Payload | McpError | undefined;
}

/** Sends a request to the client on behalf of a call. Resolves with its result; rejects with the client's error. */
export type Ask = (call: Call, method: string, params: JsonObject, signal: AbortSignal) => Promise<unknown>;

/** A request that is being answered. Rarely used members are created at the first access. */
export class Call {
  peer: Peer;
  readonly id: Id;
  readonly method: string;
  /** The parameters. The arguments are removed when the call becomes a task. */
  params: JsonObject;
  /** Sends a request to the client. Absent if the revision or the connection does not allow that. */
  readonly ask: Ask | undefined;
  /** The caller, if the server has authentication. */
  readonly auth: Auth | undefined;
  /** Set when the call asks the client, or continues a call that did. */
  rounds: Interruptible | undefined;
  /** Set when the call becomes a task. */
  task: Asker | undefined;
  /** The clock of the handler's time limit. */
  clock: Clock | undefined;
  /** Called before the call asks its client a question, if other callers share its result. */
  detach: (() => void) | undefined;
  /** Changes that the handler has published, for which the answer waits. */
  declare publishing: Promise<unknown> | undefined;
  /** Set once a store has admitted the call. */
  declare isAdmitted: true | undefined;
  #asking = 0;
  #outlet: Outlet;
  #controller: AbortController | undefined;
  #aborted: { readonly reason: unknown } | undefined;
  #finished = false;
  #outlives = false;

  constructor(peer: Peer, id: Id, method: string, params: JsonObject, outlet: Outlet, ask?: Ask, auth?: Auth) {
    this.peer = peer;
    this.id = id;
    this.method = method;
    this.params = params;
    this.#outlet = outlet;
    this.ask = ask;
    this.auth = auth;
  }

  /** Whether all requests of the server come from one client. */
  get isSolo(): boolean {
    return !globalThis.mcpcWithoutUpstreams && this.#outlet.isSolo === true;
  }

  get meta(): JsonObject {
    const meta = this.params["_meta"];
    return typeof meta === "object" && meta !== null && !Array.isArray(meta) ? (meta as JsonObject) : {};
  }

  /** Returns a header of the transport by its lower-case name. */
  header(name: string): string | undefined {
    return this.#outlet.request?.header(name);
  }

  /** The connection of the client, if it has one. */
  get source(): Source | undefined {
    return globalThis.mcpcWithoutObservers ? undefined : this.#outlet.request;
  }

  /** The caller that the call is booked on. */
  get caller(): string {
    return callerOf(this.auth, this.#outlet.request?.remote);
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted.reason);
    }
    return this.#controller.signal;
  }

  get aborted(): boolean {
    return this.#aborted !== undefined;
  }

  /** Aborts the handler's signal. The answer is not affected. */
  abort(reason: unknown): void {
    this.#aborted = { reason };
    this.#controller?.abort(reason);
    if (!globalThis.mcpcWithoutObservers) observeAbort(this, reason);
  }

  get asking(): boolean {
    return this.#asking > 0;
  }

  /** Waits for the client's answer, during which the handler's time limit pauses. */
  async whileAsking<T>(answer: Promise<T>): Promise<T> {
    this.#asking += 1;
    if (this.#asking === 1) this.clock?.stop();
    try {
      return await answer;
    } finally {
      this.#asking -= 1;
      if (this.#asking === 0) this.clock?.go();
    }
  }

  /** Drops the arguments, which the handler has, and, after the answer, the connection: a task outlives both. */
  release(): void {
    this.params = { _meta: this.params["_meta"] };
    this.#outlives = true;
  }

  /** Drops everything that the client sent, because the handler has ended. */
  forget(): void {
    const { view, protocolVersion, logLevel } = this.peer;
    this.params = {};
    this.peer = { view, protocolVersion, logLevel, capabilities: {} };
  }

  /** Sends a notification. Does nothing after the answer, which must be the last message. */
  notify(message: string): void {
    if (!this.#finished) this.#outlet.notify(message);
  }

  finish(): void {
    this.#finished = true;
    if (this.#outlives) this.#outlet = { notify: () => {} };
  }
}

/** The inputs of a result: the validated arguments, and the URI of a resource. */
export interface Subject {
  readonly input: unknown;
  readonly uri?: string;
}

/** An entry of the manifest with a cache, as the cache needs it. */
export interface CachedEntry {
  readonly kind: "tool" | "resource" | "resourceTemplate";
  /** The name, URI or URI template of the entry. */
  readonly name: string;
  readonly reuse: Reuse;
  /** Whether results carry cache hints for the client. */
  readonly hinted: boolean;
  /** The time limit of the handler. */
  readonly timeoutMs: number | undefined;
  /** Runs the handler for a call. May throw. */
  start(call: Call, subject: Subject): unknown;
  /**
   * Validates the handler's output and returns its cached text; `undefined` if it must not be cached. Throws for an
   * invalid output.
   */
  keep(output: unknown, subject: Subject): string | undefined;
  /** Checks a text that another replica has cached. Throws for one that is no valid result. */
  restore(kept: string, subject: Subject): string | undefined;
  /** Formats a result from its cached text; `hints` are its cache hints as JSON members. */
  seal(view: View, kept: string, hints: string): string;
  finish(call: Call, output: unknown, subject: Subject): Payload | McpError;
  fail(call: Call, error: unknown, subject: Subject): Payload | McpError;
  /** Waits for the answer on behalf of a call, within its time limit. */
  wait(call: Call, answer: Promise<Payload | McpError>): Promise<Payload | McpError>;
}

/** The cache of results, if the manifest declares `cache`. */
export interface ResultCache {
  /**
   * Returns the cached result, or that of a run, which concurrent calls with the same input share; `undefined` if the
   * call must not be cached.
   */
  answer(call: Call, entry: CachedEntry, subject: Subject): Answer | undefined;
  /** The numbers of calls and of results so far. */
  readonly statistics?: () => CacheStatistics;
  /** Removes the cached results of an entry: for these arguments, for this URI, or all. */
  invalidate(entry: Pick<CachedEntry, "kind" | "name">, subject: Partial<Subject>): void;
  /** Removes all cached results. */
  clear(): void;
}
