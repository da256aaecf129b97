import type {
  Annotations,
  ContentBlock,
  Implementation,
  Json,
  JsonObject,
  LoggingLevel,
  PromptMessage,
} from "./types.js";

/** Sends a message to the client's log (`notifications/message`), when the client asked for that level. `data` is any JSON. */
export type Log = { readonly [Level in LoggingLevel]: (data: unknown) => void };

/** What the client said of itself. Never a basis for security: anybody can say anything. */
export interface ClientInformation {
  readonly info?: Implementation;
  readonly capabilities: JsonObject;
  /** The protocol revision of this request, such as `2025-11-25`. */
  readonly protocolVersion: string;
}

/** What every handler receives beside its arguments. */
export interface Context {
  /** Aborted when the client cancels the request, disconnects (2026-07-28) or the tool's time is up. */
  readonly signal: AbortSignal;
  /** Reports progress, when the client asked for it. `progress` must grow with every call; `total` may be unknown. */
  readonly progress: (progress: number, total?: number, message?: string) => void;
  readonly log: Log;
  readonly client: ClientInformation;
  /** The request's `_meta`, as sent. */
  readonly meta: JsonObject;
}

/** A declared error: `throw errors.unknownCity({ city })`. The parameters are the placeholders of its message. */
export type DeclaredErrors<E> = { readonly [Code in keyof E]: (parameters: E[Code]) => Error };

export interface ToolContext<E> extends Context {
  readonly errors: DeclaredErrors<E>;
}

/** A whole `tools/call` result, for a handler that wants full control. */
export interface CallToolResult {
  readonly content: readonly ContentBlock[];
  readonly structuredContent?: Json;
  readonly isError?: boolean;
  readonly _meta?: JsonObject;
}

/** What a tool without an `outputSchema` may return. A string is one text block. */
export type ToolOutput = string | ContentBlock | readonly ContentBlock[] | CallToolResult;

/**
 * A tool's handler. Throw one of `errors` for a failure that the model should read, `McpError` for a protocol error;
 * anything else becomes an internal error that tells the client nothing but an id, which the log explains.
 *
 * @typeParam I the arguments, validated against `inputSchema`
 * @typeParam O the result, validated against `outputSchema`; `ToolOutput` when there is none
 * @typeParam E placeholders of each declared error, by its code
 */
export type ToolHandler<I, O = ToolOutput, E = {}> = (input: I, context: ToolContext<E>) => O | Promise<O>;

/** One piece of a resource. `uri` and `mimeType` default to the request's and the manifest's. */
export type ResourceContent = {
  readonly uri?: string;
  readonly mimeType?: string;
  readonly _meta?: JsonObject;
} & ({ readonly text: string } | { readonly json: unknown } | { readonly blob: string | Uint8Array });

/** A string is text, bytes are a blob. `undefined` means that there is no such resource. */
export type ResourceOutput = string | Uint8Array | ResourceContent | readonly ResourceContent[] | undefined;

export type ResourceHandler = (input: { readonly uri: string }, context: Context) => ResourceOutput | Promise<ResourceOutput>;

/** @typeParam P the template's variables, validated against `params` */
export type ResourceTemplateHandler<P> = (
  input: P,
  context: Context & { readonly uri: string },
) => ResourceOutput | Promise<ResourceOutput>;

export interface GetPromptResult {
  readonly description?: string;
  readonly messages: readonly PromptMessage[];
  readonly _meta?: JsonObject;
}

/** A string is one message of the user's. */
export type PromptOutput = string | readonly PromptMessage[] | GetPromptResult;

/** @typeParam A the prompt's arguments, with defaults filled in */
export type PromptHandler<A> = (input: A, context: Context) => PromptOutput | Promise<PromptOutput>;

export type { Annotations };
