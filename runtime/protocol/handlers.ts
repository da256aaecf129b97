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
 * Sends a message to the client's log (`notifications/message`), when the client asked for that level; where the manifest
 * has `runtime.logging`, the server's own log gets it, too. `data` is any JSON.
 */
export type Log = { readonly [Level in LoggingLevel]: (data: unknown) => void };

/** The client's own description. Never a basis for security: a client can claim anything. */
export interface ClientInformation {
  readonly info?: Implementation;
  readonly capabilities: JsonObject;
  /** The protocol revision of this request, such as `2025-11-25`. */
  readonly protocolVersion: string;
}

/** Who calls, as far as the credentials of the request tell; never the credentials themselves. */
export interface Auth {
  /** Absent where nobody had to say who they are, or a key has no name. */
  readonly principal?: string;
  readonly scopes: readonly string[];
  /** Further facts: the claims of the token, or the members that `authenticate` has added. */
  readonly claims: JsonObject;
  /** When the credentials expire, in milliseconds since 1970. */
  readonly expiresAt?: number;
}

/** A user's answer to a question: `content` is validated against its schema. */
export type ElicitResult<C> =
  { readonly action: "accept"; readonly content: C } | { readonly action: "decline" | "cancel" };

/** A question the manifest declares: the placeholders of its message, and what is answered. */
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

/** Tells clients, of every transport, that something has changed. */
export interface Notify {
  readonly toolsChanged: () => void;
  readonly promptsChanged: () => void;
  readonly resourcesChanged: () => void;
  /** For the clients that have subscribed to this resource. */
  readonly resourceUpdated: (uri: string) => void;
}

/** The cache of earlier results, where the manifest declares `cache`. */
export interface Cache {
  /**
   * Forgets what a tool (by its name), a resource (by its URI) or a template's resources (by the URI template, or by
   * the URI of one) returned: for these arguments, or for all. `notify.resourceUpdated` does it for its resource.
   */
  readonly invalidate: (name: string, input?: object) => void;
}

/** A client's session, from `initialize` to the end of the connection or of the HTTP session. */
export interface Session<S = unknown> {
  /** Unique; of no use to anybody who learns it. */
  readonly id: string;
  /** The result of the hook `onSession` for this session. It ends with the session. */
  readonly state: S;
}

/** The second argument of every handler. */
export interface Context {
  /** Aborted when the client cancels the request, disconnects (2026-07-28) or the tool's time is up. */
  readonly signal: AbortSignal;
  /** Reports progress, when the client asked for it. `progress` must grow with every call; `total` may be unknown. */
  readonly progress: (progress: number, total?: number, message?: string) => void;
  readonly log: Log;
  readonly client: ClientInformation;
  /** Who calls. */
  readonly auth: Auth;
  /** The request's `_meta`, as sent. */
  readonly meta: JsonObject;
  /**
   * The client's session, in revisions that have sessions. `undefined` in 2026-07-28, in HTTP without sessions, in tool
   * event streams, and where results are cached.
   */
  readonly session: Session | undefined;
  readonly notify: Notify;
  readonly cache: Cache;
  /**
   * Asks the client's model. On 2026-07-28 the handler runs anew when the answer is there: ask in the same order in
   * every run, let the error pass that ends a run, and put effects that must not happen twice into a `step`.
   */
  readonly sample: (params: CreateMessageParams, key?: string) => Promise<CreateMessageResult>;
  /** The folders that the client works in; see `sample`. */
  readonly roots: (key?: string) => Promise<readonly Root[]>;
  /** Work that happens once in a call, however often the handler runs; its result must be JSON. See `sample`. */
  readonly step: <T>(name: string, work: () => T | Promise<T>) => Promise<T>;
}

/** A declared error: `throw errors.unknownCity({ city })`. The parameters are the placeholders of its message. */
export type DeclaredErrors<E> = { readonly [Code in keyof E]: (parameters: E[Code]) => Error };

export interface ToolContext<E, Q = {}> extends Context {
  readonly errors: DeclaredErrors<E>;
  /** Asks the user what the manifest declares under `elicitations`; see `sample`. */
  readonly elicit: Elicit<Q>;
  /**
   * For a tool with `deferTask`: answers the call with a task, where the client knows tasks; what follows belongs to it.
   * Questions before this are asked in the call, questions after it in the task.
   */
  readonly beginTask: () => void;
}

export interface PromptContext<Q = {}> extends Context {
  readonly elicit: Elicit<Q>;
}

/** A whole `tools/call` result, for a handler that wants full control. */
export interface CallToolResult {
  readonly content: readonly ContentBlock[];
  readonly structuredContent?: Json;
  readonly isError?: boolean;
  readonly _meta?: JsonObject;
}

/** The parts of a tool's result beside its value. */
export interface ResultOptions {
  /** The content that models read, in place of the value as JSON; a string is one text. */
  readonly content?: string | ContentBlock | readonly ContentBlock[];
  /** A failure that the model can read, other than the errors that the manifest declares. */
  readonly isError?: boolean;
  readonly _meta?: JsonObject;
}

declare const madeByResult: unique symbol;

/** A tool's value with what goes beside it; made by `result`. */
export interface ToolResult<T> {
  readonly value: T;
  readonly options: ResultOptions;
  readonly [madeByResult]: true;
}

/** A result of a tool without an `outputSchema`. A string is one text block. */
export type ToolOutput = string | ContentBlock | readonly ContentBlock[] | CallToolResult;

/**
 * A tool's handler. Throw one of `errors` for a failure that the model should read, `McpError` for a protocol error;
 * anything else becomes an internal error that tells the client nothing but an id, which the log explains.
 *
 * @typeParam I the arguments, validated against `inputSchema`
 * @typeParam O the result, validated against `outputSchema`; `ToolOutput` when there is none
 * @typeParam E placeholders of each declared error, by its code
 * @typeParam Q the declared questions, by their name
 * @typeParam A what all handlers share: `config` and `state`, where there are such
 */
export type ToolHandler<I, O = ToolOutput, E = {}, Q = {}, A = unknown> = (
  input: I,
  context: ToolContext<E, Q> & A,
) => O | ToolResult<O> | Promise<O | ToolResult<O>>;

/** One piece of a resource. `uri` and `mimeType` default to the request's and the manifest's. */
export type ResourceContent = {
  readonly uri?: string;
  readonly mimeType?: string;
  readonly _meta?: JsonObject;
} & ({ readonly text: string } | { readonly json: unknown } | { readonly blob: string | Uint8Array });

/** A whole `resources/read` result. */
export interface ReadResourceResult {
  readonly contents: readonly ResourceContent[];
}

/** A string is text, bytes are a blob. `undefined` means that there is no such resource. */
export type ResourceOutput =
  | string
  | Uint8Array
  | ResourceContent
  | readonly ResourceContent[]
  // TypeScript compares a wrong list with this one, instead of with the bytes.
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
  /** In bytes. */
  readonly size?: number;
  readonly icons?: readonly Icon[];
  readonly annotations?: Annotations;
  readonly _meta?: JsonObject;
}

/** Lists the resources of a template that there are, for this caller. */
export type ResourceLister<A = unknown> = (
  context: Context & A,
) => readonly ListedResource[] | Promise<readonly ListedResource[]>;

export interface GetPromptResult {
  readonly description?: string;
  readonly messages: readonly PromptMessage[];
  readonly _meta?: JsonObject;
}

/** A string is one message of the user's. */
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
  /** The arguments that the user has filled in so far, by name. */
  readonly arguments: Readonly<Record<string, string>>;
}
/** Completes a value while the user types: candidates for what begins with `value`, the best first. */
export type CompletionHandler<A = unknown> = (
  value: string,
  context: CompletionContext & A,
) => readonly string[] | Promise<readonly string[]>;

export type { Annotations };
