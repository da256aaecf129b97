import type { LegacyVersion } from "@mcpc/runtime/codegen/v1/older-forms";
import type { TextOf } from "../diagnostics/position.js";
import type { Json, JsonObject, Span } from "../model/source.js";

export const sections = ["tools", "resources", "resourceTemplates", "prompts"] as const;
export type SurfaceSection = (typeof sections)[number];

/** The member that identifies an entry within its section. */
export const keyOf: Readonly<Record<SurfaceSection, string>> = {
  tools: "name",
  resources: "uri",
  resourceTemplates: "uriTemplate",
  prompts: "name",
};

/** An entry as clients see it. */
export interface Entry {
  readonly section: SurfaceSection;
  readonly name: string;
  /** The index in the section. */
  readonly index: number;
  /** The protocol's fields. */
  readonly listing: JsonObject;
  /** Whether older revisions get the results of a tool as the member `result` of an object. */
  readonly wraps?: boolean;
  /** The contract beyond the listing; absent for the lists of a server. */
  readonly contract?: EntryContract;
}

/** Properties of an entry that clients rely on, besides its listing. */
export interface EntryContract {
  readonly scopes: readonly string[];
  /** Messages of declared errors, by code. */
  readonly errors: JsonObject;
  /** The questions to the user, by name: a message, and a form or a URL. */
  readonly elicitations: JsonObject;
  /** The text beside structured content: "json", "none", or a template. */
  readonly text: Json;
  readonly subscribe: boolean;
  /** The arguments or variables that the server completes. */
  readonly completes: readonly string[];
  /** The schema of a template's variables. */
  readonly params?: Json;
  /** Allowed values and defaults of a prompt's arguments, by name. */
  readonly argumentRules: JsonObject;
}

/** Properties of a server that clients rely on, besides its description and its lists. */
export interface ServerContract {
  /** Paths of endpoints, by transport; `true` for a path that is unknown. */
  readonly transports: JsonObject;
  /** Methods of authentication. */
  readonly auth: readonly string[];
  /** The entries that each scope opens. */
  readonly access: JsonObject;
  /** The profiles with lists of their own. */
  readonly profiles: readonly string[];
}

/** A server as clients see it: its description of itself, and all its entries. */
export interface Surface {
  /** The name; empty if it is unknown. */
  readonly name: string;
  readonly version?: string;
  /** Members of the server's description besides name and version, such as its title. */
  readonly details: JsonObject;
  readonly instructions?: string;
  /** The revision of the protocol in which a server has listed the entries, if it is one with sessions. */
  readonly revision?: LegacyVersion;
  readonly entries: readonly Entry[];
  /** Absent for the lists of a server. */
  readonly contract?: ServerContract;
  /** The capabilities of a running server. */
  readonly capabilities?: JsonObject;
  /** Tokens of the instructions and all tools; absent where the side does not say them. */
  readonly tokens?: number;
  /** Present for a project that is not there yet at a revision. */
  readonly isAbsent?: true;
}

/** One of the two compared surfaces, and the spans in its files. */
export interface Side {
  readonly surface: Surface;
  /** Returns the span of a member of an entry, or of the nearest part; undefined without a file. */
  readonly spanOf: (entry: Entry | undefined, at: readonly string[]) => Span | undefined;
  readonly textOf: TextOf;
  /** The path from the working directory to the files, with a slash at the end; empty for the same folder. */
  readonly prefix: string;
}

export interface SideOptions {
  /** The working directory, absolute. */
  readonly cwd: string;
  /** The project whose history `git:` refers to. */
  readonly folder: string;
  readonly color: boolean;
  /** Headers of requests to a server, by name. */
  readonly headers: Readonly<Record<string, string>>;
  /** Environment variables for a server that is started, in addition to those of this process. */
  readonly env: Readonly<Record<string, string>>;
  /** The capabilities of the client that lists a server; none by default. */
  readonly capabilities?: JsonObject;
  /** Time for each answer of a server. */
  readonly timeoutMs?: number | undefined;
  /** Receives a sentence about each listed entry without a name of its own, which is left out. Without it, there is no side. */
  readonly onOmitted?: ((sentence: string) => void) | undefined;
  /** Receives the standard error output of a server that is started, and what is waited for. */
  readonly stderr: (text: string) => void;
}

/** Error for an unavailable side, with the reason: no comparison is possible. */
export class NoSide extends Error {
  override readonly name = "NoSide";
  /** The errors that caused it, formatted for people. */
  readonly report: string;
  constructor(message: string, report = "") {
    super(message);
    this.report = report;
  }
}

/** Returns the part of a surface that is about the server itself. */
export function serverOf(info: JsonObject, instructions: Json | undefined): Omit<Surface, "entries"> {
  const { name, version, ...details } = info;
  return {
    name: typeof name === "string" ? name : "",
    ...(typeof version === "string" && { version }),
    details,
    ...(typeof instructions === "string" && { instructions }),
  };
}

export function idOf({ section, name }: Entry): string {
  return `${section}/${name}`;
}
