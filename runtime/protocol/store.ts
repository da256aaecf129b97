import type { Admit } from "./admission.js";
import type { Environment } from "./environment.js";
import type { Change } from "./subscriber.js";
import type { TaskStore } from "./task-record.js";
import type { JsonObject } from "./types.js";

/** The maximum length of a URI that other replicas have to know. */
export const maxSharedUri = 16_000;

/**
 * State that the replicas of a server share. Absent in a server on one machine, whose state is in memory.
 *
 * @typeParam S the server
 */
export interface SharedStore<S> {
  /** The random name of this replica. Ids of what only this replica has contain it. */
  readonly replica: string;
  /** Whether the store can be reached now. Otherwise its functions reject at once with `UnavailableError`. */
  readonly available: boolean;
  /** Calls a listener whenever the store can be reached again. Returns a function that stops that. */
  onAvailable(listener: () => void): () => void;
  /** Reads the settings and connects. Resolves with the problems of the settings; an absent store is no problem. */
  start(server: S, environment: Environment): Promise<readonly string[]>;
  /** Disconnects after the last server of this store has stopped. */
  stop(server: S): Promise<void>;
  /**
   * Repeats work until the store answers, for messages that clients send only once. Rejects with `UnavailableError`
   * after ten seconds, or at once if too much waits, in all or for this caller.
   *
   * @param caller the caller, or a digest of it
   * @param characters the length of the message
   */
  retry<T>(work: () => Promise<T>, caller: string, characters?: number): Promise<T>;
  /**
   * Sends a change to the subscribers of all replicas. Resolves once the store has the change. Rejects if
   * that takes too long; the change is sent later in that case, unless too many wait. The error says which, and is no
   * `UnavailableError`, because the caller must not send its request again.
   *
   * @param stale the shared results that the change makes stale
   */
  publish(change: Change, stale?: readonly StaleResults[]): Promise<void>;
  /** Removes results from the caches of all replicas. Resolves and rejects like `publish`. */
  invalidate(stale: readonly StaleResults[]): Promise<void>;
  /**
   * Waits until the store has the changes that are sent later, if `publish` has rejected with `failure` for that reason.
   * Rejects with `failure` if it has another reason, or when the signal aborts.
   */
  waitLonger(failure: unknown, signal: AbortSignal): Promise<void>;
  /** Claims of request states. */
  readonly states: SharedStates;
  /** Results that replicas share, if the server caches any. */
  readonly results?: SharedResults | undefined;
  /** Absent if no tool can become a task. */
  readonly tasks?: TaskStore;
  readonly changes: ChangeLog;
  readonly sessions: SessionStore;
  readonly eventLogs: EventLogs;
  /** Counts for all replicas what `local` counts for one. Absent if the manifest declares no rate limit. */
  readonly shareRate?: ((local: Admit) => Admit) | undefined;
}

/** Logs of the events of one stream each. Their replica writes them; others follow them when a client resumes there. */
export interface EventLogs {
  /** Opens the log of a new stream. `description` is a text for those who follow it. */
  open(name: string, description: string | Promise<string>): EventLogWriter;
  /**
   * Reads a log after an event, and follows it to its end. `writer` is the replica that writes it: if that is dead, the
   * log is lost. The returned function stops that.
   */
  follow(name: string, writer: string, after: number, reader: EventReader): () => void;
}

/** Writes a log in the background: nothing waits for the store. */
export interface EventLogWriter {
  /** Appends an event; `number` is above those before it. */
  append(number: number, data: string, isLast: boolean): void;
  /** Ends the log without another event. */
  end(): void;
  /** Removes an event. */
  forget(number: number): void;
  /** Removes the log. */
  drop(): void;
}

export interface EventReader {
  /** Takes the description. Returns whether the caller may read the log. */
  open(description: string): boolean;
  event(number: number, data: string, isLast: boolean): void;
  /** Called after the last event; or without one, if the stream has ended without an answer. */
  end(isAnswered: boolean): void;
  /** Called instead of `end` if there is no such log, or if its replica is dead. */
  lost(): void;
}

/** The names of a session and of its caller in the store, which reveal neither. */
export interface SessionKey {
  readonly name: string;
  /** The caller that the session is booked on. */
  readonly caller: string;
}

/** The record of a session in the store. */
export interface StoredSession {
  readonly caller: string;
  /** The owner, in the form of `SessionKey.caller`. */
  readonly owner: string;
  readonly protocolVersion: string;
  readonly capabilities: unknown;
  readonly info: unknown;
  readonly logLevel: string | undefined;
  readonly subscriptions: readonly string[];
  /** The position in the log of changes up to which the client has them. */
  readonly position: string;
  /** The number of changes of the log level and of the subscriptions so far. */
  readonly changes: number;
}

/** An event of a session, which its parts on other replicas take over. */
export type SessionEvent =
  | { readonly type: "end" }
  /** A possible loss of the session in the store. Only the parts on one replica get this. */
  | { readonly type: "loss" }
  /** `changes` is the number of changes in the record with this one. */
  | { readonly type: "logLevel"; readonly level: string; readonly changes?: number }
  | {
      readonly type: "subscribe" | "unsubscribe";
      readonly uri: string;
      /** Whether parts of the session may have had the subscription, even if its record has not. */
      readonly isKnown?: boolean;
      readonly changes?: number;
    }
  | { readonly type: "cancel" | "answer"; readonly message: JsonObject }
  | { readonly type: "listen" | "silence"; readonly part: string; readonly position: string | undefined };

/** Whether the store has a session. One that has ended stays known as such for a while; an absent one may be lost. */
export type SessionState = "kept" | "absent" | "ended";

/** Sessions that any replica goes on with. All promises reject with `UnavailableError` while the store is away. */
export interface SessionStore {
  /**
   * Writes a session, unless the store has one with as many changes, or more. Rejects with `UnavailableError` if there is
   * no room, too.
   */
  write(key: SessionKey, session: StoredSession): Promise<void>;
  read(name: string): Promise<StoredSession | undefined>;
  /** Extends the life of a session, and sets its position if there is another one. */
  extend(key: SessionKey, position: string | undefined): Promise<SessionState>;
  /** Changes a session that the store has, and tells its parts on all replicas, this one too. */
  change(key: SessionKey, event: SessionEvent): Promise<SessionState>;
  /** Returns whether a replica lives. */
  isAlive(replica: string): Promise<boolean>;
  /** Sends an answer to the replica that has asked. Resolves with `false` if that is dead. */
  answer(key: SessionKey, replica: string, message: JsonObject): Promise<boolean>;
  /**
   * Takes the events of a session. After a loss, all sessions write to the store, some at a time: the others wait for
   * the promises that `take` may return. Returns a function that stops that.
   */
  listen(name: string, take: (event: SessionEvent) => void | Promise<unknown>): () => void;
}

/** A change with its position in the log of changes. */
export interface LoggedChange {
  readonly position: string;
  readonly change: Change;
}

export interface ChangePage {
  readonly changes: readonly LoggedChange[];
  /** The position to read on from. It is the former one only if there are no more changes now. */
  readonly position: string;
  /** Whether changes between the former position and these may be lost. */
  readonly isTrimmed: boolean;
}

/** The log of changes. */
export interface ChangeLog {
  /** The position of the last change that this replica has delivered. */
  readonly position: string;
  /** Reads changes after a position. */
  read(after: string): Promise<ChangePage>;
}

/** An entry of the manifest whose results are cached. */
export interface CachedSource {
  readonly kind: "tool" | "resource" | "resourceTemplate";
  /** The name, URI or URI template of the entry. */
  readonly name: string;
}

/** Results that are no longer valid: those for some arguments, those of a URI, or all of the entry. */
export interface StaleResults extends CachedSource {
  readonly input?: unknown;
  readonly uri?: string;
}

/** A wanted result. */
export interface ResultKey extends CachedSource {
  /** The arguments as canonical text. */
  readonly input: string;
  readonly uri?: string | undefined;
  /** The identity of the caller, for results that are not for all callers. */
  readonly caller?: string | undefined;
  /** The lifetime of a result. */
  readonly ttlMs: number;
  /** The maximum number of results of the entry. */
  readonly maxEntries?: number | undefined;
}

/** A result that another replica has kept, or the duty to run the handler. */
export type FoundResult =
  | { readonly text: string; readonly ttlMs: number }
  | {
      readonly text?: undefined;
      /** Ends the run, with the result if it may be shared. */
      end(text: string | undefined): void;
    };

/** Results that replicas share. */
export interface SharedResults {
  /**
   * Finds a result, or becomes the one replica that runs the handler. Resolves with `undefined` if the store is away, or
   * another replica's run takes long. Never rejects.
   */
  find(key: ResultKey): Promise<FoundResult | undefined>;
}

/** The reason against a claim: a request continues the call, or the call is answered. */
export type ClaimOutcome = "running" | "answered";

/** The states of a call, which have an id in common. */
export interface ClaimedState {
  readonly id: string;
  /** The caller that the claim is booked on. */
  readonly caller: string;
  readonly lifetimeMs: number;
}

/** A continued call. Its states cannot continue another one until it has ended, and never if it is answered. */
export interface StateClaim {
  /** The states of an answered call stay claimed for their lifetime, if there is room. */
  end(isAnswered: boolean): Promise<void>;
}

/** Claims of the states of calls that ask their clients. */
export interface SharedStates {
  /** Rejects with `UnavailableError` while the store is away, and if there is no room. */
  claim(state: ClaimedState): Promise<ClaimOutcome | StateClaim>;
}
