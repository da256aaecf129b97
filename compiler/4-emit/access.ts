import { withIncluded } from "@mcpc/runtime/codegen/v1/scopes";
import type { Server } from "../model/server.js";
import type { JsonObject } from "../model/source.js";

interface Entry {
  readonly id: string;
  readonly scopes: readonly string[];
}

/**
 * Returns the entries that each scope opens, included scopes counted, so that a review shows a scope that opens more.
 * An entry that needs further scopes names these. Absent where no entry has scopes.
 */
export function accessByScope(server: Server): JsonObject | undefined {
  const entries: readonly Entry[] = [
    ...server.tools.map(({ name, scopes }) => ({ id: `tools/${name}`, scopes })),
    ...server.resources.map(({ uri, scopes }) => ({ id: `resources/${uri}`, scopes })),
    ...server.resourceTemplates.map(({ uriTemplate, scopes }) => ({ id: `resourceTemplates/${uriTemplate}`, scopes })),
    ...server.prompts.map(({ name, scopes }) => ({ id: `prompts/${name}`, scopes })),
  ];
  const scoped = entries.filter(({ scopes }) => scopes.length > 0);
  if (scoped.length === 0) return undefined;
  const includes = server.runtime.auth?.includes ?? {};
  const needed = new Set(scoped.flatMap(({ scopes }) => scopes));
  const scopes = [...new Set([...needed, ...Object.keys(includes)])].sort();
  return {
    withoutScopes: entries.filter((entry) => entry.scopes.length === 0).map(({ id }) => id),
    scopes: Object.fromEntries(scopes.map((scope) => [scope, openedBy(withIncluded([scope], includes), scoped)])),
  };
}

function openedBy(granted: readonly string[], entries: readonly Entry[]): string[] {
  return entries.flatMap(({ id, scopes }) => {
    const missing = scopes.filter((scope) => !granted.includes(scope));
    if (missing.length === scopes.length) return [];
    return [missing.length === 0 ? id : `${id} with ${missing.join(", ")}`];
  });
}
