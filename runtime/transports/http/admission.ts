import type { Server } from "../../protocol/exchange.js";
import type { Endpoint, Headers, HttpOptions, HttpRequest, Refusal } from "./exchange.js";
import { identify } from "./identify.js";

/** In bytes, unless told otherwise. */
export const longestBody = 4 * 1024 * 1024;

/**
 * Origin and Host, credentials, verb, content type: the steps of the ladder that need no body. A promise only if the
 * credentials have to be waited for. What is asked before a page's request (CORS) carries none.
 */
export function admit(
  server: Server,
  endpoint: Pick<Endpoint, "access">,
  request: HttpRequest,
  options: HttpOptions,
): Refusal | undefined | Promise<Refusal | undefined> {
  if (endpoint.access === "open") return undefined;
  const foreign = checkSource(request, options);
  const { maxBodyBytes } = options;
  if (foreign !== undefined || server.auth === undefined || request.method === "OPTIONS")
    return foreign ?? checkMessage(request, maxBodyBytes);
  const refusal = identify(server, server.auth, request, endpoint.access);
  if (refusal instanceof Promise) return refusal.then((settled) => settled ?? checkMessage(request, maxBodyBytes));
  return refusal ?? checkMessage(request, maxBodyBytes);
}

/** The same for a connection that is to become a WebSocket: pages may open one anywhere, so the Origin decides. */
export function admitUpgrade(
  server: Server,
  request: HttpRequest,
  options: HttpOptions,
): Refusal | undefined | Promise<Refusal | undefined> {
  const foreign = checkSource(request, options);
  return foreign ?? (server.auth && identify(server, server.auth, request, "websocket"));
}

function checkSource(request: HttpRequest, options: HttpOptions): Refusal | undefined {
  return checkHost(request.header("host"), options) ?? checkOrigin(request.header("origin"), options);
}

function checkMessage(request: HttpRequest, most: number | undefined): Refusal | undefined {
  const refusal = checkMethod(request.method);
  if (refusal !== undefined || request.method !== "POST") return refusal;
  return checkContent(request, most);
}

/** Whether an address is reached from this machine alone. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);
}

/** The last Host that was let in, by the options it was measured against: clients come with the same again and again. */
const lastHost = new WeakMap<HttpOptions, string>();

/** A page of another name that resolves to this machine is told by its Host (DNS rebinding). */
function checkHost(header: string | undefined, options: HttpOptions): Refusal | undefined {
  if (header !== undefined && lastHost.get(options) === header) return undefined;
  const refusal = refuseHost(header, options);
  if (refusal === undefined && header !== undefined) lastHost.set(options, header);
  return refusal;
}

function refuseHost(header: string | undefined, { host, allowedHosts }: HttpOptions): Refusal | undefined {
  const local = isLoopback(host);
  if (!local && allowedHosts.length === 0) return undefined;
  const name = hostName(header ?? "");
  if (
    name !== undefined &&
    (allowedHosts.includes(name) || allowedHosts.includes(header!) || (local && isLoopback(name)))
  )
    return undefined;
  const advice = 'name it in "runtime.transports.http.allowedHosts" if it is yours';
  return { status: 403, message: `the host ${JSON.stringify(header ?? "")} is not allowed; ${advice}` };
}

function hostName(header: string): string | undefined {
  const match = /^(\[[0-9a-f:.]+\]|[^:\s/?#@[\]]+)(?::\d*)?$/i.exec(header);
  return match?.[1]?.toLowerCase();
}

/** A request without an Origin does not come from a web page. */
function checkOrigin(origin: string | undefined, { host, allowedOrigins }: HttpOptions): Refusal | undefined {
  if (origin === undefined || allowedOrigins.includes(origin) || allowedOrigins.includes("*")) return undefined;
  if (isLoopback(host) && isLocalOrigin(origin)) return undefined;
  const advice = 'name it in "runtime.transports.http.allowedOrigins" if it is yours';
  return { status: 403, message: `the origin ${JSON.stringify(origin)} is not allowed; ${advice}` };
}

function isLocalOrigin(origin: string): boolean {
  const match = /^https?:\/\/(.+)$/i.exec(origin);
  const name = match?.[1] === undefined ? undefined : hostName(match[1]);
  return name !== undefined && isLoopback(name);
}

const methods: readonly string[] = ["POST", "GET", "DELETE", "OPTIONS"];

function checkMethod(method: string): Refusal | undefined {
  if (method === "POST" || methods.includes(method)) return undefined;
  const message = `${method} is not served here; send messages with POST`;
  return { status: 405, message, headers: { allow: "POST, GET, DELETE" } };
}

function checkContent(request: HttpRequest, most = longestBody): Refusal | undefined {
  const type = request.header("content-type");
  const length = request.header("content-length");
  if (type !== "application/json" && (type === undefined || !/^application\/json\s*(;|$)/i.test(type))) {
    return { status: 415, message: "the Content-Type must be application/json" };
  }
  return length !== undefined && Number(length) > most ? bodyTooLong(most) : undefined;
}

/** What lets a page of an allowed origin read the answer (Fetch, section 3.2: CORS protocol). */
export function corsHeaders(request: HttpRequest, { access }: Pick<Endpoint, "access">): Headers | undefined {
  const origin = request.header("origin");
  if (origin === undefined) return undefined;
  const exposed = { "access-control-expose-headers": "Mcp-Session-Id, WWW-Authenticate" };
  if (access === "open") return { "access-control-allow-origin": "*" };
  const allowed = { "access-control-allow-origin": origin, vary: "Origin" };
  if (request.method !== "OPTIONS") return { ...allowed, ...exposed };
  return {
    ...allowed,
    "access-control-allow-methods": "GET, POST, DELETE",
    "access-control-allow-headers": request.header("access-control-request-headers") ?? "content-type",
    "access-control-max-age": "600",
  };
}

/** Of a server whose settings are wrong, or whose `onStart` failed. */
export const notStarted: Refusal = { status: 503, message: "the server could not start; its log explains it" };

export function bodyTooLong(most = longestBody): Refusal {
  return { status: 413, message: `the body must have at most ${most} bytes` };
}
