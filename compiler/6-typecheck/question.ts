/** A request to check types. It is plain data, because a thread may answer it. */
export interface Question {
  /** The folder of generated code, by project path. */
  readonly generated: string;
  /** Texts by project path, which replace files on the disk. */
  readonly texts: ReadonlyMap<string, string>;
  /** The user's modules that generated code binds, and words of the binding lines. */
  readonly bound: readonly Bound[];
}

export interface Bound {
  readonly file: string;
  readonly words: readonly string[];
}

/** A diagnostic of TypeScript. */
export interface Finding {
  readonly path: string;
  readonly code: number;
  readonly text: string;
  readonly start: number;
  readonly length: number;
  /** The first line of the place. */
  readonly line: string;
  /** The text of the place. */
  readonly word: string;
  /** The unclosed bracket of a syntax error. */
  readonly opening?: { readonly start: number; readonly end: number; readonly word: string };
}

export interface Findings {
  readonly errors: readonly Finding[];
  /** Errors in the user's configuration of TypeScript, which may be outside the project. */
  readonly misconfigured: readonly Finding[];
  /** The declarations of these files' exports, for reporting errors. */
  readonly exports: ReadonlyMap<string, ReadonlyMap<string, ExportPlace>>;
  /** The files that were read, relative to the project, except the given texts. */
  readonly inputs: readonly string[];
  /** Whether a configuration of the user selects the files, so that a new file may affect all others. */
  readonly isProject: boolean;
}

export interface ExportPlace {
  readonly path: string;
  readonly start: number;
  readonly end: number;
}
