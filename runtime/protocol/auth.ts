import type {} from "./parts.js";
import type { Environment } from "./environment.js";
import { errorCodes, McpError } from "./errors.js";
import type { Auth } from "./handlers.js";
import type { Logger } from "./logger.js";

/** The credentials of a caller. */
export interface Credentials {
  readonly transport: Transport;
  /** The path and the query; empty where there is none. */
  readonly url: string;
  /** By lower-case name. */
  header(name: string): string | undefined;
}

/** Credentials as they come. */
export interface Attempt extends Credentials {
  /** The network address of the peer; absent where the platform does not tell. */
  readonly remote?: string | undefined;
}

export type Transport = "http" | "sse" | "toolEvents" | "websocket" | "stdio";

/** Why credentials are refused: `message` is for the caller and reveals nothing, `reason` is for the log. */
export interface Unauthorized {
  readonly status: 400 | 401 | 500 | 503;
  /** RFC 6750, section 3.1; absent where no credentials came. */
  readonly error?: "invalid_request" | "invalid_token";
  readonly message: string;
  readonly reason?: unknown;
}

/** The state that all handlers share; for the hook. */
export interface SharedState {
  readonly config: unknown;
  readonly state: unknown;
}

/**
 * Says who calls, for credentials of any kind, or nothing for those that it does not know. An `McpError` that it throws
 * is a refusal in its own words.
 *
 * @typeParam A what all handlers share: `config` and `state`, where there are such
 */
export type AuthenticateHook<A = unknown> = (credentials: Credentials & A) => HookVerdict | Promise<HookVerdict>;
export type HookVerdict = Partial<Auth> | undefined | null | false;

/** Who may call: the ways to prove it that the manifest declares. */
export interface Authentication {
  /**
   * Reads keys and addresses; resolves with all that is wrong about them. `secrets` gets what no log may show, the log
   * what happens to the keys later.
   */
  start(environment: Environment, secrets?: Set<string>, logger?: Logger): Promise<readonly string[]>;
  stop(): void;
  /** A promise only if something has to be waited for, and not for long. */
  authenticate(attempt: Attempt, application: SharedState): Auth | Unauthorized | Promise<Auth | Unauthorized>;
  /** The `WWW-Authenticate` of a refusal (RFC 6750, section 3). */
  challenge(refusal: {
    readonly error?: string;
    readonly message?: string;
    readonly scopes?: readonly string[];
  }): string;
  /** The protected-resource metadata (RFC 9728) by the paths where it is. */
  readonly metadata: ReadonlyMap<string, string>;
}

/** For a server that has one caller, who is known already. */
export function fixedCaller(auth: Auth): Authentication {
  return {
    start: async () => [],
    stop: () => {},
    authenticate: () => auth,
    challenge: () => "Bearer",
    metadata: new Map(),
  };
}

/** The caller where nobody has to say who they are, and where somebody has not. */
export const anonymous: Auth = { scopes: [], claims: {} };

export function isUnauthorized(verdict: Auth | Unauthorized): verdict is Unauthorized {
  return "status" in verdict;
}

/** Whom things belong to: who vouches for the principal, and the principal, as a text that no other two have. */
export function identityOf(auth: Auth | undefined): string | undefined {
  if (auth?.principal === undefined) return undefined;
  const { iss } = auth.claims;
  return JSON.stringify([typeof iss === "string" ? iss : null, auth.principal]);
}

/** An entry of the manifest with the scopes it needs, all of them. */
export interface Scoped {
  readonly scopes?: readonly string[];
}

export function hasScopes({ scopes: granted }: Auth, { scopes }: Scoped): boolean {
  return scopes === undefined || scopes.every((scope) => granted.includes(scope));
}

/** A request for something that the caller's scopes do not open. `scopes` are all that it needs. */
export class InsufficientScope extends McpError {
  readonly scopes: readonly string[];

  constructor(scopes: readonly string[]) {
    const data = { error: "insufficient_scope", scopes };
    super(errorCodes.invalidRequest, `this needs the scope${scopes.length === 1 ? "" : "s"} ${scopes.join(" ")}`, data);
    this.scopes = scopes;
  }
}

/** The refusal of a caller who lacks a scope. */
export function scopeError(auth: Auth | undefined, entry: Scoped): InsufficientScope | undefined {
  return hasScopes(auth ?? anonymous, entry) ? undefined : new InsufficientScope(entry.scopes ?? []);
}

/** Work that ends when a caller's credentials are revoked. */
const expiryListeners = /* @__PURE__ */ new WeakMap<Auth, Set<() => void> | "revoked">();

/** Ends what was opened with credentials that hold no more. */
export function revoke(auth: Auth): void {
  const ends = expiryListeners.get(auth);
  expiryListeners.set(auth, "revoked");
  if (ends !== "revoked") for (const end of ends ?? []) end();
}

/** For connections that outlive the credentials they were opened with. */
export function refuseExpired(auth: Auth): McpError | undefined {
  if (globalThis.mcpcWithoutAuth) return undefined;
  const expired = auth.expiresAt !== undefined && auth.expiresAt <= Date.now();
  if (!expired && expiryListeners.get(auth) !== "revoked") return undefined;
  return new McpError(errorCodes.invalidRequest, "the credentials have expired; connect again with new ones");
}

/** A longer delay than this overflows. */
const maxDelayMs = 0x7fffffff;

/** Ends what outlives a caller's credentials; call the result when it has ended by itself. */
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
  // Ends by whichever clock comes first: the one that tells the time may be set back meanwhile.
  const end = performance.now() + time - Date.now();
  const wait = (): void => {
    const remaining = Math.min(time - Date.now(), end - performance.now());
    if (remaining <= 0 && timer !== undefined) return act();
    timer = setTimeout(wait, Math.min(Math.max(remaining, 0), maxDelayMs));
    // Where timers keep a process alive, this one must not.
    (timer as { unref?: () => void }).unref?.();
  };
  wait();
  return () => clearTimeout(timer as ReturnType<typeof setTimeout>);
}
