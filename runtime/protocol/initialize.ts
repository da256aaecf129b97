import { McpError } from "./errors.js";
import type { Peer, Server } from "./exchange.js";
import { isObject } from "./json-rpc.js";
import { shortened, weightOf } from "./ledger.js";
import { initializeResult } from "./methods/session.js";
import { invalidParams } from "./results.js";
import { latestLegacy, legacyRevisions } from "./revisions/legacy.js";
import type { Implementation, JsonObject, LoggingLevel } from "./types.js";
import { viewOf } from "./view.js";

/** Until the client says otherwise (`logging/setLevel`). */
const initialLogLevel: LoggingLevel = "info";

/** Bounds on a client's words about itself, in characters and bytes: they are kept as long as the session. */
const maxNameLength = 256;
const maxCapabilities = 64 * 1024;

/** The outcome of `initialize`: the client for the rest of the session, and the result. */
export interface Initialized {
  readonly peer: Peer;
  readonly result: string;
}

/** A version that the server does not speak is answered with the newest that it does (2025-11-25, lifecycle). */
export function initialize(server: Server, params: unknown): Initialized | McpError {
  if (!isObject(params)) return invalidParams('"params" must be an object');
  const { protocolVersion: requested, capabilities, clientInfo } = params;
  if (typeof requested !== "string") return invalidParams('"protocolVersion" must be a string');
  if (weightOf(capabilities) > maxCapabilities)
    return invalidParams(`"capabilities" must take less than ${maxCapabilities} bytes`);
  const version = legacyRevisions.has(requested) ? requested : latestLegacy;
  const peer = legacyPeer(server, version, capabilities, clientInfo, true);
  return { peer, result: initializeResult(peer.view) };
}

/** A client of a revision with a handshake; `version` is one of `legacyRevisions`, `lasting` that there is a session. */
export function legacyPeer(
  server: Server,
  version: string,
  capabilities?: unknown,
  clientInfo?: unknown,
  hasSession = false,
): Peer {
  const peer: Peer = {
    view: viewOf(server, legacyRevisions.get(version)!),
    capabilities: isObject(capabilities) ? capabilities : {},
    protocolVersion: version,
    logLevel: initialLogLevel,
    ...(hasSession && { subscriptions: new Set<string>() }),
  };
  return isObject(clientInfo) ? { ...peer, info: clientInfoOf(clientInfo) } : peer;
}

/** A client's name for itself, as far as it is kept. */
function clientInfoOf(info: JsonObject): JsonObject & Implementation {
  const kept = ["name", "version", "title"].flatMap((member) => {
    const text = info[member];
    return typeof text === "string" ? [[member, shortened(text, maxNameLength)] as const] : [];
  });
  return Object.fromEntries(kept) as JsonObject & Implementation;
}
