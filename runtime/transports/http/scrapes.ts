import { errorCodes, McpError } from "../../protocol/errors.js";
import type { Server } from "../../protocol/exchange.js";
import { errorMessage } from "../../protocol/json-rpc.js";
import type { HttpReply, HttpRequest } from "./endpoint.js";

/**
 * Answers a request for metrics, and returns whether the request is one. Scrapers send a token, so any `Host` is
 * allowed. Requests of web pages, which have an `Origin`, are refused.
 */
export function answerScrape(server: Server, request: HttpRequest, reply: HttpReply, path: string): boolean {
  const { metrics } = server.options;
  if (metrics?.isOnHttpPort !== true || metrics.path !== path) return false;
  const { method } = request;
  if (request.header("origin") !== undefined) refuse(reply, 403, "metrics are for the operator, not for pages");
  else if (method !== "GET" && method !== "HEAD") refuse(reply, 405, `${method} is not served here`);
  else {
    const { status, body, headers } = metrics.answer(server, request.header("authorization"));
    reply.send(status, body, headers);
  }
  return true;
}

function refuse(reply: HttpReply, status: number, message: string): void {
  const error = errorMessage(undefined, new McpError(errorCodes.invalidRequest, message));
  reply.send(status, error, status === 405 ? { allow: "GET, HEAD" } : {});
}
