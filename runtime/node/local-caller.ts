import { fixedCaller, isUnauthorized, type Authentication } from "../protocol/auth.js";
import type { Server } from "../protocol/exchange.js";
import type { Auth } from "../protocol/handlers.js";
import { SettingsError } from "../protocol/hooks.js";
import { namedScopes } from "../protocol/scopes.js";

const variable = "MCPC_ACCESS_TOKEN";

/** The only caller of a server on standard streams. */
export interface LocalCaller {
  readonly auth: Authentication | undefined;
  /** Identifies the caller of a started server. Rejects with `SettingsError` if the credentials are refused. */
  identify(server: Server): Promise<Auth>;
}

/**
 * Reads credentials for standard streams from the environment (2025-11-25, authorization). Without any, the caller is
 * the user who started the process, who may do everything.
 */
export function localCaller(server: Server): LocalCaller {
  const token = process.env[variable]?.trim();
  // Child processes of handlers must not inherit the token.
  delete process.env[variable];
  if (token === undefined || token === "") {
    const local: Auth = { scopes: namedScopes(server), claims: {} };
    return { auth: fixedCaller(local), identify: async () => local };
  }
  const header = (name: string): string | undefined => (name === "authorization" ? `Bearer ${token}` : undefined);
  return {
    auth: server.auth,
    async identify({ auth, application }) {
      const verdict = await auth!.authenticate({ transport: "stdio", url: "", header }, application);
      if (isUnauthorized(verdict)) throw new SettingsError([`${variable}: ${verdict.message}`]);
      return verdict;
    },
  };
}
