import type { Peer, Store } from "../../protocol/exchange.js";
import type { Auth } from "../../protocol/handlers.js";
import type { SessionKey } from "../../protocol/store.js";
import type { HttpRequest } from "./endpoint.js";

/** A session in a store, as its part on this replica knows it. */
export interface StoredSessionHandle {
  readonly store: Store;
  readonly key: SessionKey;
  readonly owner: string;
  readonly position: string;
  readonly changes: number;
}

/** A session that all replicas can serve. */
export interface SharedSession {
  readonly id: string;
  /** Whether the session has ended by the clock that replicas share. */
  hasExpired(): boolean;
  /** The session in a store; absent if its id contains all. */
  readonly stored?: StoredSessionHandle;
}

/** A shared session and its client. */
export interface FoundSession {
  readonly session: SharedSession;
  readonly peer: Peer;
}

/** Sessions that any replica goes on with. */
export interface SharedSessions {
  /** Returns a name for the part of a session on this replica, which no other part of any replica has. */
  newPart(): string;
  /** Shares a new session. Resolves with `undefined` if only this replica can serve it. */
  share(peer: Peer, request: HttpRequest): Promise<SharedSession | undefined>;
  /** Returns a session that another replica may have opened. */
  find(id: string, auth: Auth | undefined): Promise<FoundSession | undefined>;
  /** Ends a session that its client has ended. */
  end(session: SharedSession, request: HttpRequest): Promise<unknown> | undefined;
}
