import type { Unauthorized } from "../protocol/auth.js";
import { callerOf } from "../protocol/caller.js";
import { optionalValue, resolveValue, type Environment, type Value } from "../protocol/environment.js";
import type { Auth } from "../protocol/handlers.js";
import type { JsonObject } from "../protocol/types.js";
import { createIssuer, isHttp, isSecure, Unavailable, type Issuer } from "./issuer.js";
import { invalidToken, withIncluded, type AuthSettings, type AuthMethod, type Published } from "./method.js";
import { publish } from "./resource-metadata.js";
import { createTokenCache, type TokenCache } from "./token-cache.js";

export interface OAuthOptions {
  readonly issuer: Value;
  /** The address of the metadata, if it is not derived from the issuer's. An unset variable counts as absent. */
  readonly metadataUrl?: Value;
  /** The names of this server in tokens. */
  readonly audience: readonly Value[];
  /** The address of this server as clients know it. Default: the audience. */
  readonly resource?: Value;
  readonly clockToleranceSeconds: number;
  /** Creates the check of tokens. */
  readonly check: (context: CheckContext) => TokenCheck;
}

export interface CheckContext {
  readonly issuer: Issuer;
  readonly audience: readonly string[];
  readonly clockToleranceSeconds: number;
  readonly environment: Environment;
  /** Secrets, which no log may show. */
  readonly secrets: Set<string>;
  readonly problems: string[];
}

/**
 * Returns the claims of a valid token. Rejects with `RefusedToken` for an invalid one, with `Unavailable` if the check
 * fails.
 */
export interface TokenCheck {
  claims(token: string, signal: AbortSignal): Promise<JsonObject>;
  /** Lifetime of a cached answer, unless the token expires earlier. Default: ten minutes. */
  readonly keptMs?: number;
  /** The maximum number of checks at a time. Default: unlimited. */
  readonly maxAtOnce?: number;
}

/** The reason for a refusal, for the log. It never contains any part of the token. */
export class RefusedToken extends Error {}

/** Acts as an OAuth 2.1 resource server (RFC 6750, 8414, 8707, 9068, 9728), which accepts the tokens of one issuer. */
export const oauth =
  (options: OAuthOptions) =>
  (common: AuthSettings): AuthMethod => {
    let cache: TokenCache | undefined;
    let check: TokenCheck | undefined;
    let published: Published | undefined;

    async function examine(token: string, signal: AbortSignal): Promise<Auth | Unauthorized> {
      try {
        const claims = await check!.claims(token, signal);
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
        const url = resolveValue(options.issuer, environment, problems);
        const audience = options.audience.map((value) => resolveValue(value, environment, problems));
        const resource =
          options.resource === undefined ? audience[0]! : resolveValue(options.resource, environment, problems);
        if (url !== "" && !isSecure(url)) problems.push(`${nameOf(options.issuer)} must be an https address`);
        const metadataUrl = optionalValue(options.metadataUrl, environment);
        if (metadataUrl !== undefined && !isHttp(metadataUrl))
          problems.push(`${nameOf(options.metadataUrl!)} must be an http or https address`);
        if (resource !== "" && !isSecure(resource))
          problems.push(`${nameOf(options.resource ?? options.audience[0]!)} must be this server's https address`);
        const { clockToleranceSeconds } = options;
        check = options.check({
          issuer: createIssuer(url, metadataUrl),
          audience: audience.flatMap(spellingsOf),
          clockToleranceSeconds,
          environment,
          secrets,
          problems,
        });
        cache = createTokenCache({ keptMs: check.keptMs ?? keptMs, maxExaminations: check.maxAtOnce ?? Infinity });
        if (problems.length === 0)
          published = publish(resource, url, common, optionalValue(common.path, environment) ?? "");
        return problems;
      },
      verify: (token, { remote }) =>
        token === undefined || cache === undefined
          ? undefined
          : cache.get(token, callerOf(undefined, remote), (signal) => examine(token, signal)),
      get published() {
        return published;
      },
    };
  };

const keptMs = 10 * 60_000;

/** Returns equivalent spellings of a URL: an origin is the same with and without a slash at its end. */
function spellingsOf(name: string): readonly string[] {
  if (!isHttp(name)) return [name];
  const { href, origin } = new URL(name);
  return [name, href, ...(href === `${origin}/` ? [origin] : [])];
}

function nameOf(value: Value): string {
  return typeof value === "string" ? JSON.stringify(value) : value.env;
}

function authOf(claims: JsonObject, tolerance: number, { includes }: AuthSettings): Auth {
  const { exp, cnf } = claims;
  if ((cnf ?? undefined) !== undefined)
    throw new RefusedToken("the token is bound to a key of its client (cnf), and proofs of that are not checked");
  return {
    principal: principalOf(claims),
    scopes: withIncluded(scopesOf(claims), includes),
    claims,
    ...(typeof exp === "number" && { expiresAt: (exp + tolerance) * 1000 }),
  };
}

const clientPrefix = "client:";

/**
 * Returns the subject of a token, or `client:ID` for a token that a client got for itself. Clients may choose their id,
 * so a client must never be taken for the user of that name (RFC 9068, section 5).
 */
function principalOf({ sub, client_id: id, azp, username }: JsonObject): string {
  const client = [id, azp].find(isName);
  // Without a user, the subject of a token is its client (RFC 9068, section 2.2).
  if (isName(sub) && sub !== client) {
    if (sub.startsWith(clientPrefix)) throw new RefusedToken(`the subject begins with "${clientPrefix}"`);
    return sub;
  }
  if (client === undefined) throw new RefusedToken("the token has neither sub nor client_id");
  // Otherwise all users of a client would be one caller.
  if (sub === undefined && isName(username)) throw new RefusedToken("the token names its user without a subject (sub)");
  return clientPrefix + client;
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

/** Returns the scopes in `scope` (RFC 9068) or in `scp`, as other issuers name it. */
function scopesOf({ scope, scp }: JsonObject): readonly string[] {
  return [scope, scp].flatMap((value) => {
    if (typeof value === "string") return value.split(" ").filter((one) => one !== "");
    return Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];
  });
}
