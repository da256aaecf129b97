import type {} from "./parts.js";
import type { Server } from "./exchange.js";
import { isObject } from "./json-rpc.js";
import { findResource } from "./resource-lookup.js";
import type { StaleResults } from "./store.js";
import type { ToolValidators } from "./surface.js";

/** Removes the cached results of a resource from the cache of this replica. Returns what it removes. */
export function invalidateResource(server: Server, uri: string): readonly StaleResults[] {
  if (!globalThis.mcpcWithoutCache && server.cache !== undefined) {
    const stale = resourcesAt(server, uri);
    for (const one of stale) server.cache.invalidate(one, one);
    return stale;
  }
  return [];
}

/**
 * Removes the cached results of a tool (by its name), a resource (by its URI) or a template's resources (by the URI
 * template, or by the URI of one): for these arguments, or all. Throws for a name without a cache. Returns what it
 * removes from the cache of this replica.
 */
export function invalidate(server: Server, name: string, input: unknown): readonly StaleResults[] {
  if (globalThis.mcpcWithoutCache) throw noSuchCache(name);
  else {
    const stale = resultsOf(server, name, input);
    if (stale.length === 0) throw noSuchCache(name);
    for (const one of stale) server.cache?.invalidate(one, one);
    return stale;
  }
}

function noSuchCache(name: string): Error {
  return new Error(`no result of ${JSON.stringify(name)} is kept: no tool or resource with "cache" has that name`);
}

function resultsOf(server: Server, name: string, input: unknown): StaleResults[] {
  const { tools, resourceTemplates } = server.surface;
  return [
    ...tools.flatMap(({ name: tool, cache }): StaleResults[] =>
      tool === name && cache !== undefined ? [{ kind: "tool", name, input: withDefaults(server, name, input) }] : [],
    ),
    ...resourceTemplates.flatMap(({ uriTemplate, cache }): StaleResults[] =>
      uriTemplate === name && cache !== undefined ? [{ kind: "resourceTemplate", name, input }] : [],
    ),
    ...resourcesAt(server, name),
  ];
}

/**
 * Fills in defaults, since results are cached by the arguments that the handler got. Validators load at a tool's first
 * call.
 */
function withDefaults(server: Server, name: string, input: unknown): unknown {
  if (globalThis.mcpcWithoutDefaults || !isObject(input)) return input;
  const tools = server.indexes.get("tools") as
    ReadonlyMap<string, { readonly validators?: ToolValidators }> | undefined;
  const validators = tools?.get(name)?.validators;
  // Another replica may have loaded them, and have results of arguments with defaults.
  if (!globalThis.mcpcWithoutStore && server.store !== undefined && validators === undefined) return undefined;
  return validators?.fill?.(input) ?? input;
}

function resourcesAt(server: Server, uri: string): StaleResults[] {
  const { resource, template } = findResource(server, uri) ?? {};
  if ((resource ?? template)?.cache === undefined) return [];
  if (resource !== undefined) return [{ kind: "resource", name: resource.uri }];
  return [{ kind: "resourceTemplate", name: template!.uriTemplate, uri }];
}
