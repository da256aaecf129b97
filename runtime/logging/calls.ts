import { McpError } from "../protocol/errors.js";
import type { Call } from "../protocol/exchange.js";
import { isObject } from "../protocol/json-rpc.js";
import { severity } from "../protocol/logger.js";
import type { Observer } from "../protocol/observer.js";
import { traceOf } from "../protocol/trace.js";
import type { LoggingLevel } from "../protocol/types.js";

/** Logs a line for each answered request: its name, its outcome and its duration. */
export function logRequests(level: LoggingLevel): Observer<Call> {
  return {
    onCall: (call) => {
      // The parameters are dropped when the call ends early, or becomes a task.
      const request = subject(call);
      return ({ kind, settled, task, isTaskEnd, durationMs }) => {
        const code = settled instanceof McpError ? { code: call.peer.view.revision.errorCode(settled.code) } : {};
        const rest = { ...(task !== undefined && { task }), durationMs: Math.round(durationMs * 1000) / 1000 };
        const message = isTaskEnd === true ? "the task has ended" : "answered";
        call.peer.view.server.logger(level, message, { ...request, outcome: kind, ...code, ...rest });
      };
    },
  };
}

/** Writes what a handler logs for the client to the server's log. */
export function logFromHandler(call: Call, level: LoggingLevel, data: unknown): void {
  const { logger, logLevel } = call.peer.view.server;
  if (severity(level) < severity(logLevel)) return;
  if (typeof data === "string") return logger(level, data, subject(call));
  const { message, ...rest } = isObject(data) ? data : { message: undefined, data };
  if (typeof message === "string") logger(level, message, { ...subject(call), data: rest });
  else logger(level, "the handler says", { ...subject(call), data });
}

/**
 * Returns the details that identify a request: its trace, its method, and the tool, prompt or resource that it names.
 */
function subject(call: Call): Readonly<Record<string, unknown>> {
  const { name, uri, ref } = call.params;
  const within = isObject(ref) ? (ref["name"] ?? ref["uri"]) : undefined;
  const found = [name, uri, within].find((candidate) => typeof candidate === "string");
  return {
    ...traceOf(call),
    method: call.method.slice(0, maxNameLength),
    ...(found !== undefined && { name: String(found).slice(0, maxNameLength) }),
  };
}

/** The maximum length of a name in the log. Clients choose the names. */
const maxNameLength = 200;
