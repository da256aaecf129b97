import type {} from "./parts.js";
import type { Environment } from "./environment.js";
import { errorCodes, McpError } from "./errors.js";
import type { Auth } from "./handlers.js";
import type { Logger } from "./logger.js";

/** The credentials of a caller. */
export interface Credentials {
  readonly transport: Transport;
  /** The path and the query; empty if there is no URL. */
  readonly url: string;
  /** Returns a header by its lower-case name. */
  header(name: string): string | undefined;
}

/** Credentials with the address of the caller. */
export interface Attempt extends Credentials {
  /** The network address of the peer; absent if the platform does not reveal it. */
  readonly remote?: string | undefined;
}

export type Transport = "http" | "sse" | "toolEvents" | "websocket" | "stdio";

/** A refusal of credentials: `message` is for the caller and reveals nothing, `reason` is for the log. */
export interface Unauthorized {
  readonly status: 400 | 401 | 500 | 503;
  /** The error code of RFC 6750, section 3.1; absent for missing credentials. */
  readonly error?: "invalid_request" | "invalid_token";
  readonly message: string;
  readonly reason?: unknown;
}

/** The state that all handlers share, for the hook. */
export interface SharedState {
  readonly config: unknown;
  readonly state: unknown;
}

/**
 * Returns the caller for credentials, or nothing for unknown ones. An `McpError` that it throws becomes the message of
 * the refusal.
 *
 * @typeParam A the state that all handlers share: `config` and `state`, if declared
 */
export type AuthenticateHook<A = unknown> = (credentials: Credentials & A) => HookVerdict | Promise<HookVerdict>;
export type HookVerdict = Partial<Auth> | undefined | null | false;

/** The authentication methods that the manifest declares. */
export interface Authentication {
  /**
   * Reads keys and addresses. Resolves with all problems. Adds secrets that no log may show to `secrets`. Logs later
   * changes of the keys.
   */
  start(environment: Environment, secrets?: Set<string>, logger?: Logger): Promise<readonly string[]>;
  stop(): void;
  /** Authenticates a caller. Returns a promise only if it has to wait, for at most `maxWaitMs`. */
  authenticate(attempt: Attempt, application: SharedState): Auth | Unauthorized | Promise<Auth | Unauthorized>;
  /** Returns the `WWW-Authenticate` header of a refusal (RFC 6750, section 3). */
  challenge(refusal: {
    readonly error?: string;
    readonly message?: string;
    readonly scopes?: readonly string[];
  }): string;
  /** The protected-resource metadata (RFC 9728), by path. */
  readonly metadata: ReadonlyMap<string, string>;
}

/** Creates the authentication of a server whose only caller is already known. */
export function fixedCaller(auth: Auth): Authentication {
  return {
    start: async () => [],
    stop: () => {},
    authenticate: () => auth,
    challenge: () => "Bearer",
    metadata: new Map(),
  };
}

/** The caller without credentials. */
export const anonymous: Auth = { scopes: [], claims: {} };

export function isUnauthorized(verdict: Auth | Unauthorized): verdict is Unauthorized {
  return "status" in verdict;
}

/** Returns a unique text for the owner of state: the issuer and the principal. */
export function identityOf(auth: Auth | undefined): string | undefined {
  if (auth?.principal === undefined) return undefined;
  const { iss } = auth.claims;
  return JSON.stringify([typeof iss === "string" ? iss : null, auth.principal]);
}

/** An entry of the manifest with the scopes that it requires. */
export interface Scoped {
  readonly scopes?: readonly string[];
}

export function hasScopes({ scopes: granted }: Auth, { scopes }: Scoped): boolean {
  return scopes === undefined || scopes.every((scope) => granted.includes(scope));
}

/** The error for a caller without the required `scopes`. */
export class InsufficientScope extends McpError {
  readonly scopes: readonly string[];

  constructor(scopes: readonly string[]) {
    const data = { error: "insufficient_scope", scopes };
    super(errorCodes.invalidRequest, `this needs the scope${scopes.length === 1 ? "" : "s"} ${scopes.join(" ")}`, data);
    this.scopes = scopes;
  }
}

/** Returns an error if the caller lacks a scope that the entry needs. */
export function scopeError(auth: Auth | undefined, entry: Scoped): InsufficientScope | undefined {
  return hasScopes(auth ?? anonymous, entry) ? undefined : new InsufficientScope(entry.scopes ?? []);
}

/** Functions to call when a caller's credentials are revoked. */
const expiryListeners = /* @__PURE__ */ new WeakMap<Auth, Set<() => void> | "revoked">();

/** Ends everything that was opened with revoked credentials. */
export function revoke(auth: Auth): void {
  const ends = expiryListeners.get(auth);
  expiryListeners.set(auth, "revoked");
  if (ends !== "revoked") for (const end of ends ?? []) end();
}

/** Refuses expired or revoked credentials on a connection that outlives them. */
export function refuseExpired(auth: Auth): McpError | undefined {
  if (globalThis.mcpcWithoutAuth) return undefined;
  const expired = auth.expiresAt !== undefined && auth.expiresAt <= Date.now();
  if (!expired && expiryListeners.get(auth) !== "revoked") return undefined;
  return new McpError(errorCodes.invalidRequest, "the credentials have expired; connect again with new ones");
}

/** The maximum delay of a timer. A longer one overflows. */
const maxDelayMs = 0x7fffffff;

/** Calls `end` when the credentials expire or are revoked. The returned function cancels that. */
export function onExpiry(auth: Auth | undefined, end: () => void): () => void {
  if (globalThis.mcpcWithoutAuth || auth === undefined) return () => {};
  const listeners = expiryListeners.get(auth);
  if (listeners === "revoked") return callAt(0, end);
  const ends = listeners ?? new Set();
  if (listeners === undefined) expiryListeners.set(auth, ends);
  ends.add(end);
  const stop = callAt(auth.expiresAt, end);
  return () => {
    ends.delete(end);
    stop();
  };
}

function callAt(time: number | undefined, act: () => void): () => void {
  if (time === undefined) return () => {};
  let timer: unknown;
  // Ends at the earlier of two clocks, since the system clock may be set back.
  const end = performance.now() + time - Date.now();
  const wait = (): void => {
    const remaining = Math.min(time - Date.now(), end - performance.now());
    if (remaining <= 0 && timer !== undefined) return act();
    timer = setTimeout(wait, Math.min(Math.max(remaining, 0), maxDelayMs));
    // The timer must not keep a process alive.
    (timer as { unref?: () => void }).unref?.();
  };
  wait();
  return () => clearTimeout(timer as ReturnType<typeof setTimeout>);
}
