import type {} from "./parts.js";
import { anonymous } from "./auth.js";
import type { Server } from "./exchange.js";
import type { Auth } from "./handlers.js";
import type { Reuse } from "./surface.js";

/** Lists of entries that the hook `enabled` may hide. */
export type EntryList = "tools" | "resources" | "resourceTemplates" | "prompts";

/**
 * Returns whether the hook `enabled` hides an entry from a caller. Only `true` shows it, since a promise of an `async`
 * function must not. Every access to an entry calls this and answers as if the entry did not exist.
 */
export function isHidden(server: Server, auth: Auth | undefined, list: EntryList, name: string): boolean {
  const shows = server.hooks?.enabled?.[list];
  if (shows === undefined) return false;
  const { config, state } = server.application;
  return shows(name as never, { config, state, auth: auth ?? anonymous }) !== true;
}

/** Returns the indexes of hidden entries in a list; `undefined` if there are none. */
export function hiddenIndexes(
  server: Server,
  auth: Auth | undefined,
  list: EntryList,
): ReadonlySet<number> | undefined {
  if (server.hooks?.enabled?.[list] === undefined) return undefined;
  const names = namesOf(server, list);
  const hidden = [...names.keys()].filter((index) => isHidden(server, auth, list, names[index]!));
  return hidden.length === 0 ? undefined : new Set(hidden);
}

/** Returns the cache hints of lists. Lists of a server that hides entries are private. */
export function cacheHintsOf({ surface: { listed }, hooks }: Server): Reuse | undefined {
  if (globalThis.mcpcWithoutEnabled || hooks?.enabled === undefined) return listed;
  return listed && { ...listed, scope: "private" };
}

function namesOf({ surface }: Server, list: EntryList): readonly string[] {
  switch (list) {
    case "resources":
      return surface.resources.map(({ uri }) => uri);
    case "resourceTemplates":
      return surface.resourceTemplates.map(({ uriTemplate }) => uriTemplate);
    default:
      return surface[list].map(({ name }) => name);
  }
}
