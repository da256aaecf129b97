import { identityOf } from "../../protocol/auth.js";
import { callerOf } from "../../protocol/caller.js";
import { unexpectedError, type Keep, type Reply } from "../../protocol/connection.js";
import { busy, full, UnavailableError, type McpError } from "../../protocol/errors.js";
import type { Peer, Server } from "../../protocol/exchange.js";
import type { Outgoing, RequestMessage } from "../../protocol/json-rpc.js";
import { weightOf } from "../../protocol/ledger.js";
import { subscribedBytes } from "../../protocol/methods/subscriptions.js";
import type { HttpOptions, HttpRequest } from "./endpoint.js";
import { createSession, type HttpSession } from "./http-session.js";
import { createSealedSessions } from "./sealed-sessions.js";
import type { SharedSession, SharedSessions } from "./session-records.js";
import { createStoredSessions } from "./stored-sessions.js";

/** The default maximum number of sessions. */
export const defaultMaxSessions = 1000;
const idleMs = 30 * 60_000;
/** Interval at which idle sessions are ended. */
const sweepMs = 60_000;
/** Minimum interval between two updates of a session's last use, so that a busy session costs little. */
const touchIntervalMs = 1000;
/** Bytes of a new session. */
export const sessionBytes = 4096;

/** The answer to `initialize`, and the session if it was opened. */
export interface SessionOpening {
  readonly answer: Outgoing | undefined;
  readonly session?: HttpSession | undefined;
  readonly refusal?: UnavailableError | undefined;
}

export interface Sessions {
  /** Opens a session. Returns a promise only if other replicas can serve it, too. */
  open(message: RequestMessage, request: HttpRequest): SessionOpening | Promise<SessionOpening>;
  /** Returns a session of this replica. */
  get(id: string, owner: string | undefined): HttpSession | undefined;
  /** Returns a session that another replica has opened. Absent if there are no other replicas. */
  readonly find?: (id: string, request: HttpRequest) => Promise<HttpSession | McpError | undefined>;
  /** Ends a session. Returns a promise only if other replicas have to know. */
  delete(session: HttpSession, request: HttpRequest): void | Promise<void>;
}

type Options = Pick<HttpOptions, "maxSessions" | "keepAliveMs">;

export function createSessions(server: Server, options: Options): Sessions {
  const { maxSessions: most = defaultMaxSessions } = options;
  const sessions = new Map<string, HttpSession>();
  const shared = sharedSessions(server);
  const end = (session: HttpSession, reason: Error): void => {
    sessions.delete(session.id);
    session.close(reason);
  };
  const isIdle = (session: HttpSession, now: number): boolean => {
    // The idle time begins with the end of the last stream, also on other replicas.
    if (session.isBusy()) session.touch(now);
    return now - session.lastUsed >= idleMs;
  };
  const endIdle = (session: HttpSession): void => end(session, new Error("the session was idle for too long"));
  const endByClient = (session: HttpSession): void => end(session, new Error("the client ended the session"));
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** Ends idle sessions at intervals, as long as there are sessions. */
  const sweep = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      const now = performance.now();
      for (const session of sessions.values()) if (isIdle(session, now)) endIdle(session);
      if (sessions.size > 0) sweep();
    }, sweepMs);
    (timer as { unref?: () => void }).unref?.();
  };
  const get = (id: string, owner: string | undefined): HttpSession | undefined => {
    const session = sessions.get(id);
    if (session === undefined || session.owner !== owner) return undefined;
    const now = performance.now();
    if (now - session.lastUsed < touchIntervalMs) return session;
    if (isIdle(session, now)) return endIdle(session) as undefined;
    if (session.shared?.hasExpired() === true) return end(session, new Error("the session has expired")) as undefined;
    session.touch(now);
    session.booking?.touch();
    return session;
  };
  /** Books a session, unless there is no room. */
  const book = (session: HttpSession, peer: Peer, { auth, remote }: HttpRequest): UnavailableError | undefined => {
    const item = { kind: "session", most, caller: callerOf(auth, remote), isIdle: () => !session.isBusy() };
    const evict = (): void => end(session, busy("another client needs the place of the session"));
    const booking = server.ledger.book(item, evict, sessionBytes + weightOf(peer.capabilities) + subscribedBytes(peer));
    if (booking === undefined) {
      session.close(new Error("there is no room for the session"));
      return noRoom();
    }
    session.booking = peer.booking = booking;
    return undefined;
  };
  const add = (session: HttpSession): void => {
    sessions.set(session.id, session);
    sweep();
  };
  const create = (request: HttpRequest, peer?: Peer): HttpSession =>
    createSession(server, request, options, shared && { name: shared.newPart(), ...(peer && { peer }) });
  const join = (session: HttpSession, joined: SharedSession): void => session.join(joined, () => endByClient(session));
  return {
    open(message, request) {
      let opened: SessionOpening | undefined;
      let resolve: ((opening: SessionOpening) => void) | undefined;
      const settle: Reply = (answer, refusal) => {
        opened = { answer, refusal, session: sessions.get(session.id) };
        resolve?.(opened);
      };
      const session = create(request);
      const keep: Keep = (peer) => {
        const refusal = book(session, peer, request);
        if (refusal !== undefined) return refusal;
        const admit = (joined?: SharedSession): UnavailableError | undefined => {
          // Meanwhile another client may have taken the place of the session.
          if (session.booking === undefined) {
            if (joined !== undefined) void shared?.end(joined, request)?.catch(() => {});
            return noRoom();
          }
          if (joined !== undefined) join(session, joined);
          add(session);
          return undefined;
        };
        if (shared === undefined) return admit();
        const fail = (error: unknown): McpError => {
          session.close(new Error("the session could not be shared"));
          return error instanceof UnavailableError ? error : unexpectedError(server, error);
        };
        return shared.share(peer, request).then(admit).catch(fail);
      };
      session.connection.request(message, { notify: () => {}, request }, settle, request.auth, keep);
      return opened ?? new Promise((then) => (resolve = then));
    },
    get,
    ...(shared && {
      async find(id, request) {
        const found = await shared.find(id, request.auth);
        // Another request may have found it meanwhile.
        const known = get(id, identityOf(request.auth));
        if (found === undefined || known !== undefined) return known;
        const session = create(request, found.peer);
        join(session, found.session);
        const refusal = book(session, found.peer, request);
        if (refusal === undefined) add(session);
        return refusal ?? session;
      },
    }),
    delete(session, request) {
      const ended = session.shared && shared?.end(session.shared, request);
      const finish = (): void => endByClient(session);
      return ended === undefined ? finish() : ended.then(finish);
    },
  };
}

function noRoom(): UnavailableError {
  return full("too many sessions are in use");
}

function sharedSessions(server: Server): SharedSessions | undefined {
  if (!globalThis.mcpcWithoutStore && server.store !== undefined) return createStoredSessions(server, server.store);
  return server.stateKeys.length > 0 ? createSealedSessions(server) : undefined;
}
