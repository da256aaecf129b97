import type { Fingerprint } from "./cache.js";
import type { Confusions } from "./confusions.js";
import type { Budgets } from "./costs.js";
import type { Logging, Metrics, Telemetry } from "./observation.js";
import type { Projection } from "./projection.js";
import type { JsonSchema } from "./schema.js";
import type { Json, JsonObject, Span } from "./source.js";
import type { Upstream } from "./upstream.js";
import type { Auth } from "./auth.js";
import type { RedisStore } from "./store.js";
import type { Value, Variable } from "./value.js";

export type { Auth, BearerKeys, OAuth } from "./auth.js";
export type { Audit, LogFile, Logging, Metrics, Telemetry } from "./observation.js";
export type { RedisStore } from "./store.js";
export type { Value, Variable } from "./value.js";

/** A name in the protocol. Code contains it only as a quoted literal. */
export type WireName = string & { readonly brand?: "wire" };
/** A TypeScript identifier that `lower` chose: safe to print, not a keyword, unique in its scope. */
export type Identifier = string & { readonly brand: "identifier" };

/**
 * The compiled server, which `lower` passes to `emit`. It is plain data, without optional members that lowering could
 * decide, in the order of the manifests (files by path, entries as written).
 */
export interface Server {
  /** Fingerprint of all members except spans. */
  readonly fingerprint: Fingerprint;
  readonly info: JsonObject;
  /** The file that has the version; absent when the manifest has it. */
  readonly versionFile?: string;
  readonly instructions?: string;
  readonly tools: readonly Tool[];
  readonly resources: readonly Resource[];
  readonly resourceTemplates: readonly ResourceTemplate[];
  readonly prompts: readonly Prompt[];
  /** Shared `$defs`, with one exported type each. */
  readonly definitions: readonly Definition[];
  readonly transports: Transports;
  /** Number of entries in one answer of a list; absent: all entries. */
  readonly pageSize?: number;
  /** The advertised cache lifetime of lists. */
  readonly listed?: Reuse;
  /** The default for handlers without a timeout of their own. */
  readonly timeoutMs?: number;
  readonly maxSubscriptions?: number;
  readonly maxTasks?: number;
  readonly taskTtlMs?: number;
  readonly maxKeptBytes?: number;
  readonly maxResultBytes?: number;
  readonly runtime: Runtime;
  readonly budgets: Budgets;
  readonly layout: Layout;
  readonly confusions?: Confusions;
  /** The handlers, without duplicates, with their names in `generated/server.ts`. */
  readonly imports: readonly HandlerImport[];
  /** The servers that answer in place of handlers. */
  readonly upstreams: readonly Upstream[];
  /** Packages that are not bundled. */
  readonly external: readonly string[];
  /** The forms of listings for profiles that the manifest names. */
  readonly projections: readonly Projection[];
}

/** Features around the handlers; a member is present only where the manifest asks for it. */
export interface Runtime {
  /** The user's module of hooks. */
  readonly hooks?: { readonly file: string };
  readonly config?: Config;
  readonly logging?: Logging;
  readonly telemetry?: Telemetry;
  readonly metrics?: Metrics;
  readonly health?: Health;
  readonly auth?: Auth;
  readonly cache?: { readonly maxSize: number };
  readonly concurrency?: Concurrency;
  readonly rate?: { readonly perMinute: number; readonly burst: number };
  readonly drainMs?: number;
  /** Redis as the place of shared state. */
  readonly store?: RedisStore;
}

export interface Health {
  readonly liveness: string;
  readonly readiness: string;
  readonly timeoutMs: number;
  readonly cacheMs: number;
}

/** Limits of concurrent handlers: of all together, and of single tools by their name. */
export interface Concurrency {
  readonly server?: number;
  readonly tools: readonly (readonly [WireName, number])[];
  readonly maxQueue: number;
}

/** Cache settings of an entry: lifetime, number of results, and their audience. */
export interface Reuse {
  readonly ttlMs: number;
  readonly scope: "private" | "public";
  /** Absent without a server cache: clients only receive the lifetime. */
  readonly maxEntries?: number;
}

export interface Config {
  readonly schema: Schema;
  readonly settings: readonly Setting[];
}

/** A setting: its environment variable, and the type of the value. */
export interface Setting {
  readonly name: WireName;
  readonly env: string;
  readonly type: "string" | "number" | "boolean" | "json";
  readonly secret: boolean;
  readonly default?: Json;
  readonly description?: string;
  /** Whether the server needs a value to start, because the setting has no default. */
  readonly required: boolean;
}

/** Folders relative to the project, without a trailing slash. */
export interface Layout {
  readonly generated: string;
  readonly source: string;
  readonly dist: string;
}

/** Place of a handler. `file` is a project path ending in `.ts`, `type` the exported name in `generated/types.ts`. */
export interface Handler {
  readonly file: string;
  readonly export: Identifier;
  readonly type: Identifier;
  /** Whether the manifest names the place; otherwise it follows from conventions. */
  readonly declared: boolean;
}

/** A handler, and its local name in the importing module. */
export interface HandlerImport {
  readonly file: string;
  readonly export: Identifier;
  readonly local: Identifier;
}

/**
 * A schema of the surface. `schema` is self-contained, so that a listing can contain it. `plain` is the same in
 * 2020-12: every `$ref` is a pointer into itself (`#…`), without identifiers. Types and validators are made from
 * `plain`. It is absent where `schema` is plain.
 */
export interface Schema {
  readonly type: Identifier;
  readonly schema: JsonSchema;
  readonly plain?: JsonSchema;
  readonly types: ReferenceTypes;
  /** Fingerprint of the plain form. */
  readonly fingerprint: Fingerprint;
  /** Fingerprint of the plain form without annotations: all that a validator depends on. */
  readonly rules: Fingerprint;
  readonly span: Span;
}

/** Types of a plain schema's references, by the referenced fragment. */
export interface ReferenceTypes {
  /** Shared definitions, with one type each. */
  readonly shared: { readonly [fragment: string]: Identifier };
  /** Other parts of the schema: their types are declared next to the schema's own. */
  readonly own: { readonly [fragment: string]: Identifier };
}

/** Defaults to fill in a valid value. */
export interface Filling {
  /** The type of the value before defaults are filled in. */
  readonly type: Identifier;
  readonly types: ReferenceTypes;
  /** Places in the value, the value itself first; places refer to others by index. */
  readonly places: readonly FilledPlace[];
  /** The schema of the value after defaults are filled in, for its type. */
  readonly filled: JsonSchema;
}

/** Place in a value: the defaults of an object's properties, and the places below it. */
export interface FilledPlace {
  readonly presets: readonly (readonly [name: string, value: Json])[];
  readonly members: readonly (readonly [name: string, place: number])[];
  /** Places of the items at the beginning of a list. */
  readonly prefix: readonly (number | null)[];
  /** Place of the items that follow. */
  readonly items?: number;
}

/** Shared definition; `schema` is self-contained in the same sense. */
export interface Definition extends Schema {
  readonly name: string;
}

export interface DeclaredError {
  readonly code: string;
  /** The message as written in the manifest. */
  readonly message: string;
  /** The template from which the runtime prints the message. */
  readonly template: string;
  readonly placeholders: readonly string[];
  readonly description?: string;
}

/** A question to the user: a form (`answer`) or a page (`url`). */
export interface Elicitation {
  readonly name: string;
  /** The message as written in the manifest. */
  readonly message: string;
  /** The template from which the runtime prints the message; the URL is a template too. */
  readonly template: string;
  /** The placeholders of the message and the URL. */
  readonly placeholders: readonly string[];
  readonly answer?: Schema;
  readonly url?: string;
}

/** A function that completes an argument of a prompt or a variable of a template. */
export interface Completion {
  readonly name: WireName;
  readonly handler: Handler;
}

/** A call and its expected result. */
export interface Example {
  readonly description?: string;
  readonly arguments: JsonObject;
  readonly expected:
    | { readonly kind: "result"; readonly value: Json }
    | { readonly kind: "error"; readonly code: string }
    | { readonly kind: "anything" };
  readonly span: Span;
}

/** A tool argument mirrored in an `Mcp-Param-*` header (2026-07-28, `x-mcp-header`). */
export interface HeaderParameter {
  readonly header: string;
  readonly path: readonly string[];
  readonly type: "string" | "integer" | "boolean";
}

export interface Tool {
  readonly kind: "tool";
  readonly name: WireName;
  /** Scopes of which a caller needs all. */
  readonly scopes: readonly string[];
  readonly title?: string;
  readonly description?: string;
  /** The tool's entry in `tools/list`, as JSON: only the protocol's fields, in the manifest's order. */
  readonly listing: JsonObject;
  readonly input: Schema;
  /** Present where arguments have defaults. */
  readonly filling?: Filling;
  readonly output?: Schema;
  /** Whether the result may be other than an object: older revisions receive it as the member `result` of an object. */
  readonly wraps?: boolean;
  readonly errors: readonly DeclaredError[];
  readonly headers: readonly HeaderParameter[];
  readonly elicitations: readonly Elicitation[];
  /** Present where the call may or must become a task, immediately or when the handler decides so. */
  readonly task?: { readonly support: "optional" | "required"; readonly deferred: boolean };
  readonly timeoutMs?: number;
  /** The text beside structured content, if it is not the JSON: nothing, or a template of the runtime. */
  readonly text?: "none" | { readonly template: string };
  /** The tokens above which a result is reported in the log. */
  readonly maxResultTokens?: number;
  /** Whether a GET request may open an event stream of the tool. */
  readonly readOnly?: boolean;
  readonly examples: readonly Example[];
  readonly cache?: Reuse;
  readonly handler: Handler;
  readonly span: Span;
}

/** Resource with static contents (resolved at build) or a handler. */
export interface Resource {
  readonly kind: "resource";
  readonly uri: WireName;
  /** Scopes of which a caller needs all. */
  readonly scopes: readonly string[];
  readonly name: WireName;
  readonly description?: string;
  readonly mimeType?: string;
  readonly listing: JsonObject;
  readonly source: { readonly text: string } | { readonly blob: string } | { readonly handler: Handler };
  readonly subscribe: boolean;
  readonly cache?: Reuse;
  readonly span: Span;
}

export interface ResourceTemplate {
  readonly kind: "resourceTemplate";
  readonly uriTemplate: WireName;
  /** Scopes of which a caller needs all. */
  readonly scopes: readonly string[];
  readonly name: WireName;
  readonly description?: string;
  readonly mimeType?: string;
  readonly listing: JsonObject;
  readonly variables: readonly string[];
  /** The schema from `params`, or one made from the variables (each a string). */
  readonly params: Schema;
  readonly handler: Handler;
  readonly cache?: Reuse;
  /** The handler that lists the template's resources. */
  readonly list?: Handler;
  readonly completions: readonly Completion[];
  readonly span: Span;
}

export interface PromptArgument {
  readonly name: WireName;
  readonly description?: string;
  readonly required: boolean;
  readonly default?: string;
  readonly enum?: readonly string[];
}

export interface Prompt {
  readonly kind: "prompt";
  readonly name: WireName;
  /** Scopes of which a caller needs all. */
  readonly scopes: readonly string[];
  readonly title?: string;
  readonly description?: string;
  readonly listing: JsonObject;
  readonly arguments: readonly PromptArgument[];
  /** The interface of the arguments, declared in `types.ts`. */
  readonly type: Identifier;
  readonly source: { readonly messages: readonly JsonObject[] } | { readonly handler: Handler };
  readonly elicitations: readonly Elicitation[];
  readonly completions: readonly Completion[];
  readonly span: Span;
}

export interface Transports {
  readonly stdio: boolean;
  /** Whether environment variables decide how the server is reached over HTTP. */
  readonly fromEnvironment: boolean;
  readonly http?: {
    readonly path: Value;
    readonly host: Value;
    readonly port: number | Variable;
    /** Origins; a variable holds several, separated by commas. */
    readonly allowedOrigins: readonly Value[];
    readonly allowedHosts: readonly Value[];
    readonly sessions: boolean;
    readonly sse?: { readonly path: string; readonly messagesPath: string };
    readonly toolEvents?: boolean;
    readonly websocket?: { readonly path: string };
    readonly maxSessions?: number;
    readonly maxBodyBytes?: number;
    readonly keepAliveTimeoutMs?: number;
    readonly maxConnections?: number;
    readonly keepAliveMs?: number;
  };
}

export type { Json };
