import type { Authentication } from "./auth.js";
import { callerOf } from "./caller.js";
import type { McpError, UnavailableError } from "./errors.js";
import type { Auth, ClientInformation } from "./handlers.js";
import type { Application, Hooks, SessionRecord, Lifecycle, ReadHttp, SettingsLoader } from "./hooks.js";
import type { Id, PreparedResult } from "./json-rpc.js";
import type { Booking, Ledger } from "./ledger.js";
import type { Logger, LogSink } from "./logger.js";
import type { Handlers, Reuse, Surface } from "./surface.js";
import type { ContentBlock, Implementation, JsonObject, LoggingLevel } from "./types.js";

/** The `result` of a response as JSON: text, or bytes made before. */
export type Payload = string | PreparedResult;

/** A promise only if something had to be waited for. */
export type Answer = Payload | McpError | Promise<Payload | McpError>;

/** One method of the protocol. It may throw: that is answered as an internal error. */
export type Method = (call: Call) => Answer;

/** Answers a request with `answer`, and does something beside. */
export type Observe = (call: Call, answer: (call: Call) => Answer) => Answer;

/** The server's log, as the manifest's `runtime.logging` asks for it. */
export interface Logging {
  readonly level: LoggingLevel;
  readonly write: LogSink;
  /** Fields that are never shown, in lower case. */
  readonly names: ReadonlySet<string>;
  /** Tells the log of each request; `undefined` where that lies below what is logged. */
  readonly observe: (least: LoggingLevel) => Observe | undefined;
  /** Takes the entries that handlers write with `log`. */
  readonly onLog: (call: Call, level: LoggingLevel, data: unknown) => void;
}

/** The answers to a platform's probes: whether the process lives, whether it can do its work. */
export interface Health {
  /** Finds the probe of a path; `undefined` where there is none. */
  at(path: string): ((server: Server) => Promise<{ readonly status: number; readonly body: string }>) | undefined;
  /** The same for those who ask with a tool. */
  report(server: Server): Promise<unknown>;
}

/** The parts around the handlers; each is there only if the manifest, or the process, asks for it. */
export interface ServerOptions {
  /** In place of the server's own log. */
  readonly logger?: Logger;
  /** The least severity that is logged; without it, what the manifest says. */
  readonly logLevel?: LoggingLevel;
  readonly logging?: Logging;
  readonly health?: Health;
  /** Secrets that seal request states, the newest first; one of this process alone when there are none. */
  readonly stateKeys?: readonly string[];
  readonly auth?: Authentication | undefined;
  readonly hooks?: Hooks;
  /** Reads what environment variables say of a mounted server's address; present where the manifest names any. */
  readonly http?: ReadHttp | undefined;
  readonly settings?: SettingsLoader;
  readonly cache?: ResultCache;
  readonly admit?: (asked: AdmissionRequest) => UnavailableError | undefined;
  /** Lets only so many handlers run at a time. */
  readonly limit?: (handlers: Handlers) => Handlers;
  /** In place of what the settings and `onStart` would give: for tests. */
  readonly application?: Partial<Application>;
}

/** A server as a value: what the manifest says, the handlers, and what has been worked out from them so far. */
export interface Server {
  readonly surface: Surface;
  readonly handlers: Handlers;
  /** The parts of which another server of its kind is made. */
  readonly definition: { readonly handlers: Handlers; readonly surround: () => ServerOptions };
  readonly options: ServerOptions;
  readonly logger: Logger;
  /** The least severity that is logged. */
  readonly logLevel: LoggingLevel;
  readonly logging: Logging | undefined;
  readonly health: Health | undefined;
  /** Answers requests in place of `dispatch`; absent where nobody wants to know. */
  readonly observe: Observe | undefined;
  /** Values that no log may show. */
  readonly secrets: Set<string>;
  /** Returns what clients are told of an unexpected error beside its id: under `mcpc dev` alone. */
  readonly describeError?: (error: unknown) => string;
  /** By protocol version. */
  readonly views: Map<string, View>;
  /** Indexes that a method keeps across calls, by a key of its own. */
  readonly indexes: Map<string, unknown>;
  /** Secrets that seal what a call needs to know in its next round, the newest first. */
  readonly stateKeys: readonly string[];
  /** Present where callers must say who they are. */
  readonly auth: Authentication | undefined;
  /** Limits of the state that outlives a message. */
  readonly ledger: Ledger;
  /** Who is to be told of changes. */
  readonly subscribers: Set<Subscriber>;
  /** The hooks of the author. */
  readonly hooks: Hooks | undefined;
  /** Present where the manifest declares settings. */
  readonly settings: SettingsLoader | undefined;
  readonly application: Lifecycle;
  /** The work that is under way. */
  readonly running: Set<Abortable>;
  /** The cache of results, where the manifest declares `cache`. */
  readonly cache?: ResultCache;
  /** Why a request is not taken, if anything has to be asked: a rate limit, a server that stops. */
  admit: ((asked: AdmissionRequest) => UnavailableError | undefined) | undefined;
}

/** A request, or an opening of a stream or connection, before it is taken. */
export interface AdmissionRequest {
  /** A method of the protocol; `open` for a stream or connection. */
  readonly method: string;
  readonly caller: string;
}

export interface Abortable {
  abort(reason: unknown): void;
}

/** Something that clients may have asked to be told of. */
export type Change =
  { readonly kind: "tools" | "prompts" | "resources" } | { readonly kind: "resource"; readonly uri: string };

export interface Subscriber {
  /** Must not throw, nor wait. */
  deliver(change: Change): void;
  /** The server is about to stop: nothing more is to be told. */
  end(): void;
  /** Nothing runs any more: a connection that carried answers may be closed. */
  close?(): void;
}

/** One protocol revision, as data and pure functions. */
export interface Revision {
  readonly version: string;
  /** `legacy` begins with `initialize`; in `modern` each request stands alone. */
  readonly era: "legacy" | "modern";
  readonly methods: (surface: Surface) => ReadonlyMap<string, Method>;
  /** The beginning and end of every result, and the members that a cacheable one has besides, as JSON text. */
  readonly frame: (surface: Surface) => Frame;
  /** An entry of a listing in this revision's form; `wraps` is that of a tool's surface. */
  readonly entry: (kind: EntryKind, listing: string, wraps?: boolean) => string;
  /** The server's description of itself in this revision's form. */
  readonly implementation: (info: JsonObject & Implementation) => JsonObject;
  /** A content block in this revision's form; absent when all are known to it. */
  readonly content?: (block: ContentBlock) => ContentBlock;
  readonly structuredContent: "none" | "objects" | "any";
  readonly progressMessages: boolean;
  /** Completion is a capability that is declared; before, it was there without a word. */
  readonly completions: boolean;
  /** How a user can be asked. */
  readonly elicitation: readonly ("form" | "url")[];
  /** A form in this revision's words, `undefined` for what it has no words for; absent when all are known to it. */
  readonly form?: (requestedSchema: JsonObject) => JsonObject | undefined;
  /** Whether a client that samples says in parts (`tools`, `context`) what it can do. */
  readonly sampling: "whole" | "parts";
  readonly batches: boolean;
  /** A client that hangs up has cancelled its request. */
  readonly disconnectCancels: boolean;
  /** The code to send for a code that this revision may not know. */
  readonly errorCode: (code: number) => number;
  /** The HTTP status of a request's error. */
  readonly httpStatus: (code: number) => number;
}

export type EntryKind = "tool" | "resource" | "resourceTemplate" | "prompt";

export interface Frame {
  readonly opening: string;
  /** How long a result lasts, as members of it. */
  readonly hints: (ttlMs: number, scope: Reuse["scope"]) => string;
  /** Members of `_meta` that every result has. */
  readonly meta: string;
}

/** A server as one revision sees it, made when that revision is first spoken. */
export interface View {
  readonly server: Server;
  readonly revision: Revision;
  readonly methods: ReadonlyMap<string, Method>;
  readonly frame: Frame;
  /** `frame.meta` as the end of a result. */
  readonly closing: string;
  /** Results that never change, by method or static resource. */
  readonly payloads: Map<unknown, Payload>;
}

/** The client, as far as it has told: once for a connection (`initialize`), or anew with each request. */
export interface Peer extends ClientInformation {
  readonly view: View;
  /** The least severe message it wants; none when absent. */
  logLevel: LoggingLevel | undefined;
  /** URIs of resources whose updates it wants, where that lasts longer than a request. */
  readonly subscriptions?: Set<string>;
  /** The place of the connection on the ledger, where there are several. */
  booking?: Booking | undefined;
  /** Present once a handler has asked for the session; `null` once that has ended. */
  session?: SessionRecord | null;
}

/** The request or connection that a message came with. */
export interface Source {
  header(name: string): string | undefined;
  /** The network address of the peer; absent where the platform does not tell. */
  readonly remote?: string | undefined;
  /** Booking of a long message. Code that outlives the message takes it over and releases it. */
  body?: Booking | undefined;
}

/** Takes messages that belong to a request, before its answer. */
export interface Outlet {
  notify(message: string): void;
  /** Messages may get lost on it: nothing can be asked. */
  readonly oneWay?: boolean;
  /** The headers of the message, where the transport has any. */
  readonly request?: Source;
  /** Answers of several requests leave together: no two of them may have the same id. */
  readonly shared?: true;
}

/** A run of a handler that may end before the call does. */
export interface Interruptible {
  /** The result that stands instead of whatever the run came to. */
  readonly interrupted: Payload | McpError | undefined;
}

/** Something that collects a handler's questions, to be answered by other requests. */
export interface Asker {
  ask(name: string, question: AnyQuestion): Promise<unknown>;
}
export interface AnyQuestion {
  readonly method: "elicitation/create" | "sampling/createMessage" | "roots/list";
  readonly params: JsonObject;
  /** Whether an answer is one to this question; any other counts as none. */
  readonly accepts: (answer: unknown) => boolean;
}

/** Sends a request to the client on behalf of a call and resolves with its result; rejects with the client's error. */
export type Ask = (call: Call, method: string, params: JsonObject, signal: AbortSignal) => Promise<unknown>;

/** A time limit that runs. */
export interface Clock {
  stop(): void;
  go(): void;
}

/** A request being answered. The members that most calls never touch are made when they are first asked for. */
export class Call {
  peer: Peer;
  readonly id: Id;
  readonly method: string;
  /** Without what the handler has been given, once the call has become a task. */
  params: JsonObject;
  /** Absent where the client cannot be asked: in revisions without server requests, or without a way back. */
  readonly ask: Ask | undefined;
  /** Who calls, where the server asks for that. */
  readonly auth: Auth | undefined;
  /** Present from the moment that the call asks the client, or continues one that did. */
  rounds: Interruptible | undefined;
  /** Present from the moment that the call has become a task. */
  task: Asker | undefined;
  /** The handler's time limit. */
  clock: Clock | undefined;
  /** Called before the call asks its own client anything, where other callers wait for its result. */
  detach: (() => void) | undefined;
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

  get meta(): JsonObject {
    const meta = this.params["_meta"];
    return typeof meta === "object" && meta !== null && !Array.isArray(meta) ? (meta as JsonObject) : {};
  }

  /** A header of the transport's, by its lower-case name. */
  header(name: string): string | undefined {
    return this.#outlet.request?.header(name);
  }

  /** Who answers for it. */
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

  /** Tells the handler to stop. Whether an answer is still sent is the caller's affair. */
  abort(reason: unknown): void {
    this.#aborted = { reason };
    this.#controller?.abort(reason);
  }

  get asking(): boolean {
    return this.#asking > 0;
  }

  /** Waits for the client: the time that a user takes to answer is not the handler's. */
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

  /** Lets go of the arguments, which the handler has, and, once answered, of the connection: the call outlives both. */
  release(): void {
    this.params = { _meta: this.params["_meta"] };
    this.#outlives = true;
  }

  /** Lets go of all that the client sent: the handler has ended. */
  forget(): void {
    const { view, protocolVersion, logLevel } = this.peer;
    this.params = {};
    this.peer = { view, protocolVersion, logLevel, capabilities: {} };
  }

  /** Silent once the request is answered or given up: nothing may follow its response. */
  notify(message: string): void {
    if (!this.#finished) this.#outlet.notify(message);
  }

  finish(): void {
    this.#finished = true;
    if (this.#outlives) this.#outlet = { notify: () => {} };
  }
}

/** The inputs of a result: the validated arguments, and the URI where there is one. */
export interface Subject {
  readonly input: unknown;
  readonly uri?: string;
}

/** An entry of the manifest whose results are kept, as the cache needs to know it. */
export interface CachedEntry {
  readonly kind: "tool" | "resource" | "resourceTemplate";
  /** Its name, URI or URI template. */
  readonly name: string;
  readonly reuse: Reuse;
  /** Its results tell clients how long they last. */
  readonly hinted: boolean;
  /** How long its handler may take. */
  readonly timeoutMs: number | undefined;
  /** Runs the handler on behalf of a call. May throw. */
  start(call: Call, subject: Subject): unknown;
  /** The validated result of the handler, as text; `undefined` if it must not be kept. Throws for a value that is no result. */
  keep(output: unknown, subject: Subject): string | undefined;
  /** The result, from the text that was kept; `hints` are members of the protocol's, as JSON text. */
  seal(view: View, kept: string, hints: string): string;
  finish(call: Call, output: unknown, subject: Subject): Payload | McpError;
  fail(call: Call, error: unknown, subject: Subject): Payload | McpError;
  /** Waits on behalf of one call, as long as that may take. */
  wait(call: Call, answer: Promise<Payload | McpError>): Promise<Payload | McpError>;
}

/** Keeps what handlers returned; a server has one where the manifest declares `cache`. */
export interface ResultCache {
  /**
   * The result that is kept, or what a run comes to; calls that want the same at the same time share one run.
   * `undefined` for a call whose result is nobody else's.
   */
  answer(call: Call, entry: CachedEntry, subject: Subject): Answer | undefined;
  /** Forgets what an entry returned: for these arguments, for this URI, or all of it. */
  invalidate(entry: Pick<CachedEntry, "kind" | "name">, subject: Partial<Subject>): void;
}
