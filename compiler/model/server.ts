import type { Fingerprint } from "./cache.js";
import type { JsonSchema } from "./schema.js";
import type { Json, JsonObject, Span } from "./source.js";

/** A name as it goes over the wire. Never printed into code except as a quoted literal. */
export type WireName = string & { readonly brand?: "wire" };
/** A TypeScript identifier that `lower` chose: safe to print, not a keyword, unique where it is declared. */
export type Identifier = string & { readonly brand: "identifier" };

/**
 * The compiled server: what `lower` hands to `emit`. Plain data, nothing optional that lowering could have decided,
 * in the order of the manifests (files by path, entries as written).
 */
export interface Server {
  /** Stands for all of it but the places in the manifests. */
  readonly fingerprint: Fingerprint;
  readonly info: JsonObject;
  /** The file that has the version, where that is not written in the manifest. */
  readonly versionFile?: string;
  readonly instructions?: string;
  readonly tools: readonly Tool[];
  readonly resources: readonly Resource[];
  readonly resourceTemplates: readonly ResourceTemplate[];
  readonly prompts: readonly Prompt[];
  /** Shared `$defs`, each one exported type. */
  readonly definitions: readonly Definition[];
  readonly transports: Transports;
  /** Entries of a list in one answer; absent: all of them. */
  readonly pageSize?: number;
  /** The cache lifetime advertised for lists. */
  readonly listed?: Reuse;
  /** The default for handlers that have none of their own. */
  readonly timeoutMs?: number;
  readonly maxSubscriptions?: number;
  readonly maxTasks?: number;
  readonly taskTtlMs?: number;
  readonly maxKeptBytes?: number;
  readonly maxResultBytes?: number;
  readonly runtime: Runtime;
  readonly layout: Layout;
  /** The handlers, each once, with their names in `generated/server.ts`. */
  readonly imports: readonly HandlerImport[];
  /** Packages that are not bundled. */
  readonly external: readonly string[];
}

/** The features around the handlers. A member is present only if the manifest declares it. */
export interface Runtime {
  /** The user's module of hooks. */
  readonly hooks?: { readonly file: string };
  readonly config?: Config;
  readonly logging?: Logging;
  readonly health?: Health;
  readonly auth?: Auth;
  readonly cache?: { readonly maxSize: number };
  readonly concurrency?: Concurrency;
  readonly rate?: { readonly perMinute: number; readonly burst: number };
  readonly drainMs?: number;
}

export interface Health {
  readonly liveness: string;
  readonly readiness: string;
  readonly timeoutMs: number;
  readonly cacheMs: number;
}

export interface Logging {
  readonly level: string;
  readonly format: string;
  readonly requests: string;
  /** In lower case. */
  readonly redact: readonly string[];
  readonly file?: { readonly path: string; readonly maxBytes: number; readonly maxFiles: number };
}

/** The name of an environment variable. */
export type Variable = { readonly env: string };

/** As it is, or the value of an environment variable. */
export type Value = string | Variable;

/** Who may call; at least one of the ways to prove it. */
export interface Auth {
  /** For people. */
  readonly name: string;
  /** The path of the MCP endpoint. */
  readonly path: Value;
  /** Scopes that include others. */
  readonly includes: { readonly [scope: string]: readonly string[] };
  /** The scopes that clients are told to request at first. */
  readonly requested: readonly string[];
  readonly bearer?: BearerKeys;
  readonly oauth?: OAuth;
  /** The module of hooks has a function `authenticate`. */
  readonly hook: boolean;
}

export interface BearerKeys {
  readonly env?: string;
  readonly file?: Value;
  /** The scopes of a key that names none. */
  readonly scopes: readonly string[];
}

export interface OAuth {
  readonly issuer: Value;
  readonly metadataUrl?: Value;
  readonly audience: readonly Value[];
  readonly resource?: Value;
  readonly clockToleranceSeconds: number;
  readonly check: { readonly algorithms: readonly string[] } | { readonly introspection: Introspection };
}

export interface Introspection {
  readonly endpoint?: Value;
  readonly clientId: Value;
  readonly clientSecret: Value;
  readonly cacheSeconds: number;
}

/** How many handlers run at a time: all together, and of single tools by their name. */
export interface Concurrency {
  readonly server?: number;
  readonly tools: readonly (readonly [WireName, number])[];
  readonly maxQueue: number;
}

/** How long the results of an entry may be used again, how many are kept, and for whom. */
export interface Reuse {
  readonly ttlMs: number;
  readonly scope: "private" | "public";
  /** Absent where nothing is kept: clients are told, and no more. */
  readonly maxEntries?: number;
}

export interface Config {
  readonly schema: Schema;
  readonly settings: readonly Setting[];
}

/** One setting: its environment variable, and how that is read. */
export interface Setting {
  readonly name: WireName;
  readonly env: string;
  readonly type: "string" | "number" | "boolean" | "json";
  readonly secret: boolean;
  readonly default?: Json;
  readonly description?: string;
  /** It has no default, and the server does not start without it. */
  readonly required: boolean;
}

/** Folders of the project, relative to it, no trailing slash. */
export interface Layout {
  readonly generated: string;
  readonly source: string;
  readonly dist: string;
}

/** The place of a handler. `file` is a project path ending in `.ts`; `type` is the exported name in `generated/types.ts`. */
export interface Handler {
  readonly file: string;
  readonly export: Identifier;
  readonly type: Identifier;
  /** The manifest says where it lives; else it lives where it does by convention. */
  readonly declared: boolean;
}

/** A handler, and its name where it is imported. */
export interface HandlerImport {
  readonly file: string;
  readonly export: Identifier;
  readonly local: Identifier;
}

/**
 * One schema of the surface. `schema` is self-contained, so that it can be listed alone. `plain` is the same in 2020-12,
 * where every `$ref` is a pointer into itself (`#…`) and nothing has an identifier: types and validators are made of it.
 * It is absent where `schema` is plain.
 */
export interface Schema {
  readonly type: Identifier;
  readonly schema: JsonSchema;
  readonly plain?: JsonSchema;
  readonly types: ReferenceTypes;
  /** Stands for the plain form. */
  readonly fingerprint: Fingerprint;
  /** Stands for the plain form without annotations for readers: all that a validator depends on. */
  readonly rules: Fingerprint;
  readonly span: Span;
}

/** The types of the references of a plain schema, by the fragment that they name. */
export interface ReferenceTypes {
  /** Shared definitions, each of which has one type. */
  readonly shared: { readonly [fragment: string]: Identifier };
  /** Other parts of the schema: their types are declared beside its own. */
  readonly own: { readonly [fragment: string]: Identifier };
}

/** Defaults to fill in a valid value. */
export interface Filling {
  /** The type of the value as it is given. */
  readonly type: Identifier;
  readonly types: ReferenceTypes;
  /** Places in the value, itself first; each names others by their index. */
  readonly places: readonly FilledPlace[];
  /** The schema of the value once it is filled in, for its type. */
  readonly filled: JsonSchema;
}

/** A place in a value: the defaults of an object's properties, and the places below it. */
export interface FilledPlace {
  readonly presets: readonly (readonly [name: string, value: Json])[];
  readonly members: readonly (readonly [name: string, place: number])[];
  /** Fillings of the items at the beginning of a list. */
  readonly prefix: readonly (number | null)[];
  /** The filling of the items that follow. */
  readonly items?: number;
}

/** A shared definition; `schema` is self-contained in the same sense. */
export interface Definition extends Schema {
  readonly name: string;
}

export interface DeclaredError {
  readonly code: string;
  /** As it is written. */
  readonly message: string;
  /** As the runtime fills it in. */
  readonly template: string;
  readonly placeholders: readonly string[];
  readonly description?: string;
}

/** A question to the user: a form (`answer`) or a page (`url`). */
export interface Elicitation {
  readonly name: string;
  /** As it is written. */
  readonly message: string;
  /** As the runtime fills it in; so is the URL. */
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

/** A call, and what it should come to. */
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
  /** Scopes that a caller needs; all of them. */
  readonly scopes: readonly string[];
  readonly title?: string;
  readonly description?: string;
  /** Its entry in `tools/list`, as JSON: the protocol's fields only, in the manifest's order. */
  readonly listing: JsonObject;
  readonly input: Schema;
  /** Present where arguments have defaults. */
  readonly filling?: Filling;
  readonly output?: Schema;
  /** The result may be something else than an object: older revisions get it as an object's `result`. */
  readonly wraps?: boolean;
  readonly errors: readonly DeclaredError[];
  readonly headers: readonly HeaderParameter[];
  readonly elicitations: readonly Elicitation[];
  /** The call may or must become a task, at once or when the handler says so. */
  readonly task?: { readonly support: "optional" | "required"; readonly deferred: boolean };
  readonly timeoutMs?: number;
  /** An event stream of it may be opened with GET. */
  readonly readOnly?: boolean;
  readonly examples: readonly Example[];
  readonly cache?: Reuse;
  readonly handler: Handler;
  readonly span: Span;
}

/** Static contents (resolved at build), or a handler. */
export interface Resource {
  readonly kind: "resource";
  readonly uri: WireName;
  /** Scopes that a caller needs; all of them. */
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
  /** Scopes that a caller needs; all of them. */
  readonly scopes: readonly string[];
  readonly name: WireName;
  readonly description?: string;
  readonly mimeType?: string;
  readonly listing: JsonObject;
  readonly variables: readonly string[];
  /** From `params`, or made from the variables (each a string). */
  readonly params: Schema;
  readonly handler: Handler;
  readonly cache?: Reuse;
  /** The handler that lists its resources. */
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
  /** Scopes that a caller needs; all of them. */
  readonly scopes: readonly string[];
  readonly title?: string;
  readonly description?: string;
  readonly listing: JsonObject;
  readonly arguments: readonly PromptArgument[];
  /** The arguments as an interface, declared in `types.ts`. */
  readonly type: Identifier;
  readonly source: { readonly messages: readonly JsonObject[] } | { readonly handler: Handler };
  readonly elicitations: readonly Elicitation[];
  readonly completions: readonly Completion[];
  readonly span: Span;
}

export interface Transports {
  readonly stdio: boolean;
  /** Environment variables say how the server is reached over HTTP. */
  readonly fromEnvironment: boolean;
  readonly http?: {
    readonly path: Value;
    readonly host: Value;
    readonly port: number | Variable;
    /** A variable holds several, separated by commas. */
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
