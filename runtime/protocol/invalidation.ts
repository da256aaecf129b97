import type {} from "./parts.js";
import type { CachedEntry, Server, Subject } from "./exchange.js";
import { isObject } from "./json-rpc.js";
import { findResource } from "./resource-lookup.js";
import type { ToolValidators } from "./surface.js";

type CacheTarget = readonly [Pick<CachedEntry, "kind" | "name">, Partial<Subject>];

/** Removes the cached results of a resource, if it has any. */
export function invalidateResource(server: Server, uri: string): void {
  if (globalThis.mcpcWithoutCache || server.cache === undefined) return;
  for (const [entry, subject] of resourcesAt(server, uri)) server.cache.invalidate(entry, subject);
}

/**
 * Removes the cached results of a tool (by its name), a resource (by its URI) or a template's resources (by the URI
 * template, or by the URI of one): for these arguments, or all. Throws for a name without a cache.
 */
export function invalidate(server: Server, name: string, input: unknown): void {
  if (globalThis.mcpcWithoutCache) throw noSuchCache(name);
  const { tools, resourceTemplates } = server.surface;
  const found: CacheTarget[] = [
    ...tools.flatMap((tool): CacheTarget[] =>
      tool.name === name && tool.cache !== undefined
        ? [[{ kind: "tool", name }, { input: withDefaults(server, name, input) }]]
        : [],
    ),
    ...resourceTemplates.flatMap(({ uriTemplate, cache }): CacheTarget[] =>
      uriTemplate === name && cache !== undefined ? [[{ kind: "resourceTemplate", name }, { input }]] : [],
    ),
    ...resourcesAt(server, name),
  ];
  if (found.length === 0) throw noSuchCache(name);
  for (const [entry, subject] of found) server.cache?.invalidate(entry, subject);
}

/**
 * Fills in defaults, since results are cached by the arguments that the handler got. Validators load at a tool's first
 * call.
 */
function withDefaults(server: Server, name: string, input: unknown): unknown {
  if (globalThis.mcpcWithoutDefaults || !isObject(input)) return input;
  const tools = server.indexes.get("tools") as
    ReadonlyMap<string, { readonly validators?: ToolValidators }> | undefined;
  return tools?.get(name)?.validators?.fill?.(input) ?? input;
}

function noSuchCache(name: string): Error {
  return new Error(`no result of ${JSON.stringify(name)} is kept: no tool or resource with "cache" has that name`);
}

function resourcesAt(server: Server, uri: string): CacheTarget[] {
  const { resource, template } = findResource(server, uri) ?? {};
  if (resource !== undefined)
    return resource.cache === undefined ? [] : [[{ kind: "resource", name: resource.uri }, {}]];
  return template?.cache === undefined ? [] : [[{ kind: "resourceTemplate", name: template.uriTemplate }, { uri }]];
}
