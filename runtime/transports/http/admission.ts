import { ready } from "../../protocol/application.js";
import type { Server } from "../../protocol/exchange.js";
import { withTimeout, maxWaitMs } from "../../protocol/with-timeout.js";
import type { Endpoint, Headers, HttpOptions, HttpRequest, Refusal } from "./endpoint.js";
import { identify } from "./identify.js";
import { createSourceCheck } from "./source.js";

/** Default maximum size of a body in bytes. */
export const defaultMaxBodyBytes = 4 * 1024 * 1024;

/** The refusal of a request, if any. It is a promise only while credentials are checked. */
export type AdmissionVerdict = Refusal | undefined | Promise<Refusal | undefined>;

/** The checks of a request before its body. */
export interface Admission {
  /** Checks Origin and Host, credentials, method and content type. A CORS preflight carries no credentials. */
  request(endpoint: Pick<Endpoint, "access">, request: HttpRequest): AdmissionVerdict;
  /** Checks the opening of a WebSocket. Pages of any origin may open one, so the Origin decides. */
  upgrade(request: HttpRequest): AdmissionVerdict;
}

export function createAdmission(server: Server, options: HttpOptions): Admission {
  const { maxBodyBytes } = options;
  const checkSource = createSourceCheck(server, options);
  return {
    request({ access }, request) {
      if (access === "open") return undefined;
      const foreign = checkSource(request);
      if (foreign !== undefined || server.auth === undefined || request.method === "OPTIONS")
        return foreign ?? checkMessage(request, maxBodyBytes);
      const refusal = identify(server, server.auth, request, access);
      if (refusal instanceof Promise) return refusal.then((settled) => settled ?? checkMessage(request, maxBodyBytes));
      return refusal ?? checkMessage(request, maxBodyBytes);
    },
    upgrade: (request) => checkSource(request) ?? (server.auth && identify(server, server.auth, request, "websocket")),
  };
}

function checkMessage(request: HttpRequest, most: number | undefined): Refusal | undefined {
  const refusal = checkMethod(request.method);
  if (refusal !== undefined || request.method !== "POST") return refusal;
  return checkContent(request, most);
}

/** Returns whether a request is refused for its origin, whose page must not read the reason. */
export function isForeign({ status }: Refusal): boolean {
  return status === 400 || status === 403;
}

const methods: readonly string[] = ["POST", "GET", "DELETE", "OPTIONS"];

function checkMethod(method: string): Refusal | undefined {
  if (method === "POST" || methods.includes(method)) return undefined;
  const message = `${method} is not served here; send messages with POST`;
  return { status: 405, message, headers: { allow: "POST, GET, DELETE" } };
}

function checkContent(request: HttpRequest, most = defaultMaxBodyBytes): Refusal | undefined {
  const type = request.header("content-type");
  const length = request.header("content-length");
  if (type !== "application/json" && (type === undefined || !/^application\/json\s*(;|$)/i.test(type))) {
    return { status: 415, message: "the Content-Type must be application/json" };
  }
  return length !== undefined && Number(length) > most ? bodyTooLong(most) : undefined;
}

/** Refuses a compressed body that no middleware has decoded: its length is unknown (RFC 9110, section 15.5.16). */
export function checkEncoding(request: HttpRequest): Refusal | undefined {
  const encoding = request.header("content-encoding");
  if (encoding === undefined || /^\s*(identity)?\s*$/i.test(encoding)) return undefined;
  const message = `the Content-Encoding ${JSON.stringify(encoding)} is not served; send the body as it is`;
  return { status: 415, message, headers: { "accept-encoding": "identity" } };
}

/** Returns headers that let a page of an allowed origin read the answer (Fetch, section 3.2: CORS protocol). */
export function corsHeaders(request: HttpRequest, { access }: Pick<Endpoint, "access">): Headers | undefined {
  const origin = request.header("origin");
  if (origin === undefined) return undefined;
  const isOpen = access === "open";
  const allowed: Headers = isOpen
    ? { "access-control-allow-origin": "*" }
    : { "access-control-allow-origin": origin, vary: "Origin" };
  if (request.method === "OPTIONS") {
    return {
      ...allowed,
      "access-control-allow-methods": isOpen ? "GET, HEAD" : "GET, POST, DELETE",
      "access-control-allow-headers": request.header("access-control-request-headers") ?? "content-type",
      "access-control-max-age": "600",
    };
  }
  return isOpen ? allowed : { ...allowed, "access-control-expose-headers": "Mcp-Session-Id, WWW-Authenticate" };
}

/** Refuses requests to a server whose settings are wrong, or whose `onStart` failed. */
const notStarted: Refusal = { status: 503, message: "the server could not start; its log explains it" };

const stillStarting: Refusal = {
  status: 503,
  message: "the server is still starting; try again in a moment",
  headers: { "retry-after": "5" },
};

/** Returns the refusal of a server that has not started; `undefined` once it has. */
export function refuseUntilStarted(server: Server): undefined | Promise<Refusal | undefined> {
  const started = ready(server);
  if (started === true) return undefined;
  const late = (): Refusal => {
    server.logger("error", `the start of the server has not ended within ${maxWaitMs} ms; requests are refused`);
    return stillStarting;
  };
  return withTimeout(
    started.then((can) => (can ? undefined : notStarted)),
    late,
  );
}

export function bodyTooLong(most = defaultMaxBodyBytes): Refusal {
  return { status: 413, message: `the body must have at most ${most} bytes` };
}
