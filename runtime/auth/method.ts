import type { Attempt, SharedState, Unauthorized } from "../protocol/auth.js";
import type { Environment, Value } from "../protocol/environment.js";
import type { Auth } from "../protocol/handlers.js";
import type { Logger } from "../protocol/logger.js";

/** A verdict on credentials; `undefined` for credentials of another kind. */
export type MethodVerdict = Auth | Unauthorized | undefined;

/** An authentication method. */
export interface AuthMethod {
  /** Reads its settings. Resolves with all problems. Adds secrets that no log may show to `secrets`. */
  start?(environment: Environment, secrets: Set<string>, logger: Logger): Promise<readonly string[]>;
  stop?(): void;
  /**
   * Verifies credentials. `token` is the one of the header `Authorization`. Returns a promise only if it has to wait.
   */
  verify(token: string | undefined, attempt: Attempt, application: SharedState): MethodVerdict | Promise<MethodVerdict>;
  /** The method's parameter of challenges, and its public documents by path. Set after the start. */
  readonly published?: Published | undefined;
}

export interface Published {
  /** The address of the protected-resource metadata (RFC 9728). */
  readonly resourceMetadata: string;
  readonly documents: ReadonlyMap<string, string>;
}

/** Included scopes by the name of the including scope. */
export type Includes = Readonly<Record<string, readonly string[]>>;

/** The settings that all methods of a server share. */
export interface AuthSettings {
  readonly includes: Includes;
  /** The scopes that clients should request at first. */
  readonly requested: readonly string[];
  /** The server's title or name, for people. */
  readonly name: string;
  /** The path of the MCP endpoint. */
  readonly path: Value;
}

/** Refuses a token with one message for every reason: details would help an attacker to guess. */
export function invalidToken(reason?: unknown): Unauthorized {
  return { status: 401, error: "invalid_token", message: "the credentials are not valid, or not any more", reason };
}

/** Returns scopes with all included ones. */
export function withIncluded(scopes: readonly string[], includes: Includes): readonly string[] {
  const all = new Set(scopes);
  // Iteration over a set includes the elements that are added meanwhile.
  for (const scope of all) {
    if (Object.hasOwn(includes, scope)) for (const included of includes[scope]!) all.add(included);
  }
  return [...all];
}
