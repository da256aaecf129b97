import { callerOf } from "../../protocol/caller.js";
import { identityOf } from "../../protocol/auth.js";
import { connect, type Connection, type Reply } from "../../protocol/connection.js";
import { full, invalidRequest, type McpError, type UnavailableError } from "../../protocol/errors.js";
import type { Outlet, Peer, Server } from "../../protocol/exchange.js";
import { errorMessage, type Outgoing, type RequestMessage, type ResponseMessage } from "../../protocol/json-rpc.js";
import { weightOf, type Booking } from "../../protocol/ledger.js";
import { onSilence } from "./events.js";
import type { HttpOptions, HttpReply, HttpRequest, Running } from "./endpoint.js";
import { acceptsStream } from "./single-request.js";
import { createSealedSessions, type SharedSession } from "./sealed-sessions.js";
import { createSessionStreams, detach, type Stream } from "./session-streams.js";

/** The default maximum number of sessions. */
export const defaultMaxSessions = 1000;
const idleMs = 30 * 60_000;
/** Minimum interval between two updates of a session's last use, so that a busy session costs little. */
const touchIntervalMs = 1000;
/** Bytes of a new session. */
export const sessionBytes = 4096;

export interface HttpSession {
  readonly id: string;
  /** The identity of the owner. Other callers cannot find the session. */
  readonly owner: string | undefined;
  readonly connection: Connection;
  /** The session as other replicas know it; `undefined` if only this one has it. */
  shared: SharedSession | undefined;
  /** Answers a request of this session. The answer becomes a stream at the first notification. */
  request(message: RequestMessage, request: HttpRequest, reply: HttpReply): Running | undefined;
  /** Takes the answer to a question. Returns an error if another replica has asked. */
  response(message: ResponseMessage): McpError | undefined;
  /** Opens the stream of messages that belong to no request; or, after `lastEventId`, resumes a stream. */
  listen(lastEventId: string | undefined, request: HttpRequest, reply: HttpReply): Running | undefined;
  lastUsed: number;
  booking: Booking | undefined;
  /** Whether a request runs or a stream is open. */
  readonly busy: boolean;
  close(reason: Error): void;
}

/** The answer to `initialize`, and the session if it was opened. */
export interface SessionOpening {
  readonly answer: Outgoing | undefined;
  readonly session?: HttpSession;
  readonly refusal?: UnavailableError | undefined;
}

export interface Sessions {
  /** Opens a session. Returns a promise only if other replicas can serve it, too. */
  open(message: RequestMessage, request: HttpRequest): SessionOpening | Promise<SessionOpening>;
  /** Returns a session of this replica. */
  get(id: string, owner: string | undefined): HttpSession | undefined;
  /** Returns a session that another replica has opened. Absent if there are no other replicas. */
  readonly find?: (id: string, request: HttpRequest) => Promise<HttpSession | McpError | undefined>;
  delete(session: HttpSession, request: HttpRequest): void;
}

type Options = Pick<HttpOptions, "maxSessions" | "keepAliveMs">;

export function createSessions(server: Server, options: Options): Sessions {
  const { maxSessions: most = defaultMaxSessions } = options;
  const sessions = new Map<string, HttpSession>();
  const shared = server.stateKeys.length > 0 ? createSealedSessions(server) : undefined;
  const end = (session: HttpSession, reason: string): void => {
    sessions.delete(session.id);
    session.close(new Error(reason));
  };
  /** The map is in the order of last use, so idle sessions come first. */
  const sweep = (): void => {
    const now = performance.now();
    for (const session of sessions.values()) {
      if (now - session.lastUsed < idleMs) return;
      if (!session.busy) end(session, "the session was idle for too long");
    }
  };
  const get = (id: string, owner: string | undefined): HttpSession | undefined => {
    const session = sessions.get(id);
    if (session === undefined || session.owner !== owner) return undefined;
    const now = performance.now();
    if (now - session.lastUsed < touchIntervalMs) return session;
    if (session.shared?.hasExpired() === true) return end(session, "the session has expired") as undefined;
    session.lastUsed = now;
    session.booking?.touch();
    sessions.delete(id);
    sessions.set(id, session);
    return session;
  };
  /** Keeps a session, unless there is no room. */
  const keep = (session: HttpSession, peer: Peer, { auth, remote }: HttpRequest): UnavailableError | undefined => {
    sweep();
    const item = { kind: "session", most, caller: callerOf(auth, remote), isIdle: () => !session.busy };
    const evict = (): void => end(session, "another client needs the place of the session");
    const booking = server.ledger.book(item, evict, sessionBytes + weightOf(peer.capabilities));
    if (booking === undefined) {
      session.close(new Error("there is no room for the session"));
      return full("too many sessions are in use");
    }
    session.booking = peer.booking = booking;
    sessions.set(session.id, session);
    return undefined;
  };
  return {
    open(message, request) {
      const session = createSession(server, request, options, shared !== undefined);
      let opened: SessionOpening = { answer: undefined };
      const settle: Reply = (answer, refusal) => void (opened = { answer, refusal });
      session.connection.request(message, { notify: () => {}, request }, settle, request.auth);
      const peer = session.connection.session;
      if (peer === undefined) return opened;
      const admit = (): SessionOpening => {
        const refusal = keep(session, peer, request);
        return refusal ? { answer: errorMessage(message.id, refusal), refusal } : { ...opened, session };
      };
      if (shared === undefined) return admit();
      return shared.share(peer, request.auth).then((shared) => {
        session.shared = shared;
        return admit();
      });
    },
    get,
    ...(shared && {
      async find(id, request) {
        const found = await shared.find(id, request.auth);
        // Another request may have found it meanwhile.
        const known = get(id, identityOf(request.auth));
        if (found === undefined || known !== undefined) return known;
        const session = createSession(server, request, options, true, found.peer);
        session.shared = found;
        return keep(session, found.peer, request) ?? session;
      },
    }),
    delete(session, request) {
      if (session.shared !== undefined) shared?.end(session.shared, request);
      end(session, "the client ended the session");
    },
  };
}

/** Creates the part of a session that is on this replica. `peer` is the client of a session of another replica. */
function createSession(
  server: Server,
  { auth, remote }: HttpRequest,
  { keepAliveMs }: Options,
  isShared: boolean,
  peer?: Peer,
): HttpSession {
  // A session that comes back to this replica must not reuse ids, so its parts have names of their own.
  const part = isShared ? crypto.randomUUID().slice(-12) : undefined;
  const streams = createSessionStreams(server.ledger, callerOf(auth, remote), part);
  const { unsolicited } = streams;
  const connection = connect(server, streams.broadcast, undefined, { remote, peer, questionPrefix: part });
  const ownId = crypto.randomUUID();
  /** Returns whether the client understands an event without a message. Older revisions take it for a message. */
  const needsPriming = (): boolean => connection.session?.protocolVersion === "2025-11-25";
  // The stream has no end of its own, so a server that stops has to end it.
  const ending = { deliver: () => {}, end: () => streams.finish(unsolicited) };
  return {
    get id() {
      return this.shared?.id ?? ownId;
    },
    owner: identityOf(auth),
    connection,
    shared: undefined,
    lastUsed: performance.now(),
    booking: undefined,
    get busy() {
      return connection.pending > 0 || unsolicited.replies.length > 0;
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
      const call = connection.request(message, outlet, settle, request.auth);
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
    response(message) {
      const { id } = message;
      if (part !== undefined && !(typeof id === "string" && id.startsWith(`${part}-`))) return askedElsewhere();
      connection.response(message);
      return undefined;
    },
    listen(lastEventId, request, reply) {
      server.subscribers.add(ending);
      // Another replica may have received the notification.
      if (part !== undefined) connection.notification({ method: "notifications/initialized" });
      return streams.resume(lastEventId, request.auth, reply, needsPriming());
    },
    close(reason) {
      server.subscribers.delete(ending);
      this.booking?.release();
      connection.close(reason);
      streams.close();
    },
  };
}

/** The error for an answer that would otherwise be accepted and lost. */
function askedElsewhere(): McpError {
  return invalidRequest("another replica has asked this question; the answer has to reach that one");
}
