import { errorCodes, McpError } from "./errors.js";
import type { Call } from "./exchange.js";
import { noteFailure } from "./observer.js";
import { quote, seal } from "./results.js";
import { textContent } from "./content.js";

/** The default of `limits.maxResultBytes`: a common buffer size of clients. */
export const defaultResultBytes = 8 * 1024 * 1024;

/**
 * Returns the result, or an error if it exceeds the manifest's limit. Constant results are bytes already and not
 * checked.
 */
export function bounded(call: Call, settled: string): string | McpError {
  const { view } = call.peer;
  const most = view.server.surface.maxResultBytes ?? defaultResultBytes;
  // A character takes at most three bytes. The results of tasks were checked before.
  if (settled.length * 3 <= most || call.method.startsWith("tasks/")) return settled;
  const bytes = new TextEncoder().encode(settled).length;
  if (bytes <= most) return settled;
  noteFailure(call, "server", "result_too_large");
  const { name, uri } = call.params;
  const entry = typeof name === "string" ? name : typeof uri === "string" ? uri : undefined;
  const what = entry === undefined ? call.method : `${call.method} ${quote(entry)}`;
  view.server.logger("error", `the result of ${what} was not sent: it has ${bytes} bytes, more than ${most}`);
  const reason = `the result has ${bytes} bytes, and at most ${most} are sent: ask for less`;
  if (call.method === "tools/call") return seal(view, `${textContent(reason)},"isError":true`);
  return new McpError(errorCodes.internalError, reason);
}
