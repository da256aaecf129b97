import { errorCodes, McpError } from "../../protocol/errors.js";
import type { Server } from "../../protocol/exchange.js";
import { errorMessage } from "../../protocol/json-rpc.js";
import { type HttpReply, type HttpRequest } from "./endpoint.js";

/**
 * Answers a probe, if the request is one. A platform calls by address, so any `Host` will do, and it has no credentials;
 * what it learns is a status and names. A request with an `Origin` comes from a page, which has no business here.
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
