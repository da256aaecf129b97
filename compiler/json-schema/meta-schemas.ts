import type { Dialect, JsonSchema, SchemaRoot } from "../model/schema.js";
import { createAjv } from "./ajv.js";
import { located } from "./located.js";

const origin = /^https?:\/\/json-schema\.org\/(?:draft\/)?(draft-07|2019-09|2020-12)\//;

const found = new Map<string, SchemaRoot | undefined>();

/** A meta-schema of a supported dialect: schemas may refer to it, because nothing has to be fetched. */
export function metaSchema(uri: string): SchemaRoot | undefined {
  const dialect = origin.exec(uri)?.[1] as Dialect | undefined;
  if (dialect === undefined) return undefined;
  if (!found.has(uri)) {
    const schema = createAjv(dialect).schemas[uri]?.schema as JsonSchema | undefined;
    const span = { path: uri, start: 0, end: 0 };
    found.set(uri, schema === undefined ? undefined : { node: located(schema, span), file: uri, builtIn: true });
  }
  return found.get(uri);
}
