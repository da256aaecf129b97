import { changeMessage, isWanted, wantedChanges } from "../../protocol/changes.js";
import type { Change, Peer, Server, Store, Subscriber } from "../../protocol/exchange.js";
import type { HttpReply, Running } from "./endpoint.js";
import { detach } from "./session-streams.js";

/** The maximum number of connections on this replica. The oldest one is closed. */
const maxReplies = 4;
/** The maximum number of streams on other replicas to remember. */
const maxLater = 100;
/** Delay before changes are read again that could not be read, because the store is away. */
const retryMs = 500;
/** Interval at which a stream that another one has replaced looks whether the replica of that one lives. */
const lookMs = 2000;

/** The stream of the changes that a session has subscribed to, which any replica resumes. */
export interface ChangeStream {
  isOpen(): boolean;
  /** Returns whether the stream is open, and none that was opened later on another replica. */
  isSending(): boolean;
  /** Returns the position in the log of changes up to which the client has them. */
  position(): string;
  /** Opens the stream, after the change of an event id or after the position of the session. */
  listen(lastEventId: string | undefined, reply: HttpReply, primes: boolean): Running;
  /**
   * Takes what a part of the session has announced, in the order that all replicas see; `other` is absent for this part.
   * The open stream that was opened last sends the changes.
   */
  take(type: "listen" | "silence", other: string | undefined, position: string | undefined): void;
  /** Announces once more what the stream is, because announcements may be lost. Resolves after the first attempt. */
  repeat(): Promise<void>;
  close(): void;
}

export interface ChangeStreamOptions {
  readonly server: Server;
  readonly store: Store;
  readonly peer: Peer;
  readonly position: string;
  /** Reads the position that other replicas know. */
  readonly latest: () => Promise<string | undefined>;
  /** Tells other replicas that the stream opens or has ended. The position is absent if another one sends the changes. */
  readonly announce: (type: "listen" | "silence", position: string | undefined) => Promise<void>;
  /** Returns whether the replica of another part lives. */
  readonly isAlive: (part: string) => Promise<boolean>;
}

/**
 * Creates the stream of messages that belong to no request, for a session in a store. Its events are read from the log
 * of changes, and their ids are positions in it, so no replica keeps any for the client.
 */
export function createChangeStream(options: ChangeStreamOptions): ChangeStream {
  const { server, store, peer, latest, announce, isAlive } = options;
  /** Connections, the newest last. Only the newest gets messages. */
  const replies: HttpReply[] = [];
  let { position } = options;
  /** The parts on other replicas whose streams were opened after this one. The last of them sends the changes. */
  const later = new Set<string>();
  const isSilent = (): boolean => later.size > 0;
  /** Whether all changes up to now are sent, so that the next one can be sent at once. */
  let isLive = false;
  let isReading = false;
  let isBehind = false;
  /** The number of own announcements that have not come back. Announcements of others before them are outdated. */
  let announcing = 0;
  let hasOpened = false;
  let isClosed = false;
  let stopWaiting: (() => void) | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const subscriber: Subscriber = {
    deliver(change, at) {
      if (!isLive) isBehind = true;
      else if (at !== undefined && isAfter(at, position)) send(change, at);
    },
    deliverAll: () => sendAll(store.changes.position),
    end() {
      if (replies.length === 0) return;
      for (const reply of replies.splice(0)) reply.close();
      stop();
    },
  };

  function send(change: Change, at: string): void {
    position = at;
    if (isWanted(peer, change)) replies.at(-1)?.event(changeMessage(change), idOf(at));
  }

  /** Sends a notice of everything that the client has subscribed to, because changes up to a position are lost. */
  function sendAll(at: string): void {
    if (isSilent() || at === position) return;
    position = at;
    for (const change of wantedChanges(peer)) replies.at(-1)?.event(changeMessage(change), idOf(at));
  }

  /** Sends what is in the log, until the client has all. */
  async function catchUp(): Promise<void> {
    if (isReading) return;
    isReading = true;
    isLive = false;
    while (replies.length > 0 && !isSilent()) {
      isBehind = false;
      try {
        const from = position;
        const { changes, position: to, isTrimmed } = await store.changes.read(from);
        // Another connection may have been opened meanwhile, after an earlier change.
        if (position !== from || replies.length === 0 || isSilent()) continue;
        if (isTrimmed) sendAll(to);
        else for (const logged of changes) send(logged.change, logged.position);
        position = to;
        isLive = to === from && !isBehind;
        if (isLive) break;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
    isReading = false;
  }

  function hangUp(reply: HttpReply): void {
    if (!replies.includes(reply)) return;
    detach({ replies }, reply);
    if (replies.length > 0) return void catchUp();
    stop();
  }

  function stop(): void {
    isLive = false;
    server.subscribers.delete(subscriber);
    void tell();
  }

  /** Tells other replicas whether the stream is open, at the latest when the store is back. */
  function tell(): Promise<void> {
    announcing += 1;
    return announce(replies.length > 0 ? "listen" : "silence", isSilent() ? undefined : position).catch(() => {
      announcing = Math.max(0, announcing - 1);
      if (isClosed || stopWaiting !== undefined) return;
      const retry = (): void => {
        stopWaiting = stopWaiting?.() as undefined;
        void tell();
      };
      const stop = store.onAvailable(retry);
      const wait = setTimeout(retry, lookMs);
      // The timer must not keep a process alive.
      (wait as { unref?: () => void }).unref?.();
      stopWaiting = () => {
        clearTimeout(wait);
        stop();
      };
    });
  }

  /** Forgets streams of dead replicas, which do not announce their end, until this stream sends again. */
  async function forgetDead(): Promise<void> {
    for (const part of [...later]) if (!(await isAlive(part).catch(() => true))) later.delete(part);
    if (isSilent()) watch();
    else void catchUp();
  }

  function watch(): void {
    clearTimeout(timer);
    if (replies.length === 0) return;
    timer = setTimeout(() => void forgetDead(), lookMs);
    // The timer must not keep a process alive.
    (timer as { unref?: () => void }).unref?.();
  }

  /** Makes this stream the one that sends the changes. */
  function takeOver(): Promise<void> {
    later.clear();
    const announcement = tell();
    void catchUp();
    return announcement;
  }

  return {
    isOpen: () => replies.length > 0,
    isSending: () => replies.length > 0 && !isSilent(),
    position: () => position,
    listen(lastEventId, reply, primes) {
      const resumed = positionOf(lastEventId);
      reply.open();
      let isAbandoned = false;
      const begin = (from: string | undefined): void => {
        if (isAbandoned) return;
        if (isClosed) return reply.close();
        while (replies.length >= maxReplies) replies.shift()!.close();
        isLive = false;
        position = from ?? position;
        // A client keeps its event id only if it receives one before the next break.
        if (primes) reply.event(undefined, idOf(position));
        replies.push(reply);
        hasOpened = true;
        server.subscribers.add(subscriber);
        void takeOver();
      };
      if (resumed !== undefined) begin(resumed);
      // Another replica may have sent changes since.
      else latest().then(begin, () => begin(undefined));
      return {
        abandon() {
          isAbandoned = true;
          hangUp(reply);
        },
      };
    },
    take(type, other, from) {
      if (other === undefined) {
        announcing = Math.max(0, announcing - 1);
      } else if (announcing > 0) {
        return;
      } else if (type === "listen") {
        later.delete(other);
        if (later.size < maxLater) later.add(other);
        isLive = false;
        watch();
      } else if (later.delete(other)) {
        if (from !== undefined && isAfter(from, position)) position = from;
        void forgetDead();
      }
    },
    async repeat() {
      // What has not come back may be lost.
      announcing = 0;
      if (replies.length > 0 && !isSilent()) await takeOver();
      else if (replies.length === 0 && hasOpened) await announce("silence", undefined).catch(() => {});
    },
    close() {
      isClosed = true;
      subscriber.end();
      clearTimeout(timer);
      stopWaiting?.();
    },
  };
}

function idOf(position: string): string {
  return `changes:${position}`;
}

/** Returns the position in an event id of this stream. */
function positionOf(lastEventId = ""): string | undefined {
  return /^changes:(\d{1,15}-\d{1,15})$/.exec(lastEventId)?.[1];
}

function isAfter(position: string, other: string): boolean {
  const [[time, count], [otherTime, otherCount]] = [position, other].map((one) => one.split("-").map(Number)) as [
    [number, number],
    [number, number],
  ];
  return time > otherTime || (time === otherTime && count > otherCount);
}
