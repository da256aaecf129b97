import { textFromBase64 } from "../../protocol/base64.js";
import { errorCodes, McpError } from "../../protocol/errors.js";
import { isObject } from "../../protocol/json-rpc.js";
import type { HeaderParameter } from "../../protocol/surface.js";
import type { Json, JsonObject } from "../../protocol/types.js";
import type { HttpRequest } from "./endpoint.js";

/** Members of `params` that `Mcp-Name` repeats (2026-07-28, Streamable HTTP: standard request headers). */
const mirroredMembers: Readonly<Record<string, string>> = {
  "tools/call": "name",
  "prompts/get": "name",
  "resources/read": "uri",
  "tasks/get": "taskId",
  "tasks/update": "taskId",
  "tasks/cancel": "taskId",
};

/** Returns the first mismatch between a standard header and the body. */
export function standardMismatch(request: HttpRequest, method: string, params: JsonObject): McpError | undefined {
  const given = request.header("mcp-method");
  if (given === undefined) return mismatch("Mcp-Method is missing");
  if (given !== method && trim(given) !== method) return mismatch("Mcp-Method differs from the body's method");
  const member = Object.hasOwn(mirroredMembers, method) ? mirroredMembers[method]! : undefined;
  const value = member === undefined ? undefined : params[member];
  // The method refuses a body without the name.
  if (typeof value !== "string") return undefined;
  const name = request.header("mcp-name");
  if (name === undefined) return mismatch("Mcp-Name is missing");
  return decode(name) === value ? undefined : mismatch(`Mcp-Name differs from the body's "${member}"`);
}

export function versionMismatch(request: HttpRequest, version: string): McpError | undefined {
  const given = request.header("mcp-protocol-version");
  if (given === undefined) return mismatch("MCP-Protocol-Version is missing");
  return given === version || trim(given) === version
    ? undefined
    : mismatch("MCP-Protocol-Version differs from the body's");
}

/** Checks arguments that the tool wants mirrored (2026-07-28, Streamable HTTP: custom headers from tool parameters). */
export function parameterMismatch(
  request: HttpRequest,
  parameters: readonly HeaderParameter[],
  input: unknown,
): McpError | undefined {
  for (const { header, path, type } of parameters) {
    const value = valueAt(input, path);
    if (value === undefined || value === null) continue;
    const name = `Mcp-Param-${header}`;
    const given = request.header(name.toLowerCase());
    if (given === undefined) return mismatch(`${name} is missing`);
    const text = decode(given);
    if (text === undefined || !equals(text, value, type)) return mismatch(`${name} differs from the argument`);
  }
  return undefined;
}

function valueAt(input: unknown, path: readonly string[]): Json | undefined {
  let value = input;
  for (const name of path) {
    if (!isObject(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value as Json | undefined;
}

function equals(text: string, value: Json, type: HeaderParameter["type"]): boolean {
  if (type === "integer" && typeof value === "number") return /^-?\d+(\.0+)?$/.test(text) && Number(text) === value;
  // Arguments of a wrong type are refused later.
  return text === (typeof value === "string" ? value : JSON.stringify(value));
}

/** Decodes a header's value, which may be Base64; `undefined` if it is malformed. */
function decode(value: string): string | undefined {
  const text = trim(value);
  if (!/^[\t\x20-\x7e]*$/.test(text)) return undefined;
  const encoded = text.startsWith("=?") ? /^=\?base64\?(.*)\?=$/.exec(text) : null;
  return encoded === null ? text : textFromBase64(encoded[1]!);
}

function trim(value: string): string {
  return /^[ \t]|[ \t]$/.test(value) ? value.replace(/^[ \t]+|[ \t]+$/g, "") : value;
}

function mismatch(message: string): McpError {
  return new McpError(errorCodes.headerMismatch, message);
}
