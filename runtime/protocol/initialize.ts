import { McpError } from "./errors.js";
import type { Peer, Server } from "./exchange.js";
import { isObject } from "./json-rpc.js";
import { shortened, weightOf } from "./ledger.js";
import { initializeResult } from "./methods/session.js";
import { invalidParams } from "./results.js";
import { latestLegacy, legacyRevisions } from "./revisions/legacy.js";
import type { Implementation, JsonObject, LoggingLevel } from "./types.js";
import { viewOf } from "./view.js";

/** The log level of a client that has not sent `logging/setLevel`. */
const initialLogLevel: LoggingLevel = "info";

/** Limits of a client's description of itself, in characters and bytes, since it is kept as long as the session. */
const maxNameLength = 256;
const maxCapabilities = 64 * 1024;

/** The outcome of `initialize`: the client for the rest of the session, and the result. */
export interface Initialized {
  readonly peer: Peer;
  readonly result: string;
}

/** Opens a session. For an unsupported version it offers the newest supported one (2025-11-25, lifecycle). */
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

/** Creates a client of a revision with a handshake; `version` is one of `legacyRevisions`. */
export function legacyPeer(
  server: Server,
  version: string,
  capabilities?: unknown,
  clientInfo?: unknown,
  hasSession = false,
): Peer {
  return {
    view: viewOf(server, legacyRevisions.get(version)!),
    capabilities: isObject(capabilities) ? capabilities : {},
    protocolVersion: version,
    logLevel: initialLogLevel,
    ...(isObject(clientInfo) && { info: clientInfoOf(clientInfo) }),
    subscriptions: hasSession ? new Set() : undefined,
  };
}

/** Returns the client's description of itself, with texts cut to a maximum length. */
function clientInfoOf(info: JsonObject): JsonObject & Implementation {
  const kept = ["name", "version", "title"].flatMap((member) => {
    const text = info[member];
    return typeof text === "string" ? [[member, shortened(text, maxNameLength)] as const] : [];
  });
  return Object.fromEntries(kept) as JsonObject & Implementation;
}
