import type { Fingerprint } from "./cache.js";
import type { JsonObject, Located } from "./source.js";

/** A JSON Schema as written: a boolean or an object of keywords. */
export type JsonSchema = boolean | JsonObject;

/** The dialects a schema may declare with `$schema`; absent means 2020-12. */
export type Dialect = "draft-07" | "2019-09" | "2020-12";

/** A whole schema: in an entry, a shared definition, or a file. Relative paths in the schema start at `file`. */
export interface SchemaRoot {
  readonly node: Located;
  readonly file: string;
  /** The name of a shared definition. */
  readonly definition?: string;
  /** A meta-schema, which needs no check. */
  readonly builtIn?: true;
}

/** The schemas that references can reach beyond their own. */
export interface Reachable {
  /** The fingerprint of all these schemas. */
  readonly fingerprint: Fingerprint;
  /** Shared `$defs` of all manifests, by name. */
  readonly definitions: ReadonlyMap<string, SchemaRoot>;
  /** All files of schemas, by project path. */
  readonly files: ReadonlyMap<string, SchemaRoot>;
  /** Paths that a link leads out of the project. */
  readonly outside: ReadonlySet<string>;
}
