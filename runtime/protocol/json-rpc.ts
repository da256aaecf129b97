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

/** A result that never changes, in UTF-8, so that a large one is neither copied nor encoded again. */
export interface PreparedResult {
  /** The result, and the brace that closes the response. */
  readonly bytes: Uint8Array;
  /** The same as the end of a line. */
  readonly line: Uint8Array;
}

/** A response around a ready result. */
export interface Spliced {
  readonly head: string;
  readonly ready: PreparedResult;
}

/** A whole message as it leaves: JSON text, or text and what follows it. */
export type Outgoing = string | Spliced;

export const parseError = (): McpError => new McpError(errorCodes.parseError, "the message is not valid JSON");

/** A parsed message by its kind. The value is not copied; optional members that are `null` become `undefined`. */
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

/** Members of a message that may be absent. */
const optionalMembers: readonly string[] = ["method", "params", "error"];

/** Many languages write a member that is absent as `null`; no member of the protocol's parameters means that. */
function withoutNulls(value: Record<string, unknown>, names: readonly string[] = Object.keys(value)): void {
  for (const name of names) if (value[name] === null) value[name] = undefined;
}

/** The id to answer an unclassifiable message under, if it has one. */
export function readableId(value: unknown): Id | undefined {
  return isObject(value) && isId(value["id"]) ? value["id"] : undefined;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether the result of a tool, as JSON, tells of an error. Structured content may have a member of that name. */
export function isErrorResult(text: string): boolean {
  return text.includes('"isError":true') && (JSON.parse(text) as JsonObject)["isError"] === true;
}

/** The response around a result that is JSON already. */
export function resultMessage(id: Id, payload: string | PreparedResult): Outgoing {
  const head = `{"jsonrpc":"2.0","id":${idText(id)},"result":`;
  return typeof payload === "string" ? `${head}${payload}}` : { head, ready: payload };
}

/** A piece of a text that is put in its place when there is one, so that it need not be copied. */
export interface LazyBytes {
  /** In bytes. */
  readonly length: number;
  readonly fill: (place: Uint8Array) => void;
}

/** Below this many characters a text costs less than the pieces of a write. */
const minPreparedLength = 4096;

/** A result to be sent again and again, from its pieces: bytes when it is long. */
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

/** The size of a message, in bytes or UTF-16 code units. */
export function lengthOf(message: Outgoing): number {
  return typeof message === "string" ? message.length : message.head.length + message.ready.bytes.length;
}

/** For those who need a message in one piece. */
export function textOf(message: Outgoing): string {
  return typeof message === "string" ? message : `${message.head}${resultText(message.ready)}}`;
}

/** The same of a result. */
export function resultText(result: string | PreparedResult): string {
  return typeof result === "string" ? result : new TextDecoder().decode(result.bytes.subarray(0, -1));
}

/** Without a readable id the member is left out: `null` is no id in the protocol's schema. */
export function errorMessage(id: Id | undefined, error: McpError, errorCode?: (code: number) => number): string {
  const member = id === undefined ? "" : `"id":${idText(id)},`;
  return `{"jsonrpc":"2.0",${member}"error":${errorText(error, errorCode)}}`;
}

/** `params` is JSON text. */
export function notificationMessage(method: string, params: string): string {
  return `{"jsonrpc":"2.0","method":"${method}","params":${params}}`;
}

export function isId(value: unknown): value is Id {
  return typeof value === "string" || Number.isSafeInteger(value);
}

function idText(id: Id): string {
  return typeof id === "number" ? String(id) : JSON.stringify(id);
}
