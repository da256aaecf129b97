import type {} from "./parts.js";
import { scopeError, type InsufficientScope, type Scoped } from "./auth.js";
import type { Payload, Server } from "./exchange.js";
import type { Auth } from "./handlers.js";
import { isObject } from "./json-rpc.js";
import { visiblePrompt } from "./methods/prompts.js";
import { visibleTool } from "./methods/tools.js";
import { findVisible, visibleTemplate } from "./resource-lookup.js";
import type { JsonObject } from "./types.js";

/**
 * Returns the refusal of a request whose caller lacks a scope. It names the scopes, even of entries that are not
 * listed to the caller, so that a client can request them (2025-11-25, authorization: step-up).
 */
export function missingScopes(
  server: Server,
  auth: Auth | undefined,
  method: string,
  params: JsonObject,
): InsufficientScope | undefined {
  if (globalThis.mcpcWithoutAuth || server.auth === undefined) return undefined;
  const entry = requestedEntry(server, auth, method, params);
  return entry?.scopes === undefined ? undefined : scopeError(auth, entry);
}

/** Returns the entry that a request names, unless it is hidden. */
function requestedEntry(
  server: Server,
  auth: Auth | undefined,
  method: string,
  { name, uri, ref }: JsonObject,
): Scoped | undefined {
  switch (method) {
    case "tools/call":
      return typeof name === "string" ? visibleTool(server, auth, name) : undefined;
    case "prompts/get":
      return typeof name === "string" ? visiblePrompt(server, auth, name) : undefined;
    case "resources/read":
    case "resources/subscribe":
      return typeof uri === "string" ? visibleResource(server, auth, uri) : undefined;
    case "completion/complete":
      if (!isObject(ref)) return undefined;
      return ref["type"] === "ref/prompt"
        ? visiblePrompt(server, auth, String(ref["name"]))
        : visibleTemplate(server, auth, ref["uri"]);
    default:
      return undefined;
  }
}

function visibleResource(server: Server, auth: Auth | undefined, uri: string): Scoped | undefined {
  const found = findVisible(server, auth, uri);
  return found?.resource ?? found?.template;
}

/** Returns every scope that the manifest names. */
export function namedScopes(server: Server): readonly string[] {
  let named = server.indexes.get("scopes") as readonly string[] | undefined;
  if (named === undefined) {
    const { tools, resources, resourceTemplates, prompts } = server.surface;
    const entries: readonly Scoped[] = [...tools, ...resources, ...resourceTemplates, ...prompts];
    named = [...new Set(entries.flatMap(({ scopes = [] }) => scopes))].sort();
    server.indexes.set("scopes", named);
  }
  return named;
}

/** Callers who see the same lists: their relevant scopes and hidden entries are equal. */
export interface Audience {
  /** A part of the audience's cursors, which makes them invalid for others. */
  readonly id: string;
  /** Listings by revision and page. */
  readonly payloads: Map<unknown, Payload>;
}

/** The maximum number of cached audiences. The oldest is dropped first. */
const maxAudiences = 64;

/**
 * Returns the audience of a caller; `undefined` if the caller sees everything. `hidden` are the entries of the list
 * that the hook `enabled` hides.
 */
export function audienceOf(
  server: Server,
  auth: Auth | undefined,
  hidden: ReadonlySet<number> | undefined,
): Audience | undefined {
  if (globalThis.mcpcWithoutAuth && globalThis.mcpcWithoutEnabled) return undefined;
  const granted = heldScopes(server, auth);
  if (granted === undefined && (globalThis.mcpcWithoutEnabled || hidden === undefined)) return undefined;
  let audiences = server.indexes.get("audiences") as Map<string, Audience> | undefined;
  if (audiences === undefined) server.indexes.set("audiences", (audiences = new Map()));
  // JSON keeps the parts of the key apart.
  const key = JSON.stringify([granted, [...(hidden ?? [])]]);
  let audience = audiences.get(key);
  if (audience === undefined) {
    if (audiences.size >= maxAudiences) audiences.delete(audiences.keys().next().value!);
    audience = { id: hashOf(key), payloads: new Map() };
    audiences.set(key, audience);
  }
  return audience;
}

/** Returns the granted scopes among those that the manifest names; `undefined` for all of them. */
function heldScopes(server: Server, auth: Auth | undefined): readonly string[] | undefined {
  if (globalThis.mcpcWithoutAuth || server.auth === undefined) return undefined;
  const named = namedScopes(server);
  const granted = named.filter((scope) => auth?.scopes.includes(scope) === true);
  return granted.length === named.length ? undefined : granted;
}

/** Hashes a text (FNV-1a): short, and equal in every process. */
function hashOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash >>> 0).toString(36);
}
