import { errorCodes, McpError } from "./errors.js";
import type { Call } from "./exchange.js";
import { quote, seal } from "./results.js";
import { textContent } from "./content.js";

/** The default of `limits.maxResultBytes`: clients read messages into buffers of about this size. */
export const defaultResultBytes = 8 * 1024 * 1024;

/**
 * A result that is not larger than the manifest allows, or the error that stands for it. Results that are made at build
 * time are bytes already, and as large as the manifest says.
 */
export function bounded(call: Call, settled: string): string | McpError {
  const { view } = call.peer;
  const most = view.server.surface.maxResultBytes ?? defaultResultBytes;
  // A character takes three bytes at most; what a task has come to was bounded before.
  if (settled.length * 3 <= most || call.method.startsWith("tasks/")) return settled;
  const bytes = new TextEncoder().encode(settled).length;
  if (bytes <= most) return settled;
  const { name, uri } = call.params;
  const entry = typeof name === "string" ? name : typeof uri === "string" ? uri : undefined;
  const what = entry === undefined ? call.method : `${call.method} ${quote(entry)}`;
  view.server.logger("error", `the result of ${what} was not sent: it has ${bytes} bytes, more than ${most}`);
  const reason = `the result has ${bytes} bytes, and at most ${most} are sent: ask for less`;
  if (call.method === "tools/call") return seal(view, `${textContent(reason)},"isError":true`);
  return new McpError(errorCodes.internalError, reason);
}
