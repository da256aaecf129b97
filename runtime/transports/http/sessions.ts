import { connect, type Connection, type Reply } from "../../protocol/connection.js";
import type { Outlet, Server } from "../../protocol/exchange.js";
import { lengthOf, type Outgoing, type RequestMessage } from "../../protocol/json-rpc.js";
import type { HttpReply, HttpRequest, Running } from "./exchange.js";

/** Of one endpoint, unless told otherwise; beyond these the one that is idle for the longest time ends. */
export const mostSessions = 1000;
const idleMs = 30 * 60_000;
/** Within this time a use is the same use: a busy session is not moved in the order with every request. */
const usedAgainMs = 1000;
/** What a session keeps for clients that come back (2025-11-25, transports: resumability), in UTF-16 code units. */
const longestLog = 1024 * 1024;

interface LoggedEvent {
  readonly number: number;
  readonly stream: Stream;
  readonly message: Outgoing;
}

/** The messages that belong together: those of one request, or those that belong to none. */
interface Stream {
  readonly number: number;
  reply: HttpReply | undefined;
  /** The last event that was written for somebody. */
  told: number;
  done: boolean;
}

export interface Session {
  readonly id: string;
  /** Whose it is: nobody else finds it. */
  readonly owner: string | undefined;
  readonly connection: Connection;
  /** Answers a request of this session, on a stream as soon as there is more than the answer. */
  request(message: RequestMessage, request: HttpRequest, reply: HttpReply): Running | undefined;
  /** The stream of what belongs to no request; or, after `lastEventId`, the rest of the stream that broke. */
  listen(lastEventId: string | undefined, reply: HttpReply): Running | undefined;
  lastUsed: number;
  /** A request runs, or a stream is open. */
  readonly busy: boolean;
  close(reason: Error): void;
}

export interface Sessions {
  /** A session that nobody knows of yet. */
  create(owner: string | undefined): Session;
  /** False when there is no room for it. */
  keep(session: Session): boolean;
  get(id: string, owner: string | undefined): Session | undefined;
  delete(id: string): void;
}

export function createSessions(server: Server, most = mostSessions): Sessions {
  const sessions = new Map<string, Session>();
  const end = (session: Session, reason: string): void => {
    sessions.delete(session.id);
    session.close(new Error(reason));
  };
  /** The map is in the order of last use: the idle ones come first. */
  const sweep = (): void => {
    const now = performance.now();
    for (const session of sessions.values()) {
      if (sessions.size < most && now - session.lastUsed < idleMs) return;
      if (!session.busy) end(session, "the session was idle for too long");
    }
  };
  return {
    create: (owner) => createSession(server, owner),
    keep(session) {
      sweep();
      if (sessions.size >= most) return false;
      sessions.set(session.id, session);
      return true;
    },
    get(id, owner) {
      const session = sessions.get(id);
      if (session === undefined || session.owner !== owner) return undefined;
      const now = performance.now();
      if (now - session.lastUsed < usedAgainMs) return session;
      session.lastUsed = now;
      sessions.delete(id);
      sessions.set(id, session);
      return session;
    },
    delete(id) {
      const session = sessions.get(id);
      if (session !== undefined) end(session, "the client ended the session");
    },
  };
}

function createSession(server: Server, owner: string | undefined): Session {
  const events: LoggedEvent[] = [];
  let logged = 0;
  let streams = 0;
  let sent = 0;
  const open = (reply: HttpReply | undefined): Stream => ({ number: (streams += 1), reply, told: 0, done: false });
  const unsolicited = open(undefined);

  function send(stream: Stream, message: Outgoing, awaited?: boolean): void {
    sent += 1;
    const event = { number: sent, stream, message };
    events.push(event);
    logged += lengthOf(message);
    while (logged > longestLog) logged -= lengthOf(events.shift()!.message);
    if (stream.reply !== undefined) tell(stream.reply, event, awaited);
  }

  function tell(reply: HttpReply, { number, stream, message }: LoggedEvent, awaited?: boolean): void {
    reply.event(message, `${stream.number}-${number}`, awaited);
    stream.told = number;
  }

  /** What belongs to no request waits for a stream; what waits already says the same. */
  function broadcast(message: Outgoing): void {
    if (unsolicited.reply === undefined && untold(unsolicited).some((event) => event.message === message)) return;
    send(unsolicited, message);
  }

  function untold(of: Stream, since = of.told): readonly LoggedEvent[] {
    return events.filter(({ stream, number }) => stream === of && number > since);
  }

  function finish(stream: Stream): void {
    stream.done = true;
    stream.reply?.close();
    stream.reply = undefined;
  }

  const attached = (stream: Stream, reply: HttpReply): Running => ({
    // Hanging up is not cancelling: what comes is kept until the client is back.
    abandon: () => {
      if (stream.reply === reply) stream.reply = undefined;
    },
  });

  const connection = connect(server, (message) => broadcast(message));
  // A server that stops ends the stream of what belongs to no request; it would stay open for ever.
  const ending = { deliver: () => {}, end: () => finish(unsolicited) };
  server.subscribers.add(ending);
  return {
    id: crypto.randomUUID(),
    owner,
    connection,
    lastUsed: performance.now(),
    get busy() {
      return connection.pending > 0 || unsolicited.reply !== undefined;
    },
    request(message, request, reply) {
      let stream: Stream | undefined;
      let abandoned = false;
      const streams = request.header("accept")?.includes("text/event-stream") === true;
      const outlet: Outlet = {
        request,
        oneWay: !streams,
        notify(text) {
          if (!streams) return;
          if (stream === undefined) {
            stream = open(abandoned ? undefined : reply);
            if (!abandoned) reply.open();
            // An empty event that can be resumed from; clients of older revisions take it for a message.
            if (connection.session?.protocolVersion === "2025-11-25")
              reply.event(undefined, `${stream.number}-${sent}`);
          }
          if (!stream.done) send(stream, text);
        },
      };
      const settle: Reply = (answer, refusal) => {
        if (stream === undefined) {
          if (abandoned) return;
          return reply.send(refusal?.httpStatus ?? (answer === undefined ? 202 : 200), answer, refusal?.headers);
        }
        if (answer !== undefined) send(stream, answer, true);
        finish(stream);
      };
      const call = connection.request(message, outlet, settle, request.auth);
      if (call === undefined) return undefined;
      return {
        abandon: () => {
          abandoned = true;
          if (stream?.reply === reply) stream.reply = undefined;
        },
      };
    },
    listen(lastEventId, reply) {
      // The id of an event begins with the number of its stream; what was sent after it is replayed.
      const [, number, after] = /^(\d+)-(\d+)$/.exec(lastEventId ?? "") ?? [];
      const stream = events.find((event) => String(event.stream.number) === number)?.stream ?? unsolicited;
      if (lastEventId === undefined && stream.reply !== undefined) {
        reply.send(409);
        return undefined;
      }
      stream.reply?.close();
      reply.open();
      const missed = untold(stream, String(stream.number) === number ? Number(after) : undefined);
      for (const event of missed) tell(reply, event);
      if (stream.done) {
        reply.close();
        return undefined;
      }
      stream.reply = reply;
      return attached(stream, reply);
    },
    close(reason) {
      server.subscribers.delete(ending);
      connection.close(reason);
      finish(unsolicited);
    },
  };
}
