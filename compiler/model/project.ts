import type {
  Build,
  Manifest,
  Prompt,
  Resource,
  ResourceTemplate,
  Runtime,
  Sourced,
  Tool,
  Variable,
} from "./manifest.js";
import type { Located, Span } from "./source.js";
import type { Reachable } from "./schema.js";

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
  /** Shared definitions and files of schemas. */
  readonly reachable: Reachable;
  readonly tools: readonly Declared<ToolDeclaration>[];
  readonly resources: readonly Declared<ResourceDeclaration>[];
  readonly resourceTemplates: readonly Declared<ResourceTemplateDeclaration>[];
  readonly prompts: readonly Declared<PromptDeclaration>[];
  /** Servers that answer in place of handlers, by name. */
  readonly upstreams: Readonly<Record<string, UpstreamDeclaration>>;
  readonly runtime: RuntimeDeclaration;
  readonly build: BuildDeclaration;
  /** `build` with the places of its members; absent where no manifest has it. */
  readonly buildNode?: Located;
  /** Bytes of the files that `file` members name, by the path as resolved against the project. */
  readonly contents: ReadonlyMap<string, Uint8Array>;
  /** Files in the folders of handlers that do not end as stubs do. */
  readonly handlers?: readonly string[];
  /** The module of hooks, by its path; it may still have to be written. */
  readonly hooks?: string;
  /** The schema of `runtime.config` without the fields of our own, and the environment variable of each setting. */
  readonly config?: { readonly schema: Located; readonly variables: ReadonlyMap<string, string> };
  /** The module of hooks has a function `authenticate`. */
  readonly authenticates: boolean;
}

/** A path as written in a manifest is relative to that manifest; `check` has already resolved these to project paths. */
export type ServerDeclaration = Omit<NonNullable<Manifest["server"]>, "version"> & {
  /** `check` has already read it from the file that a manifest names. */
  readonly version: string;
};

export type ToolDeclaration = Open<Tool>;
export type CacheDeclaration = NonNullable<Tool["cache"]>;
export type ElicitationDeclaration = NonNullable<Tool["elicitations"]>[string];
export type ResourceDeclaration = Open<Resource>;
export type ResourceTemplateDeclaration = Open<ResourceTemplate>;
export type PromptDeclaration = Open<Prompt>;
export type PromptArgumentDeclaration = Open<NonNullable<Prompt["arguments"]>[number]>;
export type UpstreamDeclaration = NonNullable<Manifest["upstreams"]>[string];
export type RuntimeDeclaration = Runtime;
export type SettingsDeclaration = NonNullable<Runtime["config"]>;
export type SettingDeclaration = SettingsDeclaration["properties"][string];
export type MetricsDeclaration = NonNullable<Runtime["metrics"]>;
export type TelemetryDeclaration = NonNullable<Runtime["telemetry"]>;
export type LoggingDeclaration = NonNullable<Runtime["logging"]>;
export type AuthDeclaration = NonNullable<Runtime["auth"]>;
/** A value as it is, or that of an environment variable. */
export type ValueDeclaration = Sourced;
/** Several values, or the environment variable that holds them. */
export type ValuesDeclaration = readonly Sourced[] | Variable;
export type BuildDeclaration = Build;

/** A declaration whose members can also be read by any name. */
type Open<T> = T & { readonly [field: string]: unknown };
