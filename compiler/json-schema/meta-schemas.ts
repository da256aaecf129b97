import type { Dialect, JsonSchema, SchemaRoot } from "../model/schema.js";
import { createAjv } from "./ajv.js";
import { located } from "./located.js";

const origin = /^https?:\/\/json-schema\.org\/(?:draft\/)?(draft-07|2019-09|2020-12)\//;

const cache = new Map<string, SchemaRoot | undefined>();

/** Returns a built-in meta-schema of a supported dialect, to which schemas may refer. */
export function metaSchema(uri: string): SchemaRoot | undefined {
  const dialect = origin.exec(uri)?.[1] as Dialect | undefined;
  if (dialect === undefined) return undefined;
  if (!cache.has(uri)) {
    const schema = createAjv(dialect).schemas[uri]?.schema as JsonSchema | undefined;
    const span = { path: uri, start: 0, end: 0 };
    cache.set(uri, schema === undefined ? undefined : { node: located(schema, span), file: uri, builtIn: true });
  }
  return cache.get(uri);
}
