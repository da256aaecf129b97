import type {} from "./parts.js";
import { errorCodes, errorText, invalidRequest, McpError } from "./errors.js";
import type { JsonObject } from "./types.js";

export type Id = string | number;

export interface RequestMessage {
  readonly id: Id;
  readonly method: string;
  readonly params?: unknown;
}

export interface NotificationMessage {
  readonly method: string;
  readonly params?: unknown;
}

export interface ResponseMessage {
  readonly id?: Id;
  readonly result?: unknown;
  readonly error?: unknown;
}

/** A constant result in UTF-8, so that a large one is neither copied nor encoded for each response. */
export interface PreparedResult {
  /** The result and the closing brace of the response. */
  readonly bytes: Uint8Array;
  /** The bytes followed by a line feed. */
  readonly line: Uint8Array;
}

/** A response with a prepared result. */
export interface Spliced {
  readonly head: string;
  readonly ready: PreparedResult;
}

/** An outgoing message: JSON text, or a text and a prepared result. */
export type Outgoing = string | Spliced;

export const parseError = (): McpError => new McpError(errorCodes.parseError, "the message is not valid JSON");

/** Classifies a parsed message. The value is not copied; optional members that are `null` become `undefined`. */
export function classify(value: unknown): "request" | "notification" | "response" | McpError {
  if (!isObject(value)) return invalidRequest("a message is a JSON object");
  if (value["jsonrpc"] !== "2.0") return invalidRequest('"jsonrpc" must be "2.0"');
  withoutNulls(value, optionalMembers);
  const { id, method, params } = value;
  if (isObject(params)) withoutNulls(params);
  if (typeof method === "string") {
    if (id === undefined || (id === null && method.startsWith("notifications/"))) return "notification";
    return isId(id) ? "request" : invalidRequest('"id" must be a string or an integer');
  }
  if (method === undefined && (value["result"] !== undefined || value["error"] !== undefined)) return "response";
  return invalidRequest('"method" must be a string');
}

/** Optional members of a message. */
const optionalMembers: readonly string[] = ["method", "params", "error"];

/**
 * Replaces `null` by `undefined`: many languages write absent members as `null`, which has no meaning in the protocol.
 */
function withoutNulls(value: Record<string, unknown>, names: readonly string[] = Object.keys(value)): void {
  for (const name of names) if (value[name] === null) value[name] = undefined;
}

/** Returns the id for the answer to an invalid message, if it has one. */
export function readableId(value: unknown): Id | undefined {
  return isObject(value) && isId(value["id"]) ? value["id"] : undefined;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Returns whether a tool's result, as JSON, is an error. Structured content may have a member of that name. */
export function isErrorResult(text: string): boolean {
  return text.includes('"isError":true') && (JSON.parse(text) as JsonObject)["isError"] === true;
}

/** Formats the response for a result in JSON. */
export function resultMessage(id: Id, payload: string | PreparedResult): Outgoing {
  const head = `{"jsonrpc":"2.0","id":${idText(id)},"result":`;
  return typeof payload === "string" ? `${head}${payload}}` : { head, ready: payload };
}

/** Bytes that are written into a buffer on demand, so that they need not be copied. */
export interface LazyBytes {
  /** The length in bytes. */
  readonly length: number;
  readonly fill: (place: Uint8Array) => void;
}

/** The minimum length of a text, in characters, for which separate writes cost less than copying. */
const minPreparedLength = 4096;

/** Joins the pieces of a constant result: into bytes if it is long, else into text. */
export function prepareResult(pieces: readonly (string | LazyBytes)[]): string | PreparedResult {
  if (!globalThis.mcpcWithoutListingFiles && pieces.some((piece) => typeof piece !== "string"))
    return joinPieces(pieces);
  const result = pieces.join("");
  if (result.length < minPreparedLength) return result;
  const line = new TextEncoder().encode(`${result}}\n`);
  return { line, bytes: line.subarray(0, -1) };
}

function joinPieces(pieces: readonly (string | LazyBytes)[]): PreparedResult {
  const encoder = new TextEncoder();
  const parts = [...pieces, "}\n"].map((piece) => (typeof piece === "string" ? encoder.encode(piece) : piece));
  const line = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    if (part instanceof Uint8Array) line.set(part, at);
    else part.fill(line.subarray(at, at + part.length));
    at += part.length;
  }
  return { line, bytes: line.subarray(0, -1) };
}

/** Returns the size of a message, in bytes or UTF-16 code units. */
export function lengthOf(message: Outgoing): number {
  return typeof message === "string" ? message.length : message.head.length + message.ready.bytes.length;
}

/** Returns the message as one text. */
export function textOf(message: Outgoing): string {
  return typeof message === "string" ? message : `${message.head}${resultText(message.ready)}}`;
}

/** Returns the result as text. */
export function resultText(result: string | PreparedResult): string {
  return typeof result === "string" ? result : new TextDecoder().decode(result.bytes.subarray(0, -1));
}

/** Formats an error. A missing id is omitted, because the protocol's schema does not allow `null`. */
export function errorMessage(id: Id | undefined, error: McpError, errorCode?: (code: number) => number): string {
  const member = id === undefined ? "" : `"id":${idText(id)},`;
  return `{"jsonrpc":"2.0",${member}"error":${errorText(error, errorCode)}}`;
}

/** Formats a notification; `params` is JSON text. */
export function notificationMessage(method: string, params: string): string {
  return `{"jsonrpc":"2.0","method":"${method}","params":${params}}`;
}

export function isId(value: unknown): value is Id {
  return typeof value === "string" || Number.isSafeInteger(value);
}

function idText(id: Id): string {
  return typeof id === "number" ? String(id) : JSON.stringify(id);
}
