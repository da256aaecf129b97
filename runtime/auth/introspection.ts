import { resolveValue, type Value } from "../protocol/environment.js";
import { fetchJson, isSecure, Unavailable } from "./issuer.js";
import { RefusedToken, type CheckContext, type TokenCheck } from "./oauth.js";

export interface IntrospectionOptions {
  /** The address of the endpoint. Default: the one in the issuer's metadata. */
  readonly endpoint?: Value;
  readonly clientId: Value;
  readonly clientSecret: Value;
  /** Lifetime of a cached answer. A revoked token may be accepted for this long. */
  readonly cacheSeconds: number;
}

/** The maximum number of requests to the issuer at a time. Unknown tokens must not overload it. */
const maxAtOnce = 100;

/** Checks tokens by asking the issuer (RFC 7662), for tokens that only the issuer can read. */
export const introspection =
  (options: IntrospectionOptions) =>
  ({ issuer, audience, clockToleranceSeconds, environment, secrets, problems }: CheckContext): TokenCheck => {
    const id = resolveValue(options.clientId, environment, problems);
    const secret = resolveValue(options.clientSecret, environment, problems);
    secrets.add(secret);
    const declared = options.endpoint === undefined ? undefined : resolveValue(options.endpoint, environment, problems);
    if (declared !== undefined && declared !== "" && !isSecure(declared))
      problems.push("the introspection endpoint must be an https address");
    // RFC 6749, section 2.3.1: both parts are form-encoded.
    const credentials = [id, secret].map((part) => new URLSearchParams({ part }).toString().slice("part=".length));
    return {
      keptMs: options.cacheSeconds * 1000,
      maxAtOnce,
      async claims(token, signal) {
        const endpoint = declared ?? (await issuer.endpoint("introspection_endpoint"));
        const answer = await fetchJson(endpoint, {
          method: "POST",
          headers: { authorization: `Basic ${btoa(credentials.join(":"))}`, accept: "application/json" },
          body: new URLSearchParams({ token, token_type_hint: "access_token" }),
          signal,
        }).catch((error: unknown) => {
          throw new Unavailable(`introspection failed: ${error instanceof Error ? error.message : String(error)}`);
        });
        const { active, iss, aud, exp, nbf, token_type: type } = answer;
        const now = Date.now() / 1000;
        if (active !== true) throw new RefusedToken("the issuer says that the token is not active");
        if (iss !== undefined && iss !== issuer.url) throw new RefusedToken("the token is of another issuer");
        if (![aud].flat().some((name) => typeof name === "string" && audience.includes(name)))
          throw new RefusedToken("the token is for another audience");
        if (typeof type === "string" && type.toLowerCase() !== "bearer")
          throw new RefusedToken("the token is not a bearer token");
        if (typeof exp === "number" && exp + clockToleranceSeconds <= now)
          throw new RefusedToken("the token has expired");
        if (typeof nbf === "number" && nbf - clockToleranceSeconds > now)
          throw new RefusedToken("the token is not valid yet");
        return { ...answer, iss: issuer.url };
      },
    };
  };
