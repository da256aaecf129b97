import { errorCodes, McpError, UnavailableError } from "./errors.js";
import type { Call, Payload } from "./exchange.js";
import { isErrorResult, isObject, resultText } from "./json-rpc.js";
import { cancelled, observations, type Failure, type Outcome } from "./observer.js";

/** Records the outcome of a task; `settled` is `undefined` for a cancelled one. */
export function observeTaskEnd(call: Call, task: string, settled: Payload | McpError | undefined): void {
  const observation = observations.get(call);
  if (observation === undefined) return;
  const outcome =
    settled === undefined
      ? { kind: "aborted" as const, failure: observation.failure ?? cancelled }
      : outcomeOf(call, observation.failure, settled);
  observation.endTask({ ...outcome, ...(settled !== undefined && { settled }), task, isTaskEnd: true });
}

/** Returns the outcome of an answered request. */
export function outcomeOf(
  call: Call,
  failure: Failure | undefined,
  settled: Payload | McpError,
): Pick<Outcome, "kind" | "failure" | "task"> {
  if (settled instanceof McpError) return { kind: "error", failure: failure ?? failureOf(settled) };
  const interim =
    typeof settled === "string" ? /^\{"resultType":"(task|input_required)"/.exec(settled)?.[1] : undefined;
  if (interim === "task") return { kind: "task", task: /"taskId":"([^"]+)"/.exec(settled as string)?.[1] };
  if (interim !== undefined) return { kind: "input required" };
  if (call.method !== "tools/call" || !isErrorResult(resultText(settled))) return { kind: "ok" };
  return { kind: "tool error", failure: failure ?? { fault: "handler", name: "tool_error" } };
}

/** Failures by the code of their error. */
const byCode: ReadonlyMap<number, Failure> = /* @__PURE__ */ new Map(
  (
    [
      ["invalidRequest", "caller", "invalid_request"],
      ["methodNotFound", "caller", "unknown_method"],
      ["invalidParams", "caller", "invalid_params"],
      ["resourceNotFound", "caller", "unknown_resource"],
      ["headerMismatch", "caller", "header_mismatch"],
      ["missingRequiredClientCapability", "caller", "missing_capability"],
      ["unsupportedProtocolVersion", "caller", "unsupported_version"],
      ["internalError", "server", "internal"],
    ] as const
  ).map(([error, fault, name]) => [errorCodes[error], { fault, name }]),
);

function failureOf(error: McpError): Failure {
  if (error instanceof UnavailableError) return { fault: "limit", name: error.httpStatus === 429 ? "rate" : "busy" };
  if (isObject(error.data) && error.data["error"] === "insufficient_scope")
    return { fault: "caller", name: "insufficient_scope" };
  return byCode.get(error.code) ?? { fault: "handler", name: "application" };
}
