import type {
  CompletionHandler,
  PromptHandler,
  ResourceHandler,
  ResourceLister,
  ResourceTemplateHandler,
  ToolHandler,
} from "./handlers.js";
import type { Implementation, JsonObject } from "./types.js";

/** The compiled surface of a server, as pure data: the contents of `generated/surface.ts`. */
export interface Surface {
  readonly server: Implementation;
  readonly instructions?: string;
  /** The maximum number of entries per page. Default: unlimited. */
  readonly pageSize?: number;
  /** Cache hints of the lists and of the server's description. */
  readonly listed?: Reuse;
  /** Default time limit of handlers. */
  readonly timeoutMs?: number;
  /** The maximum number of open subscriptions of all clients together, and of subscribed resources per session. */
  readonly maxSubscriptions?: number;
  /** The maximum number of tasks, ended ones included, and their lifetime. */
  readonly maxTasks?: number;
  readonly taskTtlMs?: number;
  /** The maximum bytes of state that outlives messages. */
  readonly maxKeptBytes?: number;
  /** The maximum bytes of one result. */
  readonly maxResultBytes?: number;
  readonly tools: readonly ToolSurface[];
  readonly resources: readonly ResourceSurface[];
  readonly resourceTemplates: readonly ResourceTemplateSurface[];
  readonly prompts: readonly PromptSurface[];
  /** Imports the listings, which are the largest part of a surface, on demand. */
  readonly listings: () => Promise<Listings>;
  /** The profiles of clients that see other forms of tools. */
  readonly profiles?: readonly string[];
  /** Imports these forms. */
  readonly projections?: () => Promise<Projections>;
  /** Imports the validators of a tool by its name. */
  readonly toolValidators?: (name: string) => Promise<ToolValidators>;
  /** Imports the validators of a resource template by its URI template. */
  readonly templateValidators?: (uriTemplate: string) => Promise<TemplateValidators>;
  /** Imports the validators of a prompt's questions by its name. */
  readonly promptValidators?: (name: string) => Promise<PromptValidators>;
}

/** The entries of tools for each profile: those that differ by name, as JSON texts; or all of them, in files. */
export type Projections = Readonly<Record<string, ReadonlyMap<string, string> | Listing>>;

/** The texts of the lists. */
export interface Listings {
  readonly tools: Listing;
  readonly resources: Listing;
  readonly resourceTemplates: Listing;
  readonly prompts: Listing;
}

/**
 * The entries of a list, each as JSON text in the newest revision's form, from which older forms are derived on
 * demand. Or a function that returns the form of a revision, which is read from a file for each answer.
 */
export type Listing = readonly string[] | ((version: string) => ListingForm);

/** The entries of a list in the form of a revision: one text, separated by commas. */
export interface ListingForm {
  /** The size in bytes. */
  readonly size: number;
  /** Returns the end offset of each entry. */
  readonly ends: () => readonly number[];
  /** Fills `place` with the bytes from `begin` on. */
  readonly read: (place: Uint8Array, begin: number) => void;
}

export interface ToolSurface {
  readonly name: string;
  /** The scopes that a caller needs to see and use the entry. */
  readonly scopes?: readonly string[];
  /** Whether the result may be something other than an object. Older revisions get it as an object's `result`. */
  readonly wraps?: boolean;
  /** Message templates of the declared errors, by code. */
  readonly errors?: ReadonlyMap<string, string>;
  /** Arguments that clients mirror in `Mcp-Param-*` headers (2026-07-28). */
  readonly headers?: readonly HeaderParameter[];
  /** The handler's questions, by name. */
  readonly elicitations?: ReadonlyMap<string, ElicitationSurface>;
  readonly timeoutMs?: number;
  /**
   * The text beside structured content: the JSON of the value by default, nothing, or a template in which `{name}` is a
   * member of the value and `{{}` a brace. Clients without structured content get the JSON.
   */
  readonly text?: "none" | { readonly template: string };
  /** The tokens above which a result is reported in the log. */
  readonly maxResultTokens?: number;
  /** Whether the tool only reads. Its event stream may then be opened with GET. */
  readonly readOnly?: boolean;
  readonly cache?: Reuse;
  /** Whether the call may or must become a task. */
  readonly task?: "optional" | "required";
  /** Whether the handler begins the task itself. */
  readonly defersTask?: boolean;
}

/** The cache settings of an entry. */
export interface Reuse {
  readonly ttlMs: number;
  /** The callers that share a result. With `private`, each principal has separate results. */
  readonly scope: "private" | "public";
  /** The maximum number of cached results. Absent for constant results, which need no cache. */
  readonly maxEntries?: number;
}

/** A form (`requestedSchema`) or a page (`url`). In both texts `{name}` is a placeholder and `{{}` a brace. */
export interface ElicitationSurface {
  readonly message: string;
  readonly requestedSchema?: unknown;
  readonly url?: string;
}

/** Validators of answers by the name of the question. Questions with a page have none. */
export type AnswerValidators = Readonly<Record<string, Validator>>;

export interface HeaderParameter {
  readonly header: string;
  /** Property names from the root of the arguments. */
  readonly path: readonly string[];
  readonly type: "string" | "integer" | "boolean";
}

export interface ToolValidators {
  readonly input: Validator;
  /** Present if the tool declares an `outputSchema`. */
  readonly output?: Validator;
  readonly answers?: AnswerValidators;
  /** Present if arguments have defaults. */
  readonly fill?: Fill;
}

/** Returns valid arguments with defaults filled in. Given arguments are unchanged. */
export type Fill = (input: JsonObject) => JsonObject;

export interface PromptValidators {
  readonly answers?: AnswerValidators;
}

export interface TemplateValidators {
  readonly params: Validator;
}

/** A validator compiled ahead of time by ajv (all errors, verbose off). */
export interface Validator {
  (value: unknown): boolean;
  errors?: readonly ValidationError[] | null;
}

/** The fields of ajv's ErrorObject that the explanation uses. */
export interface ValidationError {
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly propertyName?: string;
  readonly message?: string;
}

export interface ResourceSurface {
  readonly uri: string;
  /** The scopes that a caller needs to see and use the entry. */
  readonly scopes?: readonly string[];
  /** Whether clients may subscribe to updates. */
  readonly subscribe?: boolean;
  readonly mimeType?: string;
  /** Fixed contents: the `contents` array of `resources/read`, as JSON text. Absent if there is a handler. */
  readonly contents?: string;
  readonly cache?: Reuse;
}

export interface ResourceTemplateSurface {
  readonly uriTemplate: string;
  /** The scopes that a caller needs to see and use the entry. */
  readonly scopes?: readonly string[];
  readonly mimeType?: string;
  /** The variables with a completion function. */
  readonly completed?: readonly string[];
  readonly cache?: Reuse;
  /** Unused; present in code that an earlier compiler generated. */
  readonly pattern?: string;
  readonly variables: readonly string[];
}

export interface PromptSurface {
  readonly name: string;
  /** The scopes that a caller needs to see and use the entry. */
  readonly scopes?: readonly string[];
  readonly description?: string;
  readonly arguments: readonly PromptArgumentSurface[];
  /**
   * A templated prompt: the `messages` array as JSON text, split at its arguments into texts and argument indexes. An
   * argument is inserted as the inside of a JSON string. Absent if there is a handler.
   */
  readonly messages?: readonly (string | number)[];
  readonly elicitations?: ReadonlyMap<string, ElicitationSurface>;
}

export interface PromptArgumentSurface {
  readonly name: string;
  readonly required: boolean;
  readonly default?: string;
  readonly enum?: readonly string[];
  /** Whether a function completes the argument. With an `enum`, that is used instead. */
  readonly completed?: boolean;
}

/** The handlers, by the name (tools, prompts), URI (resources) or URI template of their entry. */
export interface Handlers {
  readonly tools: ReadonlyMap<string, AnyToolHandler>;
  readonly resources: ReadonlyMap<string, AnyResourceHandler>;
  readonly resourceTemplates: ReadonlyMap<string, AnyResourceTemplateHandler>;
  readonly prompts: ReadonlyMap<string, AnyPromptHandler>;
  /** Keys are the name of a prompt or a URI template, a space, and the name of the argument. */
  readonly completions: ReadonlyMap<string, AnyCompletionHandler>;
  /** Listers by URI template. Absent in code that an earlier compiler generated. */
  readonly lists?: ReadonlyMap<string, AnyResourceLister>;
}
/* eslint-disable @typescript-eslint/no-explicit-any -- generated code has checked each handler against its own type */
export type AnyToolHandler = ToolHandler<any, any, any, any, any>;
export type AnyCompletionHandler = CompletionHandler<any>;
export type AnyResourceLister = ResourceLister<any>;
export type AnyResourceHandler = ResourceHandler<any>;
export type AnyResourceTemplateHandler = ResourceTemplateHandler<any, any>;
export type AnyPromptHandler = PromptHandler<any, any, any>;
