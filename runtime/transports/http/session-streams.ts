import { hasScopes, anonymous } from "../../protocol/auth.js";
import { errorCodes, McpError } from "../../protocol/errors.js";
import type { Auth } from "../../protocol/handlers.js";
import { errorMessage, lengthOf, textOf, type Id, type Outgoing } from "../../protocol/json-rpc.js";
import type { Booking, Ledger } from "../../protocol/ledger.js";
import type { EventLogs, EventLogWriter } from "../../protocol/store.js";
import type { HttpReply, Running } from "./endpoint.js";

/** The maximum bytes that a session keeps for resumption. The newest message is kept at any length. */
const maxLogBytes = 2 * 1024 * 1024;
/** Bytes of an event without its message. */
const eventBytes = 128;
/** Bytes of a log in Redis without its events: each stream there takes a block of memory with its first entry. */
export const logBytes = 4608;
/** The maximum number of connections per stream. The oldest one is closed. */
const maxReplies = 4;
/** The maximum number of streams of other replicas that a session reads. The oldest connection is closed. */
const maxFollowed = 100;
/** The maximum length of a request id in characters. A longer one is left out of event ids. */
const maxIdLength = 128;
/** Replaces the event number in the last event of a stream whose answer is no longer kept. */
const endMark = "end";

/** A stream: the messages of one request, or those that belong to none. */
export interface Stream {
  readonly number: number;
  /** The id of the answered request, as part of event ids. */
  readonly suffix: string;
  /** The scopes of the caller of the request. */
  readonly scopes: readonly string[];
  /** The log that other replicas read. */
  readonly log: EventLogWriter | undefined;
  /** Connections of the stream, the newest last. Only the newest gets messages. */
  readonly replies: HttpReply[];
  /** The numbers of the last event that was written to a client, and of the last event. */
  written: number;
  last: number;
  /** The number of events that are kept for resumption. */
  kept: number;
  done: boolean;
}

export interface SessionStreams {
  /** Messages that belong to no request. */
  readonly unsolicited: Stream;
  /** Writes later streams to logs, from which other replicas resume them. */
  share(logs: StreamLogs): void;
  /** Returns whether a client reads a stream of another replica. */
  isFollowing(): boolean;
  /** Returns whether an event id is that of the answer to a request. */
  isRequestStream(lastEventId: string | undefined): boolean;
  open(request: Id, auth: Auth | undefined): Stream;
  /** Sends an event id for resumption before the first message (2025-11-25). */
  prime(stream: Stream, reply: HttpReply): void;
  send(stream: Stream, message: Outgoing, awaited?: boolean): void;
  broadcast(message: Outgoing): void;
  finish(stream: Stream): void;
  /**
   * Resumes the stream of an event after that event; without one, the stream of messages that belong to no request.
   * `primes` sends an event id at once.
   */
  resume(
    lastEventId: string | undefined,
    auth: Auth | undefined,
    reply: HttpReply,
    primes: boolean,
  ): Running | undefined;
  close(): void;
}

interface LoggedEvent {
  readonly number: number;
  readonly stream: Stream;
  readonly message: Outgoing;
  /** Whether the message is the answer, after which there is no other event. */
  readonly isAnswer: boolean;
}

/** An event id of a client. */
interface EventId {
  readonly origin: string | undefined;
  readonly stream: number;
  readonly after: string;
  /** The id of the answered request, as in `Stream.suffix`. */
  readonly request: string;
}

/** The means to resume streams on other replicas. */
export interface StreamLogs {
  readonly logs: EventLogs;
  /** The name of the session in the store. */
  readonly session: string;
}

/** The number of the stream of messages that belong to no request. */
const unsolicitedNumber = 1;

/**
 * Creates the streams of a session, with a log for resumption (2025-11-25, transports: resumability). `origin` is part
 * of all event ids if other replicas serve the session, too. It is unique among all replicas, and with `share` it
 * begins with the name of the replica.
 */
export function createSessionStreams(ledger: Ledger, caller: string, origin?: string): SessionStreams {
  let shared: StreamLogs | undefined;
  const following = new Map<string, () => void>();
  const running = new Map<number, Stream>();
  const events: LoggedEvent[] = [];
  let size = 0;
  let booking: Booking | undefined;
  let opened = 0;
  let sent = 0;
  const unsolicited = create("", []);

  function create(suffix: string, scopes: readonly string[]): Stream {
    const number = (opened += 1);
    const log =
      !globalThis.mcpcWithoutStore && shared !== undefined && number > unsolicitedNumber
        ? shared.logs.open(logName(shared, origin!, number), scopes.join(" "))
        : undefined;
    const stream = { number, suffix, scopes, log, replies: [], written: 0, last: 0, kept: 0, done: false };
    running.set(number, stream);
    return stream;
  }

  function idOf({ number, suffix }: Stream, event: number | typeof endMark): string {
    return `${origin === undefined ? "" : `${origin}.`}${number}-${event}${suffix}`;
  }

  function write(reply: HttpReply, { number, stream, message, isAnswer }: LoggedEvent, awaited?: boolean): void {
    // Any replica can tell that nothing follows the end mark.
    reply.event(message, idOf(stream, isAnswer && origin !== undefined ? endMark : number), awaited);
    stream.written = number;
  }

  function keep(event: LoggedEvent): void {
    events.push(event);
    weigh(event, 1);
    if (!globalThis.mcpcWithoutStore) event.stream.log?.append(event.number, textOf(event.message), event.isAnswer);
    while (size > maxLogBytes && events.length > 1) drop();
    if (isBooked()) return;
    // Only the newest message is kept if there is no room for all.
    while (events.length > 1) drop();
    if (!isBooked()) forget();
  }

  /** Counts an event that is kept from now on, or no longer. */
  function weigh({ stream, message }: LoggedEvent, count: 1 | -1): void {
    const isShared = !globalThis.mcpcWithoutStore && stream.log !== undefined;
    const isEmpty = stream.kept === 0;
    stream.kept += count;
    size += count * (eventBytes + (isShared ? 3 : 2) * lengthOf(message));
    if (isShared && (isEmpty || stream.kept === 0)) size += count * logBytes;
  }

  function drop(): void {
    const event = events.shift()!;
    weigh(event, -1);
    if (!globalThis.mcpcWithoutStore) event.stream.log?.forget(event.number);
  }

  function isBooked(): boolean {
    if (booking !== undefined) return booking.resize(size);
    const item = { kind: "log", most: Infinity, caller, isIdle: () => true };
    return (booking = ledger.book(item, forget, size)) !== undefined;
  }

  function forget(): void {
    while (events.length > 0) drop();
    booking?.release();
    booking = undefined;
  }

  function unwritten(of: Stream, since = of.written): readonly LoggedEvent[] {
    return events.filter(({ stream, number }) => stream === of && number > since);
  }

  function send(stream: Stream, message: Outgoing, awaited = false): void {
    stream.last = sent += 1;
    const event = { number: sent, stream, message, isAnswer: awaited };
    keep(event);
    const reply = stream.replies.at(-1);
    if (reply !== undefined) write(reply, event, awaited);
  }

  function finish(stream: Stream): void {
    stream.done = true;
    if (!globalThis.mcpcWithoutStore) stream.log?.end();
    running.delete(stream.number);
    for (const reply of stream.replies.splice(0)) reply.close();
  }

  /**
   * Returns the stream of an event id; `undefined` if none of it is left, or if its request was made with more scopes.
   */
  function find(number: number, auth: Auth | undefined): Stream | undefined {
    const stream = running.get(number) ?? events.find((event) => event.stream.number === number)?.stream;
    return stream !== undefined && hasScopes(auth ?? anonymous, stream) ? stream : undefined;
  }

  function isOwn({ origin: from, stream }: EventId): boolean {
    return from === origin && stream > 0 && stream <= opened;
  }

  /** Returns whether an id is that of an answer of another replica, or of an earlier part of the session on this one. */
  function isElsewhere({ origin: from, stream }: EventId): boolean {
    return origin !== undefined && from !== undefined && from !== origin && stream > unsolicitedNumber;
  }

  return {
    unsolicited,
    share: (logs) => void (shared = logs),
    isFollowing: () => following.size > 0,
    isRequestStream(lastEventId) {
      const id = parseEventId(lastEventId);
      return id !== undefined && (isOwn(id) || isElsewhere(id)) && id.stream > unsolicitedNumber;
    },
    open(request, auth) {
      const id = JSON.stringify(request);
      return create(id.length > maxIdLength ? "" : `-${encodeURIComponent(id)}`, auth?.scopes ?? []);
    },
    prime: (stream, reply) => reply.event(undefined, idOf(stream, stream.written)),
    send,
    broadcast(message) {
      // A queued message with the same text suffices.
      const waits =
        unsolicited.replies.length === 0 && unwritten(unsolicited).some((event) => event.message === message);
      if (!waits) send(unsolicited, message);
    },
    finish,
    resume(lastEventId, auth, reply, primes) {
      const id = parseEventId(lastEventId);
      const known = id !== undefined && (isOwn(id) || isElsewhere(id)) ? id : undefined;
      const stream = known === undefined ? unsolicited : isOwn(known) ? find(known.stream, auth) : undefined;
      const missed = stream === undefined ? [] : unwritten(stream, known && Number(known.after));
      const hasEnded = stream?.done === true && missed.length === 0;
      // Some clients reconnect after the end, in an endless loop; 204 stops them.
      if (known !== undefined && (known.after === endMark || (hasEnded && stream.last <= Number(known.after))))
        return reply.send(204) as undefined;
      reply.open();
      // A client keeps its event id only if it receives the id again before the next break.
      if (primes) reply.event(undefined, known ? lastEventId : idOf(unsolicited, unsolicited.written));
      if (!globalThis.mcpcWithoutStore && shared !== undefined && known !== undefined && isElsewhere(known))
        return resumeElsewhere(shared, following, known, auth, reply, primes);
      if (stream === undefined || hasEnded) return reportLost(reply, known!);
      while (stream.replies.length >= (stream === unsolicited ? maxReplies : 1)) stream.replies.shift()!.close();
      // An answer was requested, and may be long.
      for (const event of missed) write(reply, event, stream !== unsolicited);
      if (stream.done) return reply.close() as undefined;
      stream.replies.push(reply);
      // A disconnect is no cancellation: messages are kept for the resumption.
      return { abandon: () => detach(stream, reply) };
    },
    close() {
      for (const stream of running.values()) finish(stream);
      for (const abandon of following.values()) abandon();
      if (!globalThis.mcpcWithoutStore) for (const { stream } of events) stream.log?.drop();
      forget();
    },
  };
}

/** Returns the name of a stream's log. `origin` is the part of event ids that names the replica. */
function logName({ session }: StreamLogs, origin: string, stream: number): string {
  return `${session}:${origin}.${stream}`;
}

/** Resumes a stream of another replica from its log. `following` has a function for each log, which abandons it. */
function resumeElsewhere(
  shared: StreamLogs,
  following: Map<string, () => void>,
  id: EventId,
  auth: Auth | undefined,
  reply: HttpReply,
  primes: boolean,
): Running {
  const { origin = "", stream: number, request } = id;
  const [writer = ""] = origin.split("_");
  const suffix = request && `-${request}`;
  const name = logName(shared, origin, number);
  following.get(name)?.();
  if (following.size >= maxFollowed) following.values().next().value!();
  const stop = shared.logs.follow(name, writer, Number(id.after), {
    open: (scopes) => hasScopes(auth ?? anonymous, { scopes: scopes === "" ? [] : scopes.split(" ") }),
    event: (event, data, isAnswer) =>
      reply.event(data, `${origin}.${number}-${isAnswer ? endMark : event}${suffix}`, true),
    end(isAnswered) {
      // A cancelled request has no answer, and the client must not come back for one.
      if (primes && !isAnswered) reply.event(undefined, `${origin}.${number}-${endMark}${suffix}`);
      end(() => reply.close());
    },
    lost: () => end(() => reportLost(reply, id)),
  });
  const abandon = (): void => end(() => reply.close());
  following.set(name, abandon);
  function end(last: () => void): void {
    stop();
    if (following.get(name) !== abandon) return;
    following.delete(name);
    last();
  }
  return { abandon };
}

/** Removes a closed connection from its stream. */
export function detach({ replies }: Pick<Stream, "replies">, reply: HttpReply): void {
  const at = replies.indexOf(reply);
  if (at !== -1) replies.splice(at, 1);
}

function parseEventId(text = ""): EventId | undefined {
  const [, origin, stream, after, request = ""] = /^(?:(\w+)\.)?(\d{1,15})-(\d{1,15}|end)(?:-(.+))?$/.exec(text) ?? [];
  return after === undefined ? undefined : { origin, stream: Number(stream), after, request };
}

/** Answers with an error if the answer is lost: the client would otherwise wait for ever. */
function reportLost(reply: HttpReply, { origin, stream, request }: EventId): undefined {
  const error = new McpError(errorCodes.internalError, "the answer is no longer kept; send the request again if safe");
  const id = `${origin === undefined ? "" : `${origin}.`}${stream}-${endMark}${request && `-${request}`}`;
  reply.event(errorMessage(idFrom(request), error), id, true);
  reply.close();
}

function idFrom(text: string): Id | undefined {
  try {
    const id: unknown = JSON.parse(decodeURIComponent(text));
    return typeof id === "string" || Number.isSafeInteger(id) ? (id as Id) : undefined;
  } catch {
    return undefined;
  }
}
