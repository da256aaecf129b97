import type { TextOf } from "../diagnostics/position.js";
import type { Json, JsonObject, Span } from "../model/source.js";

export const sections = ["tools", "resources", "resourceTemplates", "prompts"] as const;
export type Section = (typeof sections)[number];

/** The member that tells the entries of a section apart. */
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
  /** Absent where the side does not say who may use it. */
  readonly scopes?: readonly string[];
  /** Messages of declared errors, by code. */
  readonly errors?: JsonObject;
  /** Schemas of the forms that it asks the user to fill in, by name. */
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

/** One of the two surfaces that are compared, and where its files say so. */
export interface Side {
  readonly surface: Surface;
  /** The span of a member of an entry, or of what is nearest to it; undefined where there is no file. */
  readonly spanOf: (entry: Entry | undefined, at: readonly string[]) => Span | undefined;
  readonly textOf: TextOf;
  /** The way from the working directory to the files, with a slash at the end; empty when they are the same. */
  readonly prefix: string;
}

export interface SideOptions {
  /** The working directory, absolute. */
  readonly cwd: string;
  /** The project whose past `git:` means. */
  readonly folder: string;
  readonly color: boolean;
  /** Headers of requests to a server, by name. */
  readonly headers: Readonly<Record<string, string>>;
  /** Variables of the environment that a server is started with, besides the own. */
  readonly env: Readonly<Record<string, string>>;
  /** Takes what a server that is started writes on standard error. */
  readonly stderr: (text: string) => void;
}

/** A side that could not be had, and why: there is no comparison then. */
export class NoSide extends Error {
  override readonly name = "NoSide";
  /** The mistakes that are to blame, for people. */
  readonly report: string;
  constructor(message: string, report = "") {
    super(message);
    this.report = report;
  }
}

export function idOf({ section, name }: Entry): string {
  return `${section}/${name}`;
}
