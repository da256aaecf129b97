import type {
  Annotations,
  AudioContent,
  ContentBlock,
  Icon,
  ImageContent,
  Implementation,
  Json,
  JsonObject,
  LoggingLevel,
  PromptMessage,
  TextContent,
} from "./types.js";

/**
 * Sends a message to the client's log (`notifications/message`) if the client has requested that level. With
 * `runtime.logging`, the message also goes to the server's own log. `data` is any JSON.
 */
export type Log = { readonly [Level in LoggingLevel]: (data: unknown) => void };

/** The client's description of itself. It proves nothing: a client can claim anything. */
export interface ClientInformation {
  readonly info?: Implementation;
  readonly capabilities: JsonObject;
  /** The protocol revision of this request, such as `2025-11-25`. */
  readonly protocolVersion: string;
}

/** The caller, as its credentials describe it. It never contains the credentials themselves. */
export interface Auth {
  /** Absent if the server has no authentication, or for a key without a name. */
  readonly principal?: string;
  readonly scopes: readonly string[];
  /** Further facts: the claims of the token, or the members that `authenticate` returned. */
  readonly claims: JsonObject;
  /** The expiry of the credentials, in milliseconds since 1970. */
  readonly expiresAt?: number;
}

/** A user's answer to a question. Its `content` has been validated. */
export type ElicitResult<C> =
  { readonly action: "accept"; readonly content: C } | { readonly action: "decline" | "cancel" };

/** A question that the manifest declares: the placeholders of its message, and the content of the answer. */
export interface Elicitation {
  readonly parameters: unknown;
  readonly content: unknown;
}
export type Elicit<Q> = {
  readonly [Name in keyof Q]: Q[Name] extends Elicitation
    ? (parameters: Q[Name]["parameters"]) => Promise<ElicitResult<Q[Name]["content"]>>
    : never;
};

export interface SamplingMessage {
  readonly role: "user" | "assistant";
  readonly content: JsonObject | readonly JsonObject[] | TextContent | ImageContent | AudioContent;
}
/** `sampling/createMessage` */
export interface CreateMessageParams {
  readonly messages: readonly SamplingMessage[];
  readonly maxTokens: number;
  readonly systemPrompt?: string;
  readonly modelPreferences?: JsonObject;
  readonly temperature?: number;
  readonly stopSequences?: readonly string[];
  readonly metadata?: JsonObject;
  readonly includeContext?: "none" | "thisServer" | "allServers";
  readonly tools?: readonly JsonObject[];
  readonly toolChoice?: JsonObject;
}
export interface CreateMessageResult {
  readonly role: "user" | "assistant";
  readonly content: TextContent | ImageContent | AudioContent | readonly JsonObject[];
  readonly model: string;
  readonly stopReason?: string;
}
export interface Root {
  readonly uri: string;
  readonly name?: string;
}

/** Notifies clients of all transports of changes. */
export interface Notify {
  readonly toolsChanged: () => void;
  readonly promptsChanged: () => void;
  readonly resourcesChanged: () => void;
  /** Notifies the clients that have subscribed to this resource. */
  readonly resourceUpdated: (uri: string) => void;
}

/** The cache of results, if the manifest declares `cache`. */
export interface Cache {
  /**
   * Removes the cached results of a tool (by its name), a resource (by its URI) or a template's resources (by the URI
   * template, or by the URI of one): for these arguments, or all. `notify.resourceUpdated` does so for its resource.
   */
  readonly invalidate: (name: string, input?: object) => void;
}

/** A client's session, from `initialize` to the end of the connection or of the HTTP session. */
export interface Session<S = unknown> {
  /** A unique id. It gives no access to the session. */
  readonly id: string;
  /** The result of the hook `onSession` for this session. */
  readonly state: S;
}

/** The second argument of every handler. */
export interface Context {
  /** Aborted when the client cancels the request or disconnects (2026-07-28), or when the tool's time limit ends. */
  readonly signal: AbortSignal;
  /** Reports progress, if the client requested it. `progress` must increase with every call; `total` may be unknown. */
  readonly progress: (progress: number, total?: number, message?: string) => void;
  readonly log: Log;
  readonly client: ClientInformation;
  /** The caller. */
  readonly auth: Auth;
  /** The request's `_meta`, as sent. */
  readonly meta: JsonObject;
  /**
   * The client's session, in revisions that have sessions. `undefined` in 2026-07-28, in HTTP without sessions, in tool
   * event streams, and for entries with a cache.
   */
  readonly session: Session | undefined;
  readonly notify: Notify;
  readonly cache: Cache;
  /**
   * Returns headers that carry the trace of this call to another server: `traceparent`, and `tracestate` if there is
   * one. Empty without a trace.
   */
  readonly traceHeaders: () => Record<string, string>;
  /**
   * Asks the client's model. On 2026-07-28 the handler runs again from its start once the answer has arrived: ask in
   * the same order in every run, do not catch the error that ends a run, and wrap side effects in a `step`.
   */
  readonly sample: (params: CreateMessageParams, key?: string) => Promise<CreateMessageResult>;
  /** The folders that the client works in; see `sample`. */
  readonly roots: (key?: string) => Promise<readonly Root[]>;
  /**
   * Runs work once, even if the handler runs in several rounds. Its result must be JSON. A request that is sent again
   * repeats it. See `sample`.
   */
  readonly step: <T>(name: string, work: () => T | Promise<T>) => Promise<T>;
}

/** A declared error: `throw errors.unknownCity({ city })`. The parameters are the placeholders of its message. */
export type DeclaredErrors<E> = { readonly [Code in keyof E]: (parameters: E[Code]) => Error };

export interface ToolContext<E, Q = {}> extends Context {
  readonly errors: DeclaredErrors<E>;
  /** Asks the user a question that the manifest declares under `elicitations`; see `sample`. */
  readonly elicit: Elicit<Q>;
  /**
   * Answers the call with a task, if the client supports tasks. It requires `deferTask`. Earlier questions are part of
   * the call, later ones part of the task.
   */
  readonly beginTask: () => void;
}

export interface PromptContext<Q = {}> extends Context {
  readonly elicit: Elicit<Q>;
}

/** A complete `tools/call` result. */
export interface CallToolResult {
  readonly content: readonly ContentBlock[];
  readonly structuredContent?: Json;
  readonly isError?: boolean;
  readonly _meta?: JsonObject;
}

/** The parts of a tool's result besides its value. */
export interface ResultOptions {
  /** The content for models. Default: the value as JSON. A string is one text block. */
  readonly content?: string | ContentBlock | readonly ContentBlock[];
  /** Whether the result is an error for the model, besides the errors that the manifest declares. */
  readonly isError?: boolean;
  readonly _meta?: JsonObject;
}

declare const madeByResult: unique symbol;

/** A tool's value with options, created by `result`. */
export interface ToolResult<T> {
  readonly value: T;
  readonly options: ResultOptions;
  readonly [madeByResult]: true;
}

/** A result of a tool without an `outputSchema`. A string is one text block. */
export type ToolOutput = string | ContentBlock | readonly ContentBlock[] | CallToolResult;

/**
 * A tool's handler. Throw one of `errors` for a failure that the model should read, `McpError` for a protocol error.
 * Any other error becomes an internal error: the client gets only an id, which the log explains.
 *
 * @typeParam I the arguments, validated against `inputSchema`
 * @typeParam O the result, validated against `outputSchema`; `ToolOutput` without one
 * @typeParam E placeholders of each declared error, by its code
 * @typeParam Q the declared questions, by their name
 * @typeParam A the state that all handlers share: `config` and `state`, if declared
 */
export type ToolHandler<I, O = ToolOutput, E = {}, Q = {}, A = unknown> = (
  input: I,
  context: ToolContext<E, Q> & A,
) => O | ToolResult<O> | Promise<O | ToolResult<O>>;

/** A part of a resource. `uri` and `mimeType` default to those of the request and the manifest. */
export type ResourceContent = {
  readonly uri?: string;
  readonly mimeType?: string;
  readonly _meta?: JsonObject;
} & ({ readonly text: string } | { readonly json: unknown } | { readonly blob: string | Uint8Array });

/** A complete `resources/read` result. */
export interface ReadResourceResult {
  readonly contents: readonly ResourceContent[];
}

/**
 * The contents of a resource: a string is text, bytes are a blob, `undefined` means that the resource does not exist.
 */
export type ResourceOutput =
  | string
  | Uint8Array
  | ResourceContent
  | readonly ResourceContent[]
  // With this member TypeScript compares a wrong list with a list, instead of with bytes.
  | ResourceContent[]
  | ReadResourceResult
  | undefined;

export type ResourceHandler<A = unknown> = (
  input: { readonly uri: string },
  context: Context & A,
) => ResourceOutput | Promise<ResourceOutput>;

/** @typeParam P the template's variables, validated against `params` */
export type ResourceTemplateHandler<P, A = unknown> = (
  input: P,
  context: Context & { readonly uri: string } & A,
) => ResourceOutput | Promise<ResourceOutput>;

/** An entry of `resources/list`. `mimeType` defaults to the template's. */
export interface ListedResource {
  /** A URI that the template matches. */
  readonly uri: string;
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly mimeType?: string;
  /** The size in bytes. */
  readonly size?: number;
  readonly icons?: readonly Icon[];
  readonly annotations?: Annotations;
  readonly _meta?: JsonObject;
}

/** Lists the existing resources of a template, for this caller. */
export type ResourceLister<A = unknown> = (
  context: Context & A,
) => readonly ListedResource[] | Promise<readonly ListedResource[]>;

export interface GetPromptResult {
  readonly description?: string;
  readonly messages: readonly PromptMessage[];
  readonly _meta?: JsonObject;
}

/** The messages of a prompt. A string is one message of the user. */
export type PromptOutput = string | readonly PromptMessage[] | GetPromptResult;

/** @typeParam I the prompt's arguments, with defaults filled in; Q the declared questions, by their name */
export type PromptHandler<I, Q = {}, A = unknown> = (
  input: I,
  context: PromptContext<Q> & A,
) => PromptOutput | Promise<PromptOutput>;

export interface CompletionContext {
  readonly signal: AbortSignal;
  readonly auth: Auth;
  /** The client's session, in revisions that have sessions. */
  readonly session: Session | undefined;
  /** The arguments that the user has already filled in, by name. */
  readonly arguments: Readonly<Record<string, string>>;
}
/** Completes a value while the user types: returns candidates that begin with `value`, the best first. */
export type CompletionHandler<A = unknown> = (
  value: string,
  context: CompletionContext & A,
) => readonly string[] | Promise<readonly string[]>;

export type { Annotations };
