import { errorCodes, McpError } from "./errors.js";
import type {} from "./parts.js";
import type { Call, Payload, Server, View } from "./exchange.js";
import { prepareResult, type LazyBytes } from "./json-rpc.js";
import { logFailure } from "./logger.js";
import { traceOf } from "./trace.js";
import type { Reuse } from "./surface.js";
import type { JsonObject } from "./types.js";

/** The default cache hint: immediately stale. */
export const defaultCacheHint: Reuse = { ttlMs: 0, scope: "private" };

/**
 * Formats a result from its members, which are JSON text without braces. `meta` is its own `_meta`; `hints` are its
 * cache hints, if any.
 */
export function seal(view: View, members: string, meta?: JsonObject, hints = ""): string {
  const { frame } = view;
  if (meta === undefined) return frame.opening + members + hints + view.closing;
  const text = JSON.stringify(meta) as string | undefined;
  // `toJSON` can return any value.
  const own = text?.startsWith("{") ? text.slice(1, -1) : "";
  const separator = own !== "" && frame.meta !== "" ? "," : "";
  const comma = members === "" && hints === "" ? "" : ",";
  // The server's members come last, because the last of equal members counts.
  return `${frame.opening}${members}${hints}${comma}"_meta":{${own}${separator}${frame.meta}}}`;
}

/** Formats a constant result once and caches it. Its members are JSON text, in one or more pieces. */
export function sealOnce(
  view: View,
  key: unknown,
  members: () => string | readonly (string | LazyBytes)[],
  payloads: Map<unknown, Payload> = view.payloads,
  reuse: Reuse = defaultCacheHint,
): Payload {
  let payload = payloads.get(key);
  if (payload === undefined) {
    const { opening, hints } = view.frame;
    payload = prepareResult([opening, ...[members()].flat(), hints(reuse.ttlMs, reuse.scope), view.closing]);
    payloads.set(key, payload);
  }
  return payload;
}

export function invalidParams(message: string, data?: unknown): McpError {
  return new McpError(errorCodes.invalidParams, message, data);
}

/** Logs the failure of a call and returns its id. A handler that ends because of a cancellation has not failed. */
export function logCallFailure(call: Call, message: string, error: unknown): string {
  const level = call.aborted && error === call.signal.reason ? "debug" : "error";
  return logFailure(call.peer.view.server.logger, message, error, traceOf(call), level);
}

/** Returns the reason of the abort, if a handler ends because of it; otherwise its error. */
export function withoutAbort(call: Call, error: unknown): unknown {
  return call.aborted && (error as Error | undefined)?.name === "AbortError" ? call.signal.reason : error;
}

/** Logs an internal failure and returns an error with the id of the log entry. */
export function internalError(call: Call, what: string, error: unknown): McpError {
  const { server } = call.peer.view;
  const errorId = logCallFailure(call, `${call.method} failed: ${what}`, error);
  return new McpError(errorCodes.internalError, internalErrorText(server, errorId, error), { errorId });
}

/** Returns the message of an internal failure for clients. Under `mcpc dev` it includes the error's text. */
export function internalErrorText(server: Server, errorId: string | undefined, error: unknown): string {
  const shown = globalThis.mcpcWithoutReplacing ? undefined : server.describeError?.(error);
  return `internal error ${errorId}${shown === undefined ? "" : ` (${shown})`}; the server's log explains it`;
}

/** Quotes a client's name for a message, cut to a maximum length. */
export function quote(name: string): string {
  return JSON.stringify(name.length > 100 ? `${name.slice(0, 100)}…` : name);
}

/** Returns whether a handler's return value is a promise. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}

/** Creates the error for a handler's invalid return value, for the log. */
export function wrongOutput(expected: string, value: unknown): TypeError {
  return new TypeError(`the handler returned ${kindOf(value)}; expected ${expected}`);
}

/** Describes a value, with the members of an object one level deep. */
function kindOf(value: unknown, deep = true): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return "an array";
  if (ArrayBuffer.isView(value)) return "bytes";
  if (typeof value !== "object") return `a ${typeof value}`;
  if (!deep) return "an object";
  const members = Object.entries(value).slice(0, 8);
  if (members.length === 0) return "an object without members";
  return `an object of ${members.map(([name, member]) => `${quote(name)} (${kindOf(member, false)})`).join(", ")}`;
}
