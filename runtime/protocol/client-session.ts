import { anonymous } from "./auth.js";
import type { Call, Peer } from "./exchange.js";
import type { Auth, Session } from "./handlers.js";
import type { SessionRecord } from "./hooks.js";

/** Returns the session of a call; `undefined` if the client has none. It is created at the first access. */
export function sessionOf({ peer, auth }: Call): Session | undefined {
  // Only clients with a session have subscriptions that outlive a request.
  if (peer.session === null || peer.subscriptions === undefined) return undefined;
  const record = peer.session;
  if (record?.application === peer.view.server.application) return record.session;
  record?.ended.abort(new Error("the server was replaced"));
  peer.session = createSession(peer, auth ?? anonymous);
  return peer.session.session;
}

/** Ends the session and releases its state. */
export function endSession(peer: Peer, reason: Error): void {
  peer.session?.ended.abort(reason);
  peer.session = null;
}

function createSession(peer: Peer, auth: Auth): SessionRecord {
  const { application, hooks } = peer.view.server;
  const ended = new AbortController();
  let loaded: { readonly state: unknown } | undefined;
  const loadState = (): unknown => {
    const { config, state } = application;
    const { info, capabilities, protocolVersion } = peer;
    const client = { ...(info && { info }), capabilities, protocolVersion };
    return hooks?.onSession?.({ config, state, client, auth, id: session.id, signal: ended.signal });
  };
  const session: Session = {
    // The protocol's session id is not used, because it grants access.
    id: crypto.randomUUID(),
    get state() {
      return (loaded ??= { state: loadState() }).state;
    },
  };
  return { session, application, ended };
}
