import type {} from "./parts.js";
import { errorCodes, McpError, NotImplementedError } from "./errors.js";
import type { Call } from "./exchange.js";
import type { FailureContext } from "./hooks.js";
import { failureDetails } from "./logger.js";
import { MissingCapability } from "./questions.js";
import { internalError, quote, withoutAbort } from "./results.js";
import { traceOf } from "./trace.js";

type Subject = Pick<FailureContext, "kind" | "name" | "errorId">;

/** Returns the error that the hook `onError` decided on; `undefined` if it returned none, or failed. */
export function hookVerdict(call: Call, subject: Subject, error: unknown): McpError | string | undefined {
  const { server } = call.peer.view;
  const onError = server.hooks?.onError;
  if (globalThis.mcpcWithoutApplication || onError === undefined) return undefined;
  const { config, state } = server.application;
  const { info, capabilities, protocolVersion } = call.peer;
  const client = { ...(info !== undefined && { info }), capabilities, protocolVersion };
  try {
    const verdict: unknown = onError(error, { ...subject, config, state, client });
    return typeof verdict === "string" || verdict instanceof McpError ? verdict : undefined;
  } catch (thrown) {
    server.logger("error", "the hook onError failed", { ...traceOf(call), ...failureDetails(thrown) });
    return undefined;
  }
}

/** Returns the JSON-RPC error for a failure of any handler other than a tool's. */
export function handlerFailure(call: Call, kind: FailureContext["kind"], name: string, thrown: unknown): McpError {
  const error = withoutAbort(call, thrown);
  if (error instanceof MissingCapability) return new McpError(errorCodes.internalError, error.message);
  if (error instanceof NotImplementedError)
    return new McpError(errorCodes.internalError, `the ${kind} ${error.message}`);
  const isIntended = error instanceof McpError;
  const failure = isIntended ? error : internalError(call, `the ${kind} ${quote(name)}`, error);
  const errorId = isIntended ? undefined : (failure.data as { readonly errorId: string }).errorId;
  const verdict = hookVerdict(call, { kind, name, ...(errorId !== undefined && { errorId }) }, error);
  return typeof verdict === "string" ? new McpError(errorCodes.internalError, verdict) : (verdict ?? failure);
}
