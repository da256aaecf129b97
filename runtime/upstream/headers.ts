import { toBase64 } from "../protocol/base64.js";
import { isObject } from "../protocol/json-rpc.js";
import type { HeaderParameter } from "../protocol/surface.js";
import type { Json, JsonObject } from "../protocol/types.js";

/** Returns the headers that repeat parts of a request (2026-07-28, Streamable HTTP: standard request headers). */
export function requestHeaders(method: string, { name, uri }: JsonObject): Record<string, string> {
  const mirrored =
    method === "resources/read" ? uri : method === "tools/call" || method === "prompts/get" ? name : undefined;
  return { "mcp-method": method, ...(typeof mirrored === "string" && { "mcp-name": headerValue(mirrored) }) };
}

/** Returns the headers that repeat arguments of a tool (2026-07-28, custom headers from tool parameters). */
export function argumentHeaders(
  parameters: readonly HeaderParameter[] = [],
  input: JsonObject,
): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const { header, path } of parameters) {
    const value = path.reduce<Json | undefined>(
      (from, name) => (isObject(from) && Object.hasOwn(from, name) ? from[name] : undefined),
      input,
    );
    if (value === undefined || value === null) continue;
    headers[`mcp-param-${header.toLowerCase()}`] = headerValue(
      typeof value === "string" ? value : JSON.stringify(value),
    );
  }
  return headers;
}

/** Encodes text that a header cannot hold as it is. */
function headerValue(text: string): string {
  const isPlain = /^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$/.test(text) && !text.startsWith("=?");
  return isPlain ? text : `=?base64?${toBase64(new TextEncoder().encode(text))}?=`;
}
