import { identityOf } from "../../protocol/auth.js";
import { callerOf } from "../../protocol/caller.js";
import type { Peer, Server } from "../../protocol/exchange.js";
import type { Auth } from "../../protocol/handlers.js";
import { legacyPeer } from "../../protocol/initialize.js";
import type { Booking } from "../../protocol/ledger.js";
import { legacyRevisions } from "../../protocol/revisions/legacy.js";
import { seal, unseal } from "../../protocol/seal.js";
import type { Json } from "../../protocol/types.js";
import type { HttpRequest } from "./endpoint.js";

/** A session that all replicas can serve. */
export interface SharedSession {
  readonly id: string;
  /** The time of its end, by the clock that replicas share. */
  readonly expires: number;
  hasExpired(): boolean;
}

/** Sessions that any replica goes on with. */
export interface SharedSessions {
  /** Shares a new session. Resolves with `undefined` if only this replica can serve it. */
  share(peer: Peer, auth: Auth | undefined): Promise<SharedSession | undefined>;
  /** Returns the client of a session that another replica may have opened. */
  find(id: string, auth: Auth | undefined): Promise<(SharedSession & { readonly peer: Peer }) | undefined>;
  /** Ends a session that its client has ended. */
  end(session: SharedSession, request: HttpRequest): void;
}

/** The lifetime of a sealed session. Its id cannot be renewed. */
const lifetimeMs = 24 * 60 * 60_000;
/** The maximum length of an id: many servers and proxies limit all headers of a request to 8 kB. */
const maxIdLength = 4096;
/** The maximum number of ended sessions to remember, the bytes of each, and the part of the id that is remembered. */
const maxEnded = 10_000;
const endedBytes = 256;
const keyLength = 16;

/**
 * Creates the sessions whose ids contain what `initialize` said, sealed and bound to the caller. Replicas need only the
 * same keys. A client that says too much for an id stays on its replica.
 */
export function createSealedSessions(server: Server): SharedSessions {
  const ended = new Map<string, { readonly expires: number; readonly booking: Booking | undefined }>();
  let isWarned = false;

  const bindingFor = (auth: Auth | undefined): Json => [
    server.surface.server.name,
    server.profile ?? null,
    identityOf(auth) ?? null,
  ];

  function forget(key: string): void {
    ended.get(key)?.booking?.release();
    ended.delete(key);
  }

  return {
    async share({ protocolVersion, capabilities, info }, auth) {
      const expires = Date.now() + lifetimeMs;
      const record = { protocolVersion, capabilities, ...(info && { info: info as unknown as Json }) };
      const id = await seal(server, "session", record, bindingFor(auth), expires);
      if (id.length <= maxIdLength) return sharedSession(id, expires);
      if (!isWarned) server.logger("warning", "a client says too much about itself for other replicas to serve it");
      isWarned = true;
      return undefined;
    },
    async find(id, auth) {
      if (id.length > maxIdLength) return undefined;
      const opened = await unseal(server, "session", id, bindingFor(auth));
      if (opened === undefined || opened === "expired" || ended.has(keyOf(id))) return undefined;
      const { protocolVersion, capabilities, info } = opened;
      // An earlier or later version of the server may have sealed it.
      if (typeof protocolVersion !== "string" || !legacyRevisions.has(protocolVersion)) return undefined;
      const peer = legacyPeer(server, protocolVersion, capabilities, info, true);
      return { ...sharedSession(id, opened["expires"] as number), peer };
    },
    end({ id, expires }, { auth, remote }) {
      for (const [key, one] of ended) {
        if (one.expires > Date.now()) break;
        forget(key);
      }
      const key = keyOf(id);
      const item = { kind: "ended session", most: maxEnded, caller: callerOf(auth, remote), isIdle: () => true };
      const booking = server.ledger.book(item, () => void ended.delete(key), endedBytes);
      if (booking !== undefined) ended.set(key, { expires, booking });
    },
  };
}

function sharedSession(id: string, expires: number): SharedSession {
  return { id, expires, hasExpired: () => expires <= Date.now() };
}

/** Returns the random beginning of an id, which no other id has, as a text that does not keep the whole id in memory. */
function keyOf(id: string): string {
  return JSON.parse(JSON.stringify(id.slice(0, keyLength))) as string;
}
