import type { AuthSettings, Published } from "./method.js";

const wellKnown = "/.well-known/oauth-protected-resource";

/**
 * Publishes the protected-resource metadata (RFC 9728) at the root, under the path of the resource and under that of
 * the MCP endpoint: clients look in one of these.
 */
export function publish(resource: string, issuer: string, { requested, name }: AuthSettings, path: string): Published {
  const { origin, pathname } = new URL(resource);
  const own = pathname === "/" ? "" : pathname;
  const body = JSON.stringify({
    resource,
    authorization_servers: [issuer],
    ...(requested.length > 0 && { scopes_supported: requested }),
    bearer_methods_supported: ["header"],
    resource_name: name,
  });
  const documents = new Map([wellKnown, `${wellKnown}${own}`, `${wellKnown}${path}`].map((at) => [at, body]));
  return { resourceMetadata: `${origin}${wellKnown}${own}`, documents };
}
