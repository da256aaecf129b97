import { anonymous } from "./auth.js";
import type { Call, Peer } from "./exchange.js";
import type { Auth, Session } from "./handlers.js";
import type { KeptSession } from "./hooks.js";

/** Returns the session of a call, made when a handler first asks for it; `undefined` where the client has none. */
export function sessionOf({ peer, auth }: Call): Session | undefined {
  // Only a client that has opened a session can subscribe for longer than a request.
  if (peer.session === null || peer.subscriptions === undefined) return undefined;
  const kept = peer.session;
  if (kept?.application === peer.view.server.application) return kept.session;
  kept?.ended.abort(new Error("the server was replaced"));
  peer.session = begin(peer, auth ?? anonymous);
  return peer.session.session;
}

/** Lets go of what handlers have kept: the session has ended. */
export function endSession(peer: Peer, reason: Error): void {
  peer.session?.ended.abort(reason);
  peer.session = null;
}

function begin(peer: Peer, auth: Auth): KeptSession {
  const { application, hooks } = peer.view.server;
  const ended = new AbortController();
  let made: { readonly state: unknown } | undefined;
  const make = (): unknown => {
    const { config, state } = application;
    const { info, capabilities, protocolVersion } = peer;
    const client = { ...(info && { info }), capabilities, protocolVersion };
    return hooks?.onSession?.({ config, state, client, auth, id: session.id, signal: ended.signal });
  };
  const session: Session = {
    // Not the one of the protocol, which is as good as a key.
    id: crypto.randomUUID(),
    get state() {
      return (made ??= { state: make() }).state;
    },
  };
  return { session, application, ended };
}
