import type { Attempt, SharedState, Unauthorized } from "../protocol/auth.js";
import type { Environment, Value } from "../protocol/environment.js";
import type { Auth } from "../protocol/handlers.js";
import type { Logger } from "../protocol/logger.js";

/** `undefined`: these credentials are of another kind. */
export type MethodVerdict = Auth | Unauthorized | undefined;

/** One way to prove who calls. */
export interface AuthMethod {
  /** Reads what it needs; resolves with all that is wrong about it. `secrets` gets what no log may show. */
  start?(environment: Environment, secrets: Set<string>, logger: Logger): Promise<readonly string[]>;
  stop?(): void;
  /** `token` is the one of the `Authorization` header, if there is one; a promise only if it has to be waited for. */
  verify(token: string | undefined, attempt: Attempt, application: SharedState): MethodVerdict | Promise<MethodVerdict>;
  /** The additions of this method to challenges, and the documents that it publishes by path, once it has started. */
  readonly published?: Published | undefined;
}

export interface Published {
  /** The address of the protected-resource metadata (RFC 9728). */
  readonly resourceMetadata: string;
  readonly documents: ReadonlyMap<string, string>;
}

/** Scopes that include others, by their name. */
export type Includes = Readonly<Record<string, readonly string[]>>;

/** The settings that all methods of a server share. */
export interface AuthSettings {
  readonly includes: Includes;
  /** The scopes that clients are asked to request at first. */
  readonly requested: readonly string[];
  /** For people: the server's title or name. */
  readonly name: string;
  /** The path of the MCP endpoint. */
  readonly path: Value;
}

/** Not told apart for the caller: the differences would help to guess. */
export function invalidToken(reason?: unknown): Unauthorized {
  return { status: 401, error: "invalid_token", message: "the credentials are not valid, or not any more", reason };
}

/** Scopes with all that they include. */
export function withIncluded(scopes: readonly string[], includes: Includes): readonly string[] {
  const all = new Set(scopes);
  // A set visits what is added to it on the way.
  for (const scope of all) {
    if (Object.hasOwn(includes, scope)) for (const included of includes[scope]!) all.add(included);
  }
  return [...all];
}
