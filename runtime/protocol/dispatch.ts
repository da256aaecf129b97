import type {} from "./parts.js";
import type { Admit } from "./admission.js";
import { errorCodes, McpError, plainError, type UnavailableError } from "./errors.js";
import type { Answer, Call } from "./exchange.js";
import { errorMessage, resultMessage, type Outgoing } from "./json-rpc.js";
import type { Payload } from "./exchange.js";
import { observed } from "./observe.js";
import { bounded } from "./result-size.js";
import { internalError, quote } from "./results.js";
import { missingScopes } from "./scopes.js";

/** Answers a request. Never throws or rejects. Errors have plain members, whatever a handler throws. */
export function dispatch(call: Call): Answer {
  if (globalThis.mcpcWithoutObservers) return answer(call);
  else {
    const { observers } = call.peer.view.server;
    return observers === undefined ? answer(call) : observed(observers, call, answer);
  }
}

function answer(call: Call): Answer {
  const { methods, server } = call.peer.view;
  const method = methods.get(call.method);
  if (method === undefined) return new McpError(errorCodes.methodNotFound, `unknown method ${quote(call.method)}`);
  if (!globalThis.mcpcWithoutStore && call.isAdmitted !== true && server.admit?.shared !== undefined)
    return admitted(call, server.admit.shared(call));
  const refusal = !globalThis.mcpcWithoutStore && call.isAdmitted === true ? undefined : server.admit?.(call);
  if (refusal !== undefined) return refusal;
  try {
    const answer = missingScopes(server, call.auth, call.method, call.params) ?? method(call);
    if (answer instanceof Promise) return track(call, answer);
    if (!globalThis.mcpcWithoutStore && call.publishing !== undefined) return track(call, Promise.resolve(answer));
    return withPlainErrors(call, answer);
  } catch (error) {
    return toError(call, error);
  }
}

/** Answers a call unless a store refuses it. */
function admitted(call: Call, refusal: ReturnType<NonNullable<Admit["shared"]>>): Answer {
  const proceed = (settled: UnavailableError | undefined): Answer => {
    call.isAdmitted = true;
    return settled ?? answer(call);
  };
  return refusal instanceof Promise ? track(call, refusal.then(proceed)) : proceed(refusal);
}

/** Registers a running call, so that a server that stops can wait for it. */
function track(call: Call, answer: Promise<Payload | McpError>): Promise<Payload | McpError> {
  const { running } = call.peer.view.server;
  running.add(call);
  return answer.then(
    (settled) => {
      if (!globalThis.mcpcWithoutStore && call.publishing !== undefined) return afterPublishing(call, settled);
      running.delete(call);
      return withPlainErrors(call, settled);
    },
    (error: unknown) => {
      running.delete(call);
      return toError(call, error);
    },
  );
}

/** Waits until the store has the changes that the call caused, or answers that it does not have them yet. */
async function afterPublishing(call: Call, settled: Payload | McpError): Promise<Payload | McpError> {
  try {
    await call.publishing;
    return withPlainErrors(call, settled);
  } catch (error) {
    return toError(call, error);
  } finally {
    call.peer.view.server.running.delete(call);
  }
}

/** Formats the response to a request. */
export function response(call: Call, settled: Payload | McpError): Outgoing {
  if (!(settled instanceof McpError)) return resultMessage(call.id, settled);
  return errorMessage(call.id, settled, call.peer.view.revision.errorCode);
}

function toError(call: Call, error: unknown): McpError {
  try {
    if (error instanceof McpError) return plainError(error);
  } catch {
    // The thrown value cannot be read.
  }
  return internalError(call, "unexpected error", error);
}

function withPlainErrors(call: Call, settled: Payload | McpError): Payload | McpError {
  if (typeof settled === "string") return bounded(call, settled);
  try {
    return settled instanceof McpError ? plainError(settled) : settled;
  } catch (error) {
    return toError(call, error);
  }
}
