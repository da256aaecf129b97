import type { Json, JsonObject, Located, Span } from "./source.js";
import type { JsonSchema } from "./schema.js";

/** One declaration of a manifest: its JSON, and where it stands. */
export interface Declared<T> {
  readonly value: T;
  readonly node: Located;
  /** The place of "this tool" in diagnostics: the name's value, or the whole declaration. */
  readonly span: Span;
}

/** All manifests of a project, merged and checked: what `check` hands to `lower`. Everything optional in the language is still optional here. */
export interface Project {
  readonly server: Declared<ServerDeclaration>;
  /** The file that has the server's version, where a manifest names one. */
  readonly versionFile?: string;
  /** Shared `$defs` of all manifests, by name. */
  readonly defs: ReadonlyMap<string, Declared<JsonSchema>>;
  readonly tools: readonly Declared<ToolDeclaration>[];
  readonly resources: readonly Declared<ResourceDeclaration>[];
  readonly resourceTemplates: readonly Declared<ResourceTemplateDeclaration>[];
  readonly prompts: readonly Declared<PromptDeclaration>[];
  readonly runtime: RuntimeDeclaration;
  readonly build: BuildDeclaration;
  /** JSON files reached by `$ref`, by project path. */
  readonly schemas: ReadonlyMap<string, Located>;
  /** Bytes of the files that `file` members name, by the path as resolved against the project. */
  readonly contents: ReadonlyMap<string, Uint8Array>;
  /** Files in the folders of handlers that do not end as stubs do. */
  readonly handlers?: readonly string[];
  /** The module of hooks, by its path; it may still have to be written. */
  readonly hooks?: string;
  /** The schema of `runtime.config`, without the fields of our own. */
  readonly config?: Located;
  /** The module of hooks has a function `authenticate`. */
  readonly authenticates: boolean;
}

/** A path as written in a manifest is relative to that manifest; `check` has already resolved these to project paths. */
export interface ServerDeclaration extends JsonObject {
  readonly name: string;
  /** `check` has already read it from the file that a manifest names. */
  readonly version: string;
}

export interface ToolDeclaration {
  readonly [protocolField: string]: unknown;
  readonly scopes?: readonly string[];
  readonly name: string;
  readonly description?: string;
  readonly title?: string;
  readonly inputSchema: JsonSchema;
  readonly outputSchema?: JsonSchema;
  readonly handler?: string;
  readonly timeoutMs?: number;
  readonly concurrency?: number;
  readonly cache?: CacheDeclaration;
  readonly errors?: { readonly [code: string]: { readonly message: string; readonly description?: string } };
  readonly elicitations?: { readonly [name: string]: ElicitationDeclaration };
  readonly examples?: readonly Json[];
  readonly execution?: { readonly taskSupport?: string };
  readonly annotations?: { readonly readOnlyHint?: boolean };
  readonly deferTask?: boolean;
}

export interface CacheDeclaration {
  readonly ttlMs: number;
  readonly maxEntries?: number;
  readonly scope?: "private" | "public";
}

export interface ElicitationDeclaration {
  readonly message: string;
  readonly requestedSchema?: JsonSchema;
  readonly url?: string;
}

export interface ResourceDeclaration {
  readonly [protocolField: string]: unknown;
  readonly scopes?: readonly string[];
  readonly title?: string;
  readonly description?: string;
  readonly uri: string;
  readonly name: string;
  readonly mimeType?: string;
  readonly text?: string;
  readonly json?: Json;
  readonly blob?: string;
  readonly file?: string;
  readonly handler?: string;
  readonly subscribe?: boolean;
  readonly cache?: CacheDeclaration;
}

export interface ResourceTemplateDeclaration {
  readonly [protocolField: string]: unknown;
  readonly scopes?: readonly string[];
  readonly title?: string;
  readonly description?: string;
  readonly uriTemplate: string;
  readonly name: string;
  readonly mimeType?: string;
  readonly params?: JsonSchema;
  readonly handler?: string;
  readonly cache?: CacheDeclaration;
  readonly complete?: { readonly [variable: string]: string };
  readonly list?: string;
}

export interface PromptArgumentDeclaration {
  readonly [protocolField: string]: unknown;
  readonly name: string;
  readonly description?: string;
  readonly required?: boolean;
  readonly default?: string;
  readonly enum?: readonly string[];
  readonly complete?: string;
}

export interface PromptDeclaration {
  readonly [protocolField: string]: unknown;
  readonly scopes?: readonly string[];
  readonly title?: string;
  readonly description?: string;
  readonly name: string;
  readonly arguments?: readonly PromptArgumentDeclaration[];
  readonly messages?: readonly JsonObject[];
  readonly handler?: string;
  readonly elicitations?: { readonly [name: string]: ElicitationDeclaration };
}

export interface SettingDeclaration extends JsonObject {
  readonly env?: string;
  readonly secret?: boolean;
}

export interface LoggingDeclaration {
  readonly level?: string;
  readonly format?: string;
  readonly requests?: string;
  readonly redact?: readonly string[];
  readonly file?: { readonly path: string; readonly maxBytes?: number; readonly maxFiles?: number };
}

/** As it is, or the value of an environment variable. */
export type ValueDeclaration = string | { readonly env: string };

/** Several, or the environment variable that holds them. */
export type ValuesDeclaration = readonly ValueDeclaration[] | { readonly env: string };

export interface AuthDeclaration {
  readonly bearer?: {
    readonly env?: string;
    readonly file?: ValueDeclaration;
    readonly scopes?: readonly string[];
  };
  readonly oauth?: {
    readonly issuer: ValueDeclaration;
    readonly metadataUrl?: ValueDeclaration;
    readonly audience: ValueDeclaration | readonly ValueDeclaration[];
    readonly resource?: ValueDeclaration;
    readonly algorithms?: readonly string[];
    readonly clockToleranceSeconds?: number;
    readonly introspection?: {
      readonly endpoint?: ValueDeclaration;
      readonly clientId: ValueDeclaration;
      readonly clientSecret: ValueDeclaration;
      readonly cacheSeconds?: number;
    };
  };
  readonly includes?: { readonly [scope: string]: readonly string[] };
  readonly requestedScopes?: readonly string[];
}

export interface RuntimeDeclaration {
  readonly auth?: AuthDeclaration;
  readonly config?: {
    readonly properties: { readonly [name: string]: SettingDeclaration };
    readonly required?: readonly string[];
  };
  readonly logging?: LoggingDeclaration;
  readonly health?: {
    readonly liveness?: string;
    readonly readiness?: string;
    readonly timeoutMs?: number;
    readonly cacheMs?: number;
    readonly tool?: boolean;
  };
  readonly cache?: {
    readonly maxEntries?: number;
    readonly maxBytes?: number;
    readonly listings?: CacheDeclaration;
  };
  readonly limits?: {
    readonly pageSize?: number;
    readonly timeoutMs?: number;
    readonly concurrency?: number;
    readonly maxQueue?: number;
    readonly rate?: { readonly perMinute: number; readonly burst?: number };
    readonly maxBodyBytes?: number;
    readonly maxSessions?: number;
    readonly maxSubscriptions?: number;
    readonly maxTasks?: number;
    readonly taskTtlMs?: number;
    readonly maxKeptBytes?: number;
    readonly maxResultBytes?: number;
    readonly maxConnections?: number;
    readonly drainMs?: number;
  };
  readonly transports?: {
    readonly stdio?: JsonObject;
    readonly http?: {
      readonly path?: ValueDeclaration;
      readonly host?: ValueDeclaration;
      readonly port?: number | { readonly env: string };
      readonly allowedOrigins?: ValuesDeclaration;
      readonly allowedHosts?: ValuesDeclaration;
      readonly sessions?: boolean;
      readonly keepAliveTimeoutMs?: number;
      readonly keepAliveMs?: number;
    };
    readonly sse?: { readonly path?: string; readonly messages?: string };
    readonly toolEvents?: JsonObject;
    readonly websocket?: { readonly path?: string };
  };
}

export interface BuildDeclaration {
  /** Folders, relative to the project. */
  readonly generated?: string;
  readonly source?: string;
  readonly dist?: string;
  readonly external?: readonly string[];
  /** Whether defaults of tools' arguments are filled in. */
  readonly defaults?: boolean;
}
