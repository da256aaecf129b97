import { selfContained } from "../../compiler/3-lower/schemas.js";
import { withoutForeignKeywords } from "../../compiler/json-schema/foreign.js";
import { located } from "../../compiler/json-schema/located.js";
import type { Reachable } from "../../compiler/json-schema/resolve.js";
import type { JsonSchema } from "../../compiler/model/schema.js";
import type { Identifier } from "../../compiler/model/server.js";

/** A project that holds nothing but the schema itself. */
export const nothingElse: Reachable = { definitions: new Map(), files: [], file: () => "missing" };

/** The schema in the form that validators are made of. */
export function plain(written: JsonSchema): JsonSchema {
  const node = located(written, { path: "a.mcp.json", start: 0, end: 0 });
  const { plain: form, schema } = selfContained(
    { node, file: "a.mcp.json" },
    "T" as Identifier,
    nothingElse,
    new Map(),
  );
  return withoutForeignKeywords(form ?? schema) as JsonSchema;
}
