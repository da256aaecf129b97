import { errorCodes, McpError } from "./errors.js";
import type { Answer, Call } from "./exchange.js";
import { errorMessage, resultMessage, type Outgoing } from "./json-rpc.js";
import type { Payload } from "./exchange.js";
import { internalError, quoted } from "./results.js";
import { forbidden } from "./scopes.js";

/** Answers a request; never throws, never rejects. */
export function dispatch(call: Call): Answer {
  const { observe } = call.peer.view.server;
  return observe === undefined ? answer(call) : observe(call, answer);
}

function answer(call: Call): Answer {
  const method = call.peer.view.methods.get(call.method);
  if (method === undefined) return new McpError(errorCodes.methodNotFound, `unknown method ${quoted(call.method)}`);
  try {
    const answer = forbidden(call.peer.view.server, call.auth, call.method, call.params) ?? method(call);
    return answer instanceof Promise ? answer.catch((error: unknown) => failed(call, error)) : answer;
  } catch (error) {
    return failed(call, error);
  }
}

/** The response to a request, as it goes over the wire. */
export function response(call: Call, settled: Payload | McpError): Outgoing {
  if (!(settled instanceof McpError)) return resultMessage(call.id, settled);
  try {
    return errorMessage(call.id, settled, call.peer.view.revision.errorCode(settled.code));
  } catch {
    return errorMessage(call.id, unspeakable());
  }
}

function failed(call: Call, error: unknown): McpError {
  try {
    return error instanceof McpError ? error : internalError(call, "unexpected error", error);
  } catch {
    return unspeakable();
  }
}

/** For what a handler has thrown that cannot even be looked at. */
function unspeakable(): McpError {
  return new McpError(errorCodes.internalError, "internal error");
}
