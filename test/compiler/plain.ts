import { selfContained } from "../../compiler/json-schema/self-contained.js";
import { withoutForeignKeywords } from "../../compiler/json-schema/foreign.js";
import { located } from "../../compiler/json-schema/located.js";
import type { JsonSchema, Reachable } from "../../compiler/model/schema.js";

/** A project that holds nothing but the schema itself. */
export const nothingElse: Reachable = {
  fingerprint: "",
  definitions: new Map(),
  files: new Map(),
  outside: new Set(),
};

/** The schema in the form that validators are made of. */
export function plain(written: JsonSchema): JsonSchema {
  const node = located(written, { path: "a.mcp.json", start: 0, end: 0 });
  const { plain: form, schema } = selfContained({ node, file: "a.mcp.json" }, nothingElse);
  return withoutForeignKeywords(form ?? schema) as JsonSchema;
}
