import type {} from "../../protocol/parts.js";
import type { McpError } from "../../protocol/errors.js";
import type { Server } from "../../protocol/exchange.js";
import { errorMessage, type Id, type RequestMessage } from "../../protocol/json-rpc.js";
import { observeRefusal } from "../../protocol/observe.js";
import type { Headers, HttpReply, HttpRequest } from "./endpoint.js";

/** Refuses a request, which observers see. */
export function refuseRequest(
  server: Server,
  request: HttpRequest,
  message: RequestMessage,
  reply: HttpReply,
  error: McpError,
  { status = 400, headers }: { readonly status?: number; readonly headers?: Headers } = {},
): undefined {
  if (!globalThis.mcpcWithoutObservers)
    observeRefusal(server, message, { notify: () => {}, request }, request.auth, error);
  return refuse(reply, status, message.id, error, headers);
}

export function refuse(
  reply: HttpReply,
  status: number,
  id: Id | undefined,
  error: McpError,
  headers?: Headers,
): undefined {
  reply.send(status, errorMessage(id, error), headers);
}
