import { identityOf } from "../../protocol/auth.js";
import { callerOf } from "../../protocol/caller.js";
import { connect, type Connection, type Reply } from "../../protocol/connection.js";
import { invalidRequest, type McpError } from "../../protocol/errors.js";
import type { Outlet, Peer, Server } from "../../protocol/exchange.js";
import type { NotificationMessage, RequestMessage, ResponseMessage } from "../../protocol/json-rpc.js";
import type { Booking } from "../../protocol/ledger.js";
import { onSilence } from "./events.js";
import type { HttpOptions, HttpReply, HttpRequest, Running } from "./endpoint.js";
import { acceptsStream } from "./single-request.js";
import { createSessionStreams, detach, type Stream } from "./session-streams.js";
import type { SharedSession } from "./session-records.js";
import { createStoredPart, type StoredPart } from "./stored-sessions.js";

/** The error of a message that is not accepted, if any. It is a promise only if another replica gets the message. */
export type Acceptance = McpError | undefined | Promise<McpError | undefined>;

export interface HttpSession {
  id: string;
  /** The identity of the owner. Other callers cannot find the session. */
  readonly owner: string | undefined;
  readonly connection: Connection;
  /** The session as other replicas know it; `undefined` if only this one has it. */
  shared: SharedSession | undefined;
  /** Makes this a part of a session that other replicas serve, too. `end` is called when the client ends it there. */
  join(shared: SharedSession, end: () => void): void;
  /** Answers a request of this session. The answer becomes a stream at the first notification. */
  request(message: RequestMessage, request: HttpRequest, reply: HttpReply): Running | undefined;
  notification(message: NotificationMessage): Acceptance;
  /** Runs a request. */
  run(message: RequestMessage, outlet: Outlet, answer: Reply, auth: HttpRequest["auth"]): unknown;
  /** Takes the answer to a question. */
  response(message: ResponseMessage): Acceptance;
  /** Sets the last use, and extends the life of the session on all replicas. */
  touch(now: number): void;
  /** Opens the stream of messages that belong to no request; or, after `lastEventId`, resumes a stream. */
  listen(lastEventId: string | undefined, request: HttpRequest, reply: HttpReply): Running | undefined;
  lastUsed: number;
  booking: Booking | undefined;
  /** Returns whether a request runs or a stream is open. */
  isBusy(): boolean;
  close(reason: Error): void;
}

/** The part of a session on this replica, if others serve it, too. */
export interface SessionPart {
  /** The name of the part, which no other part of any replica has. */
  readonly name: string;
  /** The client of a session that another replica has opened. */
  readonly peer?: Peer;
}

/** Creates a session, or the part of one that is on this replica. */
export function createSession(
  server: Server,
  { auth, remote }: HttpRequest,
  { keepAliveMs }: Pick<HttpOptions, "keepAliveMs">,
  part?: SessionPart,
): HttpSession {
  const streams = createSessionStreams(server.ledger, callerOf(auth, remote), part?.name);
  const { unsolicited } = streams;
  const connection = connect(server, streams.broadcast, undefined, {
    ...{ remote, peer: part?.peer, questionPrefix: part?.name },
    // With a store, a stream of its own reads the changes.
    ...(!globalThis.mcpcWithoutStore && server.store !== undefined && { sendsChanges: false }),
  });
  let stored: StoredPart | undefined;
  /** Returns whether the client understands an event without a message. Older revisions take it for a message. */
  const needsPriming = (): boolean => connection.peer()?.protocolVersion === "2025-11-25";
  // The stream has no end of its own, so a server that stops has to end it.
  const ending = { deliver: () => {}, end: () => streams.finish(unsolicited) };
  return {
    id: crypto.randomUUID(),
    owner: identityOf(auth),
    connection,
    shared: undefined,
    join(joined, end) {
      this.shared = joined;
      this.id = joined.id;
      if (!globalThis.mcpcWithoutStore && joined.stored !== undefined) {
        streams.share({ logs: joined.stored.store.eventLogs, session: joined.stored.key.name });
        stored = createStoredPart(server, joined.stored, part!.name, connection, end);
      }
    },
    lastUsed: performance.now(),
    booking: undefined,
    isBusy() {
      if (connection.requestCount() > 0 || unsolicited.replies.length > 0) return true;
      return stored !== undefined && (streams.isFollowing() || stored.changes.isOpen());
    },
    request(message, request, reply) {
      let stream: Stream | undefined;
      let abandoned = false;
      let settled = false;
      const accepts = acceptsStream(request);
      const begin = (): Stream => {
        if (stream !== undefined) return stream;
        stream = streams.open(message.id, request.auth);
        if (abandoned) return stream;
        reply.open();
        stream.replies.push(reply);
        if (needsPriming()) streams.prime(stream, reply);
        return stream;
      };
      const outlet: Outlet = {
        request,
        oneWay: !accepts,
        notify(text) {
          if (accepts && !begin().done) streams.send(begin(), text);
        },
      };
      const settle: Reply = (answer, refusal) => {
        settled = true;
        silence?.();
        if (stream === undefined) {
          if (abandoned) return;
          return reply.send(refusal?.httpStatus ?? (answer === undefined ? 202 : 200), answer, refusal?.headers);
        }
        if (answer !== undefined) streams.send(stream, answer, true);
        streams.finish(stream);
      };
      let silence: (() => void) | undefined;
      const call = this.run(message, outlet, settle, request.auth);
      if (call === undefined || settled) return undefined;
      if (accepts) silence = onSilence(keepAliveMs, begin);
      return {
        abandon: () => {
          abandoned = true;
          silence?.();
          if (stream !== undefined) detach(stream, reply);
        },
      };
    },
    run: (message, outlet, answer, auth) =>
      connection.request(message, outlet, stored === undefined ? answer : stored.remember(message, answer), auth),
    notification(message) {
      const sent = stored?.cancel(message);
      if (sent !== undefined) return sent;
      connection.notification(message);
      return undefined;
    },
    response(message) {
      const sent = stored?.answer(message);
      if (sent !== undefined) return sent;
      const isOwn = part === undefined || (typeof message.id === "string" && message.id.startsWith(`${part.name}-`));
      if (!isOwn && stored === undefined) return askedElsewhere();
      connection.response(message);
      return undefined;
    },
    touch(now) {
      this.lastUsed = now;
      stored?.touch(now);
    },
    listen(lastEventId, request, reply) {
      if (stored !== undefined && !streams.isRequestStream(lastEventId))
        return stored.changes.listen(lastEventId, reply, needsPriming());
      server.subscribers.add(ending);
      // Another replica may have received the notification.
      if (part !== undefined) connection.notification({ method: "notifications/initialized" });
      return streams.resume(lastEventId, request.auth, reply, needsPriming());
    },
    close(reason) {
      server.subscribers.delete(ending);
      stored?.close();
      this.booking?.release();
      this.booking = undefined;
      connection.close(reason);
      streams.close();
    },
  };
}

/** The error for an answer that would otherwise be accepted and lost. */
function askedElsewhere(): McpError {
  return invalidRequest("another replica has asked this question; the answer has to reach that one");
}
