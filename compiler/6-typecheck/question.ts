/** A request to check types: plain data, because a thread may answer. */
export interface Question {
  /** The folder of generated code, by project path. */
  readonly generated: string;
  /** By project path; they lie over the disk. */
  readonly texts: ReadonlyMap<string, string>;
  /** The user's modules that generated code binds, and words of the lines that do. */
  readonly bound: readonly Bound[];
}

export interface Bound {
  readonly file: string;
  readonly words: readonly string[];
}

/** A diagnostic of TypeScript's. */
export interface Finding {
  readonly path: string;
  readonly code: number;
  readonly text: string;
  readonly start: number;
  readonly length: number;
  /** The line on which it begins. */
  readonly line: string;
  /** The text at the place. */
  readonly word: string;
  /** The bracket that is not closed, of a mistake in the syntax. */
  readonly opening?: { readonly start: number; readonly end: number; readonly word: string };
}

export interface Findings {
  readonly errors: readonly Finding[];
  /** Mistakes in the user's configuration of TypeScript, which may lie outside the project. */
  readonly misconfigured: readonly Finding[];
  /** The places where these files' exports are declared: errors may be reported there. */
  readonly exports: ReadonlyMap<string, ReadonlyMap<string, Place>>;
  /** Every file that was read, relative to the project, but for the texts given. */
  readonly inputs: readonly string[];
  /** Whether the user's configuration says which files belong together: a new one may matter to all. */
  readonly isProject: boolean;
}

export interface Place {
  readonly path: string;
  readonly start: number;
  readonly end: number;
}
