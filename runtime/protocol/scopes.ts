import type {} from "./parts.js";
import { insufficient, type InsufficientScope, type Scoped } from "./auth.js";
import type { Payload, Server } from "./exchange.js";
import type { Auth } from "./handlers.js";
import { isObject } from "./json-rpc.js";
import { promptNamed } from "./methods/prompts.js";
import { toolSurface } from "./methods/tools.js";
import { findResource } from "./resource-lookup.js";
import type { JsonObject } from "./types.js";

/**
 * The refusal of a request whose caller lacks a scope. What a caller cannot see in a listing is not denied to exist:
 * the answer names the scopes, so that a client can ask its user for them (2025-11-25, authorization: step-up).
 */
export function forbidden(
  server: Server,
  auth: Auth | undefined,
  method: string,
  params: JsonObject,
): InsufficientScope | undefined {
  if (globalThis.mcpcWithoutAuth || server.auth === undefined) return undefined;
  const entry = wanted(server, method, params);
  return entry?.scopes === undefined ? undefined : insufficient(auth, entry);
}

/** Returns the entry that a request names. */
function wanted(server: Server, method: string, { name, uri, ref }: JsonObject): Scoped | undefined {
  switch (method) {
    case "tools/call":
      return typeof name === "string" ? toolSurface(server, name) : undefined;
    case "prompts/get":
      return typeof name === "string" ? promptNamed(server, name) : undefined;
    case "resources/read":
    case "resources/subscribe":
      return typeof uri === "string" ? scopedUri(server, uri) : undefined;
    case "completion/complete":
      if (!isObject(ref)) return undefined;
      return ref["type"] === "ref/prompt"
        ? promptNamed(server, String(ref["name"]))
        : server.surface.resourceTemplates.find(({ uriTemplate }) => uriTemplate === ref["uri"]);
    default:
      return undefined;
  }
}

export function scopedUri(server: Server, uri: string): Scoped | undefined {
  const found = findResource(server, uri);
  return found?.resource ?? found?.template;
}

/** Every scope that the manifest names. */
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

/** Callers who see the same: those with the same of the scopes that the manifest names. */
export interface Audience {
  /** Tells its cursors from those of others. */
  readonly id: string;
  /** Listings as bytes, by revision and page. */
  readonly payloads: Map<unknown, Payload>;
}

/** Beyond these the audience that was seen first is forgotten. */
const mostAudiences = 64;

/** `undefined`: the caller sees everything. */
export function audienceOf(server: Server, auth: Auth | undefined): Audience | undefined {
  if (globalThis.mcpcWithoutAuth || server.auth === undefined) return undefined;
  const named = namedScopes(server);
  const held = named.filter((scope) => auth?.scopes.includes(scope) === true);
  if (held.length === named.length) return undefined;
  let audiences = server.indexes.get("audiences") as Map<string, Audience> | undefined;
  if (audiences === undefined) server.indexes.set("audiences", (audiences = new Map()));
  const key = held.join(" ");
  let audience = audiences.get(key);
  if (audience === undefined) {
    if (audiences.size >= mostAudiences) audiences.delete(audiences.keys().next().value!);
    audience = { id: hashOf(key), payloads: new Map() };
    audiences.set(key, audience);
  }
  return audience;
}

/** FNV-1a: short, and the same in every process. */
function hashOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash >>> 0).toString(36);
}
