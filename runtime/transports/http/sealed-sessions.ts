import { identityOf } from "../../protocol/auth.js";
import { callerOf } from "../../protocol/caller.js";
import type { Server } from "../../protocol/exchange.js";
import type { Auth } from "../../protocol/handlers.js";
import { legacyPeer } from "../../protocol/initialize.js";
import type { Booking } from "../../protocol/ledger.js";
import { legacyRevisions } from "../../protocol/revisions/legacy.js";
import { seal, unseal } from "../../protocol/seal.js";
import type { Json } from "../../protocol/types.js";
import type { SharedSession, SharedSessions } from "./session-records.js";

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
    // A session that comes back to this replica must not reuse ids, so its parts have names of their own.
    newPart: () => crypto.randomUUID().slice(-12),
    async share({ protocolVersion, capabilities, info }, { auth }) {
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
      return { session: sharedSession(id, opened["expires"] as number), peer };
    },
    end({ id }, { auth, remote }) {
      for (const [key, one] of ended) {
        if (one.expires > Date.now()) break;
        forget(key);
      }
      const key = keyOf(id);
      const item = { kind: "ended session", most: maxEnded, caller: callerOf(auth, remote), isIdle: () => true };
      const booking = server.ledger.book(item, () => void ended.delete(key), endedBytes);
      // The id expires earlier than that.
      if (booking !== undefined) ended.set(key, { expires: Date.now() + lifetimeMs, booking });
      return undefined;
    },
  };
}

function sharedSession(id: string, expires: number): SharedSession {
  return { id, hasExpired: () => expires <= Date.now() };
}

/** Returns the random beginning of an id, which no other id has, as a text that does not keep the whole id in memory. */
function keyOf(id: string): string {
  return JSON.parse(JSON.stringify(id.slice(0, keyLength))) as string;
}
