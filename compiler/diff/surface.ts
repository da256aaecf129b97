import type { TextOf } from "../diagnostics/position.js";
import type { Json, JsonObject, Span } from "../model/source.js";

export const sections = ["tools", "resources", "resourceTemplates", "prompts"] as const;
export type Section = (typeof sections)[number];

/** The member that identifies an entry within its section. */
export const keyOf: Readonly<Record<Section, string>> = {
  tools: "name",
  resources: "uri",
  resourceTemplates: "uriTemplate",
  prompts: "name",
};

/** An entry as clients see it. */
export interface Entry {
  readonly section: Section;
  readonly name: string;
  /** The index in the section. */
  readonly index: number;
  /** The protocol's fields. */
  readonly listing: JsonObject;
  /** Absent where the side has no information about scopes. */
  readonly scopes?: readonly string[];
  /** Messages of declared errors, by code. */
  readonly errors?: JsonObject;
  /** Schemas of the entry's forms for the user, by name. */
  readonly forms?: Readonly<Record<string, Json>>;
  /** The schema of a template's variables. */
  readonly params?: Json;
}

/** All entries of a server, as clients see them. */
export interface Surface {
  readonly name: string;
  readonly version?: string;
  readonly instructions?: string;
  readonly entries: readonly Entry[];
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
  /** Receives the standard error output of a server that is started. */
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

export function idOf({ section, name }: Entry): string {
  return `${section}/${name}`;
}
