import { identityOf } from "../../protocol/auth.js";
import { callerOf } from "../../protocol/caller.js";
import { unexpectedError } from "../../protocol/connection.js";
import { invalidRequest, UnavailableError, type McpError } from "../../protocol/errors.js";
import type { Server } from "../../protocol/exchange.js";
import type { Id, NotificationMessage, RequestMessage, ResponseMessage } from "../../protocol/json-rpc.js";
import { observeRefusedMessage } from "../../protocol/observe.js";
import { deferred } from "./deferred.js";
import { unavailable, type HttpReply, type HttpRequest, type Running } from "./endpoint.js";
import type { Acceptance, HttpSession } from "./http-session.js";
import { refuse } from "./refuse.js";
import type { SessionOpening, Sessions } from "./sessions.js";

/** Takes a notification or a response. */
export function accept(
  session: HttpSession,
  kind: "notification" | "response",
  message: NotificationMessage | ResponseMessage,
): Acceptance {
  if (kind === "notification") return session.notification(message as NotificationMessage);
  return session.response(message as ResponseMessage);
}

/**
 * Calls `resume` with the session of an HTTP request, or with an error. Only a search for it on other replicas takes
 * time. `message` is the request of the protocol, if it is one; `whole` may be a batch.
 */
export function withSession(
  server: Server,
  sessions: Sessions,
  request: HttpRequest,
  reply: HttpReply,
  message: RequestMessage | undefined,
  resume: (session: HttpSession | McpError) => Running | undefined,
  whole: unknown = message,
): Running | undefined {
  const id = request.header("mcp-session-id");
  if (id === undefined) return resume(missingSession);
  const session = sessions.get(id, identityOf(request.auth));
  const { find } = sessions;
  if (session !== undefined || find === undefined) return resume(session ?? unknownSession);
  const search = (): ReturnType<typeof find> => find(id, request);
  // Clients send answers and notifications only once.
  const isSentOnce = message === undefined && request.method === "POST";
  const found =
    !globalThis.mcpcWithoutStore && isSentOnce && server.store !== undefined
      ? server.store.retry(search, callerOf(request.auth, request.remote))
      : search();
  const fail = (error: unknown): void => {
    const refusal = refuseFailed(server, reply, message?.id, error);
    if (!globalThis.mcpcWithoutObservers)
      observeRefusedMessage(server, whole, { notify: () => {}, request }, request.auth, refusal);
  };
  return deferred(request, found, (session = unknownSession) => resume(session), fail);
}

export function refuseSession(reply: HttpReply, id: Id | undefined, error: McpError): undefined {
  if (error instanceof UnavailableError) return unavailable(reply, error, id);
  return refuse(reply, error === unknownSession ? 404 : 400, id, error);
}

/** Refuses a message that could not be handled, or that the store is away for. Returns the error that it sends. */
export function refuseFailed(server: Server, reply: HttpReply, id: Id | undefined, error: unknown): McpError {
  const refusal = error instanceof UnavailableError ? error : unexpectedError(server, error);
  if (refusal instanceof UnavailableError) unavailable(reply, refusal, id);
  else refuse(reply, 500, id, refusal);
  return refusal;
}

const missingSession = /* @__PURE__ */ invalidRequest("Mcp-Session-Id is missing; open a session with initialize");
/** Sent with 404, which makes a client open another session (2025-03-26, transports: session management). */
const unknownSession = /* @__PURE__ */ invalidRequest("there is no such session any more; open one with initialize");

/** Opens a session, unless `initialize` fails. */
export function openSession(
  sessions: Sessions,
  request: HttpRequest,
  message: RequestMessage,
  reply: HttpReply,
): Running | undefined {
  const answer = ({ answer, session, refusal }: SessionOpening): undefined => {
    const { httpStatus = 200, headers } = refusal ?? {};
    reply.send(httpStatus, answer, session === undefined ? headers : { "mcp-session-id": session.id });
  };
  const opening = sessions.open(message, request);
  if (!(opening instanceof Promise)) return answer(opening);
  return deferred(request, opening, answer, (error) => reply.fail(error));
}
