import { isObject } from "../json-schema/in-place.js";
import { pointerTokens } from "../json-schema/pointer.js";
import type { Json, JsonObject } from "../model/source.js";

/** Names of a field in other libraries, and in other parts of the protocol. */
export const otherWords: Readonly<Record<string, readonly string[]>> = {
  arguments: ["args", "argsSchema", "parameters", "params", "inputSchema"],
  description: ["desc", "summary", "doc", "docs", "help"],
  destructiveHint: ["destructive"],
  file: ["path", "filename"],
  handler: ["execute", "run", "fn", "function", "callback", "implementation", "read", "get", "load"],
  idempotentHint: ["idempotent"],
  inputSchema: ["parameters", "params", "paramsSchema", "arguments", "args", "argsSchema", "input", "schema"],
  messages: ["template", "content", "text", "prompt"],
  mimeType: ["contentType", "mediaType"],
  name: ["id", "key"],
  openWorldHint: ["openWorld"],
  outputSchema: ["output", "returns", "returnType", "result", "resultSchema", "response", "structuredOutput"],
  params: ["parameters", "paramsSchema", "inputSchema"],
  readOnlyHint: ["readOnly", "readonly"],
  text: ["content", "contents", "body"],
  title: ["label", "displayName"],
  uri: ["url"],
  uriTemplate: ["template", "uri", "url", "pattern"],
};

/** References to parts of the schema where the manifest language has no fields of its own. */
const foreign: ReadonlySet<Json | undefined> = new Set(["#/$defs/schema", "#/$defs/meta"]);

/** Returns the parts of `mcp.schema.json` that apply, or may apply, to the value of a part. */
export function partsOf(schema: JsonObject, root: JsonObject): JsonObject[] {
  const { $ref, allOf, anyOf, oneOf, then } = schema;
  if (foreign.has($ref)) return [];
  const others = [
    typeof $ref === "string" ? referred($ref, root) : undefined,
    then,
    ...[allOf, anyOf, oneOf].flatMap((list) => (Array.isArray(list) ? (list as Json[]) : [])),
  ];
  return [schema, ...others.filter(isObject).flatMap((other) => partsOf(other, root))];
}

function referred(reference: string, root: JsonObject): Json | undefined {
  return pointerTokens(reference.slice(1)).reduce<Json | undefined>(
    (node, token) => (isObject(node) ? node[token] : undefined),
    root,
  );
}

/** Returns the schemas of a part's fields, by name. */
export function fieldsOf(part: JsonObject): JsonObject {
  const { properties } = part;
  return isObject(properties) ? properties : {};
}

/**
 * Returns the path of fields from a part of `mcp.schema.json` to the only or the nearest field of this name. Undefined
 * without such a field, or with several. A field that holds a list ends in `[]`.
 */
export function placeOf(name: string, from: JsonObject, root: JsonObject): readonly string[] | undefined {
  let level: { readonly path: readonly string[]; readonly schema: JsonObject }[] = [{ path: [], schema: from }];
  for (let depth = 0; level.length > 0 && depth < 8; depth++) {
    const parts = level.map(({ path, schema }) => ({ path, parts: partsOf(schema, root) }));
    const found = parts.filter(({ parts }) => parts.some((part) => Object.hasOwn(fieldsOf(part), name)));
    if (depth > 0 && found.length > 0) return found.length === 1 ? found[0]!.path : undefined;
    level = parts.flatMap(({ path, parts }) =>
      parts.flatMap((part) =>
        Object.entries(fieldsOf(part)).flatMap(([field, schema]) => {
          if (!isObject(schema)) return [];
          const lists = partsOf(schema, root).flatMap(({ items }) => (isObject(items) ? [items] : []));
          return [
            { path: [...path, field], schema },
            ...lists.map((items) => ({ path: [...path, `${field}[]`], schema: items })),
          ];
        }),
      ),
    );
  }
  return undefined;
}
