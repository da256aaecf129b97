import type { JsonSchema } from "../model/schema.js";
import type { HeaderParameter } from "../model/server.js";
import type { JsonObject } from "../model/source.js";

/**
 * Returns the arguments mirrored in `Mcp-Param-*` headers: `x-mcp-header` on properties reached only through
 * properties.
 */
export function headerParameters(schema: JsonSchema, path: readonly string[] = []): HeaderParameter[] {
  const properties = typeof schema === "object" ? schema["properties"] : undefined;
  if (typeof properties !== "object" || properties === null) return [];
  return Object.entries(properties as JsonObject).flatMap(([name, property]) => {
    if (typeof property !== "object" || property === null) return [];
    const here = [...path, name];
    const { "x-mcp-header": header, type } = property as JsonObject;
    const own = typeof header === "string" ? [{ header, path: here, type: type as HeaderParameter["type"] }] : [];
    return [...own, ...headerParameters(property as JsonObject, here)];
  });
}
