import type {
  CompletionHandler,
  PromptHandler,
  ResourceHandler,
  ResourceLister,
  ResourceTemplateHandler,
  ToolHandler,
} from "./handlers.js";
import type { Implementation, JsonObject } from "./types.js";

/** The compiled surface of a server: what `generated/surface.ts` holds, pure data. */
export interface Surface {
  readonly server: Implementation;
  readonly instructions?: string;
  /** Entries of a list in one answer; absent: all of them. */
  readonly pageSize?: number;
  /** How long the lists and the server's description of itself last. */
  readonly listed?: Reuse;
  /** How long any handler may take, where its entry does not say. */
  readonly timeoutMs?: number;
  /** Open subscriptions of all clients together, and resources that one session may subscribe to. */
  readonly maxSubscriptions?: number;
  /** Calls that go on as tasks, those that have ended too, and how long each is kept. */
  readonly maxTasks?: number;
  readonly taskTtlMs?: number;
  /** Bytes that are kept for clients beyond a message. */
  readonly maxKeptBytes?: number;
  /** Bytes of one result. */
  readonly maxResultBytes?: number;
  readonly tools: readonly ToolSurface[];
  readonly resources: readonly ResourceSurface[];
  readonly resourceTemplates: readonly ResourceTemplateSurface[];
  readonly prompts: readonly PromptSurface[];
  /** Imports the listings, which are most of a surface's text; called once, when first needed. */
  readonly listings: () => Promise<Listings>;
  /** Imports the validators of a tool, by its name. */
  readonly toolValidators: (name: string) => Promise<ToolValidators>;
  /** Imports the validators of a resource template, by its URI template. */
  readonly templateValidators: (uriTemplate: string) => Promise<TemplateValidators>;
  /** Imports the validators of a prompt's questions, by its name. */
  readonly promptValidators: (name: string) => Promise<PromptValidators>;
}

/** The texts of the lists. */
export interface Listings {
  readonly tools: Listing;
  readonly resources: Listing;
  readonly resourceTemplates: Listing;
  readonly prompts: Listing;
}

/**
 * An entry each as JSON text, in the newest revision's form; an older revision's form is projected from it when first
 * asked for. Or the form of a revision, ready-made: read when it is asked for, and not kept.
 */
export type Listing = readonly string[] | ((version: string) => ListingForm);

/** Entries as they are told to a revision: a text of all of them, with commas between. */
export interface ListingForm {
  /** In bytes. */
  readonly size: number;
  /** The offset at which each ends. */
  readonly ends: () => readonly number[];
  /** Puts the bytes from `begin` on in place, as many as have room there. */
  readonly read: (place: Uint8Array, begin: number) => void;
}

export interface ToolSurface {
  readonly name: string;
  /** Scopes that a caller needs to see and to use it; all of them. */
  readonly scopes?: readonly string[];
  /** The result may be something else than an object: older revisions get it as an object's `result`. */
  readonly wraps?: boolean;
  /** Message templates of the declared errors, by code. Own properties of an object without a prototype, or a Map. */
  readonly errors?: ReadonlyMap<string, string>;
  /** Arguments that clients mirror in `Mcp-Param-*` headers (2026-07-28). */
  readonly headers?: readonly HeaderParameter[];
  /** Questions that the handler may ask, by name. */
  readonly elicitations?: ReadonlyMap<string, ElicitationSurface>;
  readonly timeoutMs?: number;
  /** It changes nothing, so that its event stream may be opened with GET. */
  readonly readOnly?: boolean;
  readonly cache?: Reuse;
  /** The call may (`optional`) or must (`required`) become a task. */
  readonly task?: "optional" | "required";
  /** The handler begins the task itself. */
  readonly defersTask?: boolean;
}

/** The manifest's `cache` of an entry. */
export interface Reuse {
  readonly ttlMs: number;
  /** `private`: each principal has its own results. */
  readonly scope: "private" | "public";
  /** Results that are kept; absent where none need be, since they never change. */
  readonly maxEntries?: number;
}

/** A form (`requestedSchema`) or a page (`url`); in both texts `{name}` is a placeholder, `{{}` a brace. */
export interface ElicitationSurface {
  readonly message: string;
  readonly requestedSchema?: unknown;
  readonly url?: string;
}

/** Validators of what is answered, by the question's name; a page has none. */
export type AnswerValidators = Readonly<Record<string, Validator>>;

export interface HeaderParameter {
  readonly header: string;
  /** Property names from the root of the arguments. */
  readonly path: readonly string[];
  readonly type: "string" | "integer" | "boolean";
}

export interface ToolValidators {
  readonly input: Validator;
  /** Present when the tool declares an `outputSchema`. */
  readonly output?: Validator;
  readonly answers?: AnswerValidators;
  /** Present where arguments have defaults. */
  readonly fill?: Fill;
}

/** Returns valid arguments with defaults filled in; those that were given stay as they are. */
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
  /** Scopes that a caller needs to see and to use it; all of them. */
  readonly scopes?: readonly string[];
  /** Clients may ask to be told of its updates. */
  readonly subscribe?: boolean;
  readonly mimeType?: string;
  /** Static contents: the `contents` array of `resources/read`, as JSON text. Absent: there is a handler. */
  readonly contents?: string;
  readonly cache?: Reuse;
}

export interface ResourceTemplateSurface {
  readonly uriTemplate: string;
  /** Scopes that a caller needs to see and to use it; all of them. */
  readonly scopes?: readonly string[];
  readonly mimeType?: string;
  /** Variables that a function completes. */
  readonly completed?: readonly string[];
  readonly cache?: Reuse;
  /** In code that was generated earlier, and not used any more. */
  readonly pattern?: string;
  readonly variables: readonly string[];
}

export interface PromptSurface {
  readonly name: string;
  /** Scopes that a caller needs to see and to use it; all of them. */
  readonly scopes?: readonly string[];
  readonly description?: string;
  readonly arguments: readonly PromptArgumentSurface[];
  /**
   * A templated prompt: the `messages` array as JSON text, cut where arguments go: texts and argument indexes in turn.
   * An argument is inserted as the inside of a JSON string. Absent: there is a handler.
   */
  readonly messages?: readonly (string | number)[];
  readonly elicitations?: ReadonlyMap<string, ElicitationSurface>;
}

export interface PromptArgumentSurface {
  readonly name: string;
  readonly required: boolean;
  readonly default?: string;
  readonly enum?: readonly string[];
  /** A function completes it; one with an `enum` is completed from that. */
  readonly completed?: boolean;
}

/** The handlers, by the name (tools, prompts), URI (resources) or URI template they serve. */
export interface Handlers {
  readonly tools: ReadonlyMap<string, AnyToolHandler>;
  readonly resources: ReadonlyMap<string, AnyResourceHandler>;
  readonly resourceTemplates: ReadonlyMap<string, AnyResourceTemplateHandler>;
  readonly prompts: ReadonlyMap<string, AnyPromptHandler>;
  /** By the name of a prompt or the URI template, a space, and the name of the argument. */
  readonly completions: ReadonlyMap<string, AnyCompletionHandler>;
  /** By URI template: what lists its resources. Absent in code that was generated earlier. */
  readonly lists?: ReadonlyMap<string, AnyResourceLister>;
}
/* eslint-disable @typescript-eslint/no-explicit-any -- generated code has checked each handler against its own type */
export type AnyToolHandler = ToolHandler<any, any, any, any, any>;
export type AnyCompletionHandler = CompletionHandler<any>;
export type AnyResourceLister = ResourceLister<any>;
export type AnyResourceHandler = ResourceHandler<any>;
export type AnyResourceTemplateHandler = ResourceTemplateHandler<any, any>;
export type AnyPromptHandler = PromptHandler<any, any, any>;
