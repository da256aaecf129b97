import type { Server } from "../../protocol/exchange.js";
import type { AddressVariables } from "../../protocol/hooks.js";
import type { HttpOptions, HttpRequest, Refusal } from "./endpoint.js";

/** Returns whether an address can be reached only from this machine. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Creates the check of a request's source: its Host, and the page that sends it. */
export function createSourceCheck(server: Server, options: HttpOptions): (request: HttpRequest) => Refusal | undefined {
  const isLocal = isLoopback(options.host.toLowerCase());
  const hosts = new Set(options.allowedHosts.map(normalHost));
  const origins = new Set(options.allowedOrigins.map(normalOrigin));
  /** The last allowed Host, since clients send the same one repeatedly. */
  let lastHost: string | undefined;

  function advice(member: keyof AddressVariables): string {
    const field = `"runtime.transports.http.${member}"`;
    const variable = options.variables?.[member];
    return `name it in ${variable === undefined ? field : `${variable} (${field})`} if it is yours`;
  }

  function isAllowedHost(header: string): boolean {
    const name = hostName(header);
    if (name === undefined) return false;
    if (hosts.has(name) || hosts.has(header.toLowerCase())) return true;
    // Addresses are not looked up, so DNS rebinding cannot use them.
    return isLoopback(name) || (!isLocal && isAddress(name));
  }

  /** Checks the Host. A page whose domain resolves to this server sends that domain as Host (DNS rebinding). */
  function checkHost(header: string | undefined): Refusal | undefined {
    if (header !== undefined && header === lastHost) return undefined;
    if (header?.includes(",")) return { status: 400, message: "a request has one Host" };
    // With authentication such a page fails, because it has no credentials.
    const isAnyHost = !isLocal && hosts.size === 0 && server.auth !== undefined;
    if (!isAnyHost && !isAllowedHost(header ?? "")) {
      const message = `the host ${JSON.stringify(header ?? "")} is not allowed; ${advice("allowedHosts")}`;
      return { status: 403, message };
    }
    lastHost = header;
    return undefined;
  }

  function isAllowedOrigin(origin: string): boolean {
    if (origins.has(origin) || origins.has("*") || origins.has(normalOrigin(origin))) return true;
    return isLocal && isLocalOrigin(origin);
  }

  function checkOrigin(origin: string): Refusal | undefined {
    if (isAllowedOrigin(origin)) return undefined;
    const message = `the origin ${JSON.stringify(origin)} is not allowed; ${advice("allowedOrigins")}`;
    return { status: 403, message };
  }

  /** Checks Fetch Metadata: browsers send no Origin for images, scripts, frames and links. */
  function checkFetchMetadata(request: HttpRequest): Refusal | undefined {
    const mode = request.header("sec-fetch-mode");
    if (mode === "no-cors" || mode?.endsWith("navigate"))
      return { status: 403, message: "images, scripts, frames and links cannot call; use fetch or EventSource" };
    const site = request.header("sec-fetch-site");
    if (request.header("origin") !== undefined || (site !== "cross-site" && site !== "same-site")) return undefined;
    return checkOrigin(normalOrigin(request.header("referer") ?? "null"));
  }

  return (request) => {
    const refusal = checkHost(request.header("host"));
    if (refusal !== undefined) return refusal;
    const origin = request.header("origin");
    const refused = origin === undefined ? undefined : checkOrigin(origin);
    // Browsers send an Origin with every POST and every preflight.
    if (refused !== undefined || request.method === "POST" || request.method === "OPTIONS") return refused;
    return checkFetchMetadata(request);
  };
}

function hostName(header: string): string | undefined {
  const match = /^(\[[0-9a-f:.]+\]|[^:\s/?#@[\]]+)(?::\d*)?$/i.exec(header);
  return match?.[1]?.toLowerCase();
}

function isAddress(name: string): boolean {
  return name.startsWith("[") || /^\d{1,3}(\.\d{1,3}){3}$/.test(name);
}

function isLocalOrigin(origin: string): boolean {
  const match = /^https?:\/\/(.+)$/i.exec(origin);
  const name = match?.[1] === undefined ? undefined : hostName(match[1]);
  return name !== undefined && isLoopback(name);
}

/** Normalises a host as browsers do: lower case, ASCII, without the default port. */
function normalHost(host: string): string {
  try {
    return new URL(`https://${host}`).host;
  } catch {
    return host.toLowerCase();
  }
}

/** Normalises an origin, or the origin of a page's URL. */
function normalOrigin(text: string): string {
  try {
    const { origin } = new URL(text);
    if (origin !== "null") return origin;
  } catch {
    // `*` and `null` are no URLs.
  }
  return text.toLowerCase().replace(/\/$/, "");
}
