import { errorCodes, McpError } from "../../protocol/errors.js";
import type { Server } from "../../protocol/exchange.js";
import { errorMessage } from "../../protocol/json-rpc.js";
import { type HttpReply, type HttpRequest } from "./endpoint.js";

/**
 * Answers a probe, and returns whether the request is one. Platforms call by address and without credentials, so any
 * `Host` is allowed; the answer reveals only a status and names. Requests of web pages, which have an `Origin`, are
 * refused.
 */
export function answerProbe(server: Server, request: HttpRequest, reply: HttpReply, path: string): boolean {
  const answer = server.health?.at(path);
  if (answer === undefined) return false;
  const { method } = request;
  if (request.header("origin") !== undefined) refuse(reply, 403, "health is for the platform, not for pages");
  else if (method !== "GET" && method !== "HEAD") refuse(reply, 405, `${method} is not served here`);
  else
    answer(server)
      .then(({ status, body }) => reply.send(status, body, headers))
      .catch((error: unknown) => reply.fail(error));
  return true;
}

const headers = { "content-type": "application/json", "cache-control": "no-store" };

function refuse(reply: HttpReply, status: number, message: string): void {
  const error = errorMessage(undefined, new McpError(errorCodes.invalidRequest, message));
  reply.send(status, error, status === 405 ? { allow: "GET, HEAD" } : {});
}
