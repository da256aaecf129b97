import type { Unauthorized } from "../protocol/auth.js";
import type { Environment } from "../protocol/environment.js";
import type { Auth } from "../protocol/handlers.js";
import type { JsonObject } from "../protocol/types.js";
import { createIssuer, isSecure, Unavailable, type Issuer } from "./issuer.js";
import {
  invalidToken,
  resolved,
  withIncluded,
  type Common,
  type Method,
  type Published,
  type Value,
} from "./method.js";
import { publish } from "./resource-metadata.js";
import { createTokenCache } from "./token-cache.js";

export interface OAuthOptions {
  readonly issuer: Value;
  /** This server's names in tokens. */
  readonly audience: readonly Value[];
  /** This server's address as clients know it; the audience when absent. */
  readonly resource?: Value;
  readonly clockToleranceSeconds: number;
  /** How a token is found to be good. */
  readonly check: (context: CheckContext) => TokenCheck;
}

export interface CheckContext {
  readonly issuer: Issuer;
  readonly audience: readonly string[];
  readonly clockToleranceSeconds: number;
  readonly environment: Environment;
  /** What no log may show. */
  readonly secrets: Set<string>;
  readonly problems: string[];
}

/** The claims of a good token; rejects with `RefusedToken` for any other, with `Unavailable` when nobody can tell. */
export interface TokenCheck {
  claims(token: string): Promise<JsonObject>;
  /** How long an answer may be kept; as long as the token lasts when absent. */
  readonly keptMs?: number;
}

/** Why a token is refused, for the log: never the token, nor anything of it. */
export class RefusedToken extends Error {}

/** An OAuth 2.1 resource server (RFC 6750, 8414, 8707, 9068, 9728): takes the tokens that one issuer gives for it. */
export const oauth =
  (options: OAuthOptions) =>
  (common: Common): Method => {
    const accepted = createTokenCache<Auth>();
    let check: TokenCheck | undefined;
    let published: Published | undefined;

    async function examine(token: string): Promise<Auth | Unauthorized> {
      try {
        const claims = await check!.claims(token);
        return authOf(claims, options.clockToleranceSeconds, common);
      } catch (error) {
        if (error instanceof RefusedToken) return invalidToken(error.message);
        if (!(error instanceof Unavailable)) throw error;
        const message = "the credentials cannot be checked at the moment; try again later";
        return { status: 503, message, reason: error.message };
      }
    }

    return {
      async start(environment, secrets) {
        const problems: string[] = [];
        const url = resolved(options.issuer, environment, problems);
        const audience = options.audience.map((value) => resolved(value, environment, problems));
        const resource =
          options.resource === undefined ? audience[0]! : resolved(options.resource, environment, problems);
        if (url !== "" && !isSecure(url)) problems.push(`${nameOf(options.issuer)} must be an https address`);
        if (resource !== "" && !isSecure(resource))
          problems.push(`${nameOf(options.resource ?? options.audience[0]!)} must be this server's https address`);
        const { clockToleranceSeconds } = options;
        const context = { issuer: createIssuer(url), audience, clockToleranceSeconds, environment, secrets, problems };
        check = options.check(context);
        if (problems.length === 0) published = publish(resource, url, common);
        return problems;
      },
      verify: (token) =>
        token === undefined || check === undefined
          ? undefined
          : accepted.get(
              token,
              () => examine(token),
              (auth) => keptUntil(auth, check!.keptMs),
            ),
      get published() {
        return published;
      },
    };
  };

function keptUntil({ expiresAt = Infinity }: Auth, keptMs = 10 * 60_000): number {
  return Math.min(expiresAt, Date.now() + keptMs);
}

function nameOf(value: Value): string {
  return typeof value === "string" ? JSON.stringify(value) : value.env;
}

function authOf(claims: JsonObject, tolerance: number, { includes }: Common): Auth {
  const { sub, client_id: client, azp, exp } = claims;
  // A token that a client got for itself names the client alone.
  const principal = [sub, client, azp].find((name) => typeof name === "string" && name !== "");
  if (principal === undefined) throw new RefusedToken("the token names nobody (sub, client_id)");
  return {
    principal: principal as string,
    scopes: withIncluded(scopesOf(claims), includes),
    claims,
    ...(typeof exp === "number" && { expiresAt: (exp + tolerance) * 1000 }),
  };
}

/** `scope` as RFC 9068 has it; `scp` as others write it. */
function scopesOf({ scope, scp }: JsonObject): readonly string[] {
  return [scope, scp].flatMap((value) => {
    if (typeof value === "string") return value.split(" ").filter((one) => one !== "");
    return Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];
  });
}
