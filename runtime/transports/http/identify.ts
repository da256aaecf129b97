import type {} from "../../protocol/parts.js";
import {
  isUnauthorized,
  type InsufficientScope,
  type Authentication,
  type Transport,
  type Unauthorized,
} from "../../protocol/auth.js";
import type { Server } from "../../protocol/exchange.js";
import type { Auth } from "../../protocol/handlers.js";
import { describe } from "../../protocol/logger.js";
import { observeUnauthorized } from "../../protocol/observe.js";
import type { Headers, HttpRequest, Refusal } from "./endpoint.js";

/** Authenticates a request and stores its caller in it, or returns a refusal. */
export function identify(
  server: Server,
  authentication: Authentication,
  request: HttpRequest,
  transport: Transport,
): Refusal | undefined | Promise<Refusal | undefined> {
  const settle = (verdict: Auth | Unauthorized): Refusal | undefined => {
    if (isUnauthorized(verdict)) {
      if (!globalThis.mcpcWithoutObservers) observeUnauthorized(server, request, reasonOf(verdict));
      return refusalOf(server, authentication, verdict);
    }
    request.auth = verdict;
    return undefined;
  };
  const { url, remote } = request;
  const attempt = { transport, url, remote, header: (name: string) => request.header(name) };
  const verdict = authentication.authenticate(attempt, server.application);
  return verdict instanceof Promise ? verdict.then(settle) : settle(verdict);
}

/** Returns the reason of a refusal in one of few words. */
function reasonOf({ status, error }: Unauthorized): string {
  return error ?? (status === 401 ? "missing_credentials" : "unavailable");
}

/** Logs the reason of a refusal. The caller does not get it, because it would help an attacker. */
function refusalOf({ logger }: Server, authentication: Authentication, refusal: Unauthorized): Refusal {
  const { status, message, reason } = refusal;
  const logReason = reason instanceof Error ? describe(reason) : reason;
  if (logReason !== undefined)
    logger(status >= 500 ? "error" : "info", "credentials were refused", { reason: logReason });
  const headers: Headers =
    status === 503
      ? { "retry-after": "5" }
      : status === 500
        ? {}
        : { "www-authenticate": authentication.challenge(refusal) };
  return { status, message, headers: { "cache-control": "no-store", ...headers } };
}

/**
 * Returns the header of a 403 answer for missing scopes (RFC 6750, section 3.1). Clients before 2026-07-28 replace
 * their scopes by those of the challenge, so it repeats the `held` ones (2025-11-25, authorization: scope challenge
 * handling). Newer clients keep theirs.
 */
export function scopeChallenge(
  { auth }: Server,
  { message, scopes: needed }: InsufficientScope,
  held: readonly string[] = [],
): Headers {
  const scopes = [...new Set([...held.filter(isScope), ...needed])];
  return { "www-authenticate": auth!.challenge({ error: "insufficient_scope", message, scopes }) };
}

/** Returns whether a challenge can contain a scope (RFC 6749, section 3.3). */
function isScope(scope: string): boolean {
  return /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope);
}
