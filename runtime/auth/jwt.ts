import { createRemoteJWKSet, errors, jwtVerify, type JWTVerifyGetKey } from "jose";
import type { JsonObject } from "../protocol/types.js";
import { Unavailable } from "./issuer.js";
import { RefusedToken, type CheckContext, type TokenCheck } from "./oauth.js";

export interface JwtOptions {
  /** Algorithms with public keys only: a shared secret would be known to the issuer, too. */
  readonly algorithms: readonly string[];
}

/** An unknown key id reloads the key set: once per id in this window, and at most `maxReloads` times. */
const reloadWindowMs = 30_000;
const maxReloads = 5;
const keptMs = 10 * 60_000;
/** Accepted values of the header `typ`. Issuers sign tokens of other types with the same keys. */
const bearerTypes: readonly (string | undefined)[] = ["at+jwt", "application/at+jwt", "jwt", undefined];

/** Checks signed tokens (RFC 9068) with the issuer's published keys. */
export const jwt =
  ({ algorithms }: JwtOptions) =>
  ({ issuer, audience, clockToleranceSeconds }: CheckContext): TokenCheck => {
    let keys: Promise<JWTVerifyGetKey> | undefined;
    const keySet = (): Promise<JWTVerifyGetKey> =>
      (keys ??= remoteKeys(issuer.endpoint("jwks_uri")).catch((error) => {
        keys = undefined;
        throw error;
      }));
    const expected = {
      issuer: issuer.url,
      audience: [...audience],
      algorithms: [...algorithms],
      clockTolerance: clockToleranceSeconds,
      requiredClaims: ["exp"],
    };
    return {
      async claims(token) {
        try {
          const { payload, protectedHeader } = await jwtVerify(token, await keySet(), expected);
          if (!bearerTypes.includes(protectedHeader.typ?.toLowerCase()))
            throw new RefusedToken("the token is of another type (typ)");
          return payload as JsonObject;
        } catch (error) {
          throw toAuthError(error);
        }
      },
    };
  };

async function remoteKeys(address: Promise<URL>): Promise<JWTVerifyGetKey> {
  const remote = createRemoteJWKSet(await address, { cacheMaxAge: keptMs, timeoutDuration: 5000 });
  const reloads = new Map<unknown, number>();
  return async (header, token) => {
    try {
      return await remote(header, token);
    } catch (error) {
      for (const [id, at] of reloads) if (at < performance.now() - reloadWindowMs) reloads.delete(id);
      const { kid } = header;
      if (!(error instanceof errors.JWKSNoMatchingKey) || reloads.has(kid) || reloads.size >= maxReloads) throw error;
      // The issuer may have introduced a new key.
      reloads.set(kid, performance.now());
      await remote.reload();
      return remote(header, token);
    }
  };
}

/** Converts an error of the verification into one whose message contains no part of the token. */
function toAuthError(error: unknown): Error {
  if (error instanceof RefusedToken || error instanceof Unavailable) return error;
  if (error instanceof errors.JWKSTimeout) return new Unavailable("the issuer's keys cannot be fetched: no answer");
  if (error instanceof errors.JWTExpired) return new RefusedToken("the token has expired");
  if (error instanceof errors.JWTClaimValidationFailed)
    return new RefusedToken(`the claim ${error.claim} does not fit`);
  if (error instanceof errors.JOSEError && error.code !== "ERR_JOSE_GENERIC") return new RefusedToken(error.code);
  if (error instanceof TypeError || error instanceof errors.JOSEError)
    return new Unavailable(`the issuer's keys cannot be fetched: ${error.message}`);
  return error as Error;
}
