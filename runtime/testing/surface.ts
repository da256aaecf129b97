import type { GetPromptResult } from "../protocol/handlers.js";
import type { BlobResourceContents, ContentBlock, JsonObject, TextResourceContents } from "../protocol/types.js";

/** The options of one call. */
export interface CallOptions {
  /** Cancels the call: it rejects with the signal's reason, and the handler's signal is aborted. */
  readonly signal?: AbortSignal;
  /** Called with the server's progress reports, which it requests. */
  readonly onProgress?: (progress: Progress) => void;
  /** Members of the request's `_meta`. */
  readonly meta?: JsonObject;
}

export interface Progress {
  readonly progress: number;
  readonly total?: number;
  readonly message?: string;
}

/** The answer of a tool without an `outputSchema`. */
export type Content = readonly ContentBlock[];

export type ResourceContents = TextResourceContents | BlobResourceContents;

/**
 * Calls a tool. Resolves with its structured result, or with its content if it has no `outputSchema`. Rejects with a
 * `ToolError` for an error that models read, with an `McpError` for a protocol error.
 */
export type ToolCall<I, O> = {} extends I
  ? (input?: I, options?: CallOptions) => Promise<O>
  : (input: I, options?: CallOptions) => Promise<O>;

/** Gets a prompt. `D` names the arguments that have a default. */
export type PromptCall<A, D extends keyof A = never> = ToolCall<Preset<A, D>, GetPromptResult>;

type Preset<A, D extends keyof A> = [D] extends [never] ? A : Omit<A, D> & Partial<Pick<A, D>>;

/** The types of a server's surface, which `generated/client.ts` declares. */
export interface SurfaceTypes {
  /** A `ToolCall` by the name of each tool. */
  readonly tools: object;
  /** A `PromptCall` by the name of each prompt. */
  readonly prompts: object;
  /** The URIs of resources. */
  readonly resources: string;
  /** The variables of each resource template. */
  readonly templates: object;
  /** The names of completable arguments and variables, by prompt and by template. */
  readonly completions: { readonly prompts: object; readonly templates: object };
  /** A user's answers to the questions that the handlers ask. */
  readonly questions: object;
  /** The settings; `undefined` if none are declared. */
  readonly config: unknown;
  /** The result of `onStart`. */
  readonly state: unknown;
}

/* eslint-disable @typescript-eslint/no-explicit-any -- nothing is known of it */
/** The types of a server without generated types. */
export interface AnySurface {
  readonly tools: { readonly [name: string]: (input?: any, options?: CallOptions) => Promise<any> };
  readonly prompts: { readonly [name: string]: (input?: any, options?: CallOptions) => Promise<GetPromptResult> };
  readonly resources: string;
  readonly templates: { readonly [template: string]: any };
  readonly completions: {
    readonly prompts: { readonly [name: string]: string };
    readonly templates: { readonly [template: string]: string };
  };
  readonly questions: { readonly [name: string]: any };
  readonly config: any;
  readonly state: any;
}
