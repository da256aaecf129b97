import type { AuthenticateHook } from "../protocol/auth.js";
import type { Auth } from "../protocol/handlers.js";
import { McpError } from "../protocol/errors.js";
import { isObject } from "../protocol/json-rpc.js";
import { invalidToken, withIncluded, type AuthSettings, type AuthMethod, type MethodVerdict } from "./method.js";

/** Authenticates by the user's hook `authenticate`. An `McpError` that it throws becomes the message of the refusal. */
export const hook =
  (authenticate: AuthenticateHook<any>) =>
  ({ includes }: AuthSettings): AuthMethod => ({
    async verify(_token, { transport, url, header }, { config, state }): Promise<MethodVerdict> {
      try {
        const found: unknown = await authenticate({ transport, url, header, config, state });
        return found === undefined || found === null || found === false ? undefined : authOf(found, includes);
      } catch (error) {
        if (error instanceof McpError) return { ...invalidToken(), message: error.message };
        throw error;
      }
    },
  });

function authOf(found: unknown, includes: AuthSettings["includes"]): Auth {
  const { principal, scopes = [], claims = {}, expiresAt } = isObject(found) ? (found as Record<string, unknown>) : {};
  const isValid =
    isObject(found) &&
    (principal === undefined || typeof principal === "string") &&
    Array.isArray(scopes) &&
    scopes.every((scope) => typeof scope === "string") &&
    isObject(claims) &&
    (expiresAt === undefined || Number.isFinite(expiresAt));
  if (!isValid) throw new TypeError("authenticate must return { principal, scopes, claims, expiresAt }, or nothing");
  return {
    ...(principal !== undefined && { principal }),
    scopes: withIncluded(scopes as string[], includes),
    claims,
    ...(expiresAt !== undefined && { expiresAt: expiresAt as number }),
  };
}
