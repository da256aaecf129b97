import { variable, type Environment } from "./environment.js";
import type { Server } from "./exchange.js";
import type { Listing, Listings, Surface } from "./surface.js";

/** Returns the problems with the name of a profile. `origin` is the name of its source. */
export function profileProblems({ profiles = [] }: Surface, name: string, origin: string): string[] {
  if (profiles.includes(name)) return [];
  return [`${origin}: no profile ${JSON.stringify(name)}; this server has ${profiles.join(", ")}`];
}

/** Returns the profile in `MCPC_PROFILE`, if it is set, and the problems with it. */
export function profileFrom(
  surface: Surface,
  environment: Environment,
): { readonly profile?: string | undefined; readonly problems?: readonly string[] } {
  const profile = variable("MCPC_PROFILE", environment);
  return profile === undefined ? {} : { profile, problems: profileProblems(surface, profile, "MCPC_PROFILE") };
}

/**
 * Returns the same server for the clients of a profile. The two differ only in what they list: they share handlers,
 * state, limits, and later changes.
 */
export function serverFor(server: Server, profile: string): Server {
  let servers = server.indexes.get("profiles") as Map<string, Server> | undefined;
  if (servers === undefined) server.indexes.set("profiles", (servers = new Map()));
  let found = servers.get(profile);
  if (found === undefined) {
    const own = { profile: { value: profile }, views: { value: new Map() } };
    servers.set(profile, (found = Object.create(server, own) as Server));
  }
  return found;
}

/** Returns the server and its forms for profiles. */
export function serversOf(server: Server): Server[] {
  return [server, ...((server.indexes.get("profiles") as Map<string, Server> | undefined)?.values() ?? [])];
}

/** Returns the listings for the clients of a server. */
export async function listingsFor({ surface, profile }: Server): Promise<Listings> {
  const listings = await surface.listings();
  const projected = profile === undefined ? undefined : (await surface.projections?.())?.[profile];
  if (projected === undefined) return listings;
  return { ...listings, tools: isSparse(projected) ? merged(surface, listings.tools, projected) : projected };
}

function isSparse(projected: Listing | ReadonlyMap<string, string>): projected is ReadonlyMap<string, string> {
  return projected instanceof Map;
}

function merged({ tools }: Surface, listing: Listing, projected: ReadonlyMap<string, string>): Listing {
  return (listing as readonly string[]).map((text, index) => projected.get(tools[index]!.name) ?? text);
}
