import { isObject } from "../protocol/json-rpc.js";
import type { JsonObject } from "../protocol/types.js";

/** Thrown when the issuer cannot be reached, so that the validity of a token is unknown. */
export class Unavailable extends Error {}

/** An issuer of tokens. */
export interface Issuer {
  readonly url: string;
  /** Returns an address from the metadata (RFC 8414 or OpenID Connect Discovery), which is fetched once, on demand. */
  endpoint(name: "jwks_uri" | "introspection_endpoint"): Promise<URL>;
}

/** Delay between two requests to an issuer that does not answer. */
const retryMs = 5000;
const timeoutMs = 5000;

/** Creates an issuer. `metadataUrl` replaces the derived address, for an issuer that is reached inside a network. */
export function createIssuer(url: string, metadataUrl?: string): Issuer {
  let found: Promise<JsonObject> | undefined;
  let failedAt = -Infinity;
  let failure: unknown;
  const metadata = (): Promise<JsonObject> => {
    if (found === undefined && performance.now() - failedAt < retryMs) return Promise.reject(failure as Error);
    return (found ??= discover(url, metadataUrl).catch((error: unknown) => {
      found = undefined;
      failedAt = performance.now();
      throw (failure = error);
    }));
  };
  return {
    url,
    async endpoint(name) {
      const address = (await metadata())[name];
      // The network that serves the metadata is trusted, and so are addresses on the same host.
      const isNear = (at: string): boolean => metadataUrl !== undefined && isHttp(at) && sameOrigin(at, metadataUrl);
      if (typeof address !== "string" || !(isSecure(address) || isNear(address)))
        throw new Unavailable(`the metadata of ${url} has no https ${name}`);
      return new URL(address);
    },
  };
}

/** Returns whether an address uses https, or http to this machine. */
export function isSecure(address: string): boolean {
  try {
    const { protocol, hostname } = new URL(address);
    const local = hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
    return protocol === "https:" || (protocol === "http:" && local);
  } catch {
    return false;
  }
}

export function isHttp(address: string): boolean {
  return URL.canParse(address) && /^https?:$/.test(new URL(address).protocol);
}

function sameOrigin(one: string, other: string): boolean {
  return new URL(one).origin === new URL(other).origin;
}

async function discover(issuer: string, metadataUrl: string | undefined): Promise<JsonObject> {
  const failures: string[] = [];
  for (const address of metadataUrl === undefined ? wellKnown(issuer) : [metadataUrl]) {
    try {
      const metadata = await fetchJson(address);
      if (metadata["issuer"] === issuer) return metadata;
      failures.push(`${address} is the metadata of another issuer`);
    } catch (error) {
      failures.push(`${address}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new Unavailable(`no metadata of the issuer was found: ${failures.join("; ")}`);
}

/**
 * Returns the addresses of metadata (RFC 8414, section 3.1, and OpenID Connect Discovery), in the order of MCP
 * 2025-11-25.
 */
function wellKnown(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, "");
  return [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    ...(path === "" ? [] : [`${origin}/.well-known/openid-configuration${path}`]),
    `${origin}${path}/.well-known/openid-configuration`,
  ];
}

export async function fetchJson(address: string | URL, init: RequestInit = {}): Promise<JsonObject> {
  const late = AbortSignal.timeout(timeoutMs);
  const signal = init.signal ? AbortSignal.any([late, init.signal]) : late;
  const response = await fetch(address, { redirect: "error", ...init, signal });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`status ${response.status}`);
  }
  const body: unknown = await response.json();
  if (!isObject(body)) throw new Error("the answer is no JSON object");
  return body;
}
