/**
 * A place in a file of the project: UTF-16 offsets, `end` exclusive; `path` is relative to the project, with `/`. Offsets
 * count from the beginning of the file, or of the entry that `entry` names: what stands in an entry does not move when
 * the text around it changes. `absolute` in `diagnostics/` makes all of them count from the beginning of the file.
 */
export interface Span {
  readonly path: string;
  /** A key of `SourceFile.entries`. */
  readonly entry?: string;
  readonly start: number;
  readonly end: number;
}

/** The offsets of entries in their files: by path, then by key. */
export type EntryOffsets = ReadonlyMap<string, ReadonlyMap<string, number>>;

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** JSON with its place. `value` is the plain JSON of the same node. */
export type Located = LocatedObject | LocatedArray | LocatedScalar;
export interface LocatedObject {
  readonly kind: "object";
  readonly span: Span;
  readonly members: readonly Member[];
  readonly value: JsonObject;
}
export interface LocatedArray {
  readonly kind: "array";
  readonly span: Span;
  readonly items: readonly Located[];
  readonly value: readonly Json[];
}
export interface LocatedScalar {
  readonly kind: "scalar";
  readonly span: Span;
  readonly value: null | boolean | number | string;
}
export interface Member {
  readonly key: string;
  readonly keySpan: Span;
  readonly node: Located;
}

/** A JSON file of the project: a manifest, or a schema that a manifest refers to. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly root: Located;
  /** The offset of each entry of a manifest, by its key. */
  readonly entries?: ReadonlyMap<string, number>;
}

/** The files that the first phase reads. */
export interface Sources {
  readonly manifests: readonly SourceFile[];
  /** JSON files that a `$ref` names, by project path; a file that could not be read is absent. */
  readonly schemas: ReadonlyMap<string, SourceFile>;
  /** Paths that a `$ref` names, and that a link leads out of the project. */
  readonly outside: ReadonlySet<string>;
  /** The bytes of files that `file` members name (resources, instructions), by project path. */
  readonly contents: ReadonlyMap<string, Uint8Array>;
  /** JSON files that `server.version` names, by project path. */
  readonly versions: ReadonlyMap<string, SourceFile>;
  /** The text of TypeScript modules that the project may have, and has. */
  readonly modules: ReadonlyMap<string, string>;
  /** Files in the folders of handlers that do not end as stubs do. */
  readonly handlers?: readonly string[];
}
