import { parseDocument } from "../../compiler/import/openapi/document.js";
import { toolsOf, type Api, type ApiOptions } from "../../compiler/import/openapi/operations.js";
import type { Json, JsonObject } from "../../compiler/model/source.js";

export const options: ApiOptions = { rules: [], server: "pets", prefix: "" };
export const documentOf = (more: object, version = "3.1.0"): string =>
  JSON.stringify({
    openapi: version,
    info: { title: "Pets", version: "1" },
    servers: [{ url: "https://a.example/v1" }],
    ...more,
  });
export const read = (text: string, more: Partial<ApiOptions> = {}): Api =>
  toolsOf(parseDocument(text, "api")!, { ...options, ...more });
/** Returns the tools of a document with one operation. */
export const one = (operation: object, version?: string, more: object = {}, path = "/pets"): Api =>
  read(documentOf({ paths: { [path]: { get: operation } }, ...more }, version));
export const ok = { 200: { description: "ok" } };

/** The translation of a schema as an argument. */
export function translated(schema: unknown, version: string, schemas: object = {}): Json {
  const { tools, notes } = one({ parameters: [{ in: "query", name: "q", schema }], responses: ok }, version, {
    components: { schemas },
  });
  if (!tools[0]) return notes.join();
  const { properties, $defs } = tools[0].tool["inputSchema"] as { properties: { q: JsonObject }; $defs?: JsonObject };
  return { ...properties.q, ...($defs && { $defs }) };
}
