import type { Server } from "../../protocol/exchange.js";
import { serverFor } from "../../protocol/profiles.js";
import type { Endpoint } from "./endpoint.js";

/** The part of a path that names a profile, and the path before it. */
interface Below {
  readonly profile: string;
  readonly path: string;
}

/** Splits a path such as `/mcp/gemini`. */
export function splitProfile(path: string): Below {
  const slash = path.lastIndexOf("/");
  return { profile: path.slice(slash + 1), path: path.slice(0, slash) || "/" };
}

/** Returns the path for a profile below another path. */
export function pathBelow(path: string, below: string): string {
  return path === "/" ? below : path + below;
}

/** Returns the server for a path below `path`: that of a profile. */
export function serverBelow(server: Server, path: string, requested: string): Server | undefined {
  const { profile, path: above } = splitProfile(requested);
  return above === path && server.surface.profiles?.includes(profile) === true ? serverFor(server, profile) : undefined;
}

/**
 * Finds endpoints for profiles: each path of an endpoint, a slash, and the name of a profile. `create` creates the
 * endpoints of a server whose paths end with `suffix`. They are created when they are first used.
 */
export function createProfiledEndpoints(
  server: Server,
  create: (server: Server, suffix: string) => ReadonlyMap<string, Endpoint>,
): (path: string) => Endpoint | undefined {
  const created = new Map<string, ReadonlyMap<string, Endpoint>>();
  return (path) => {
    const { profile } = splitProfile(path);
    // A new version of the server may have other profiles.
    if (server.surface.profiles?.includes(profile) !== true) return undefined;
    let endpoints = created.get(profile);
    if (endpoints === undefined) created.set(profile, (endpoints = create(serverFor(server, profile), `/${profile}`)));
    return endpoints.get(path);
  };
}
