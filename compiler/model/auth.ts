import type { Value } from "./value.js";

/** Authentication of callers, with at least one method. */
export interface Auth {
  /** Name for humans. */
  readonly name: string;
  /** The path of the MCP endpoint. */
  readonly path: Value;
  /** Scopes that include other scopes. */
  readonly includes: { readonly [scope: string]: readonly string[] };
  /** The scopes that clients should request at first. */
  readonly requested: readonly string[];
  readonly bearer?: BearerKeys;
  readonly oauth?: OAuth;
  /** The module of hooks has a function `authenticate`. */
  readonly hook: boolean;
}

export interface BearerKeys {
  readonly env?: string;
  readonly file?: Value;
  /** The scopes of a key without scopes of its own. */
  readonly scopes: readonly string[];
}

export interface OAuth {
  readonly issuer: Value;
  readonly metadataUrl?: Value;
  readonly audience: readonly Value[];
  readonly resource?: Value;
  readonly clockToleranceSeconds: number;
  readonly check: { readonly algorithms: readonly string[] } | { readonly introspection: Introspection };
}

export interface Introspection {
  readonly endpoint?: Value;
  readonly clientId: Value;
  readonly clientSecret: Value;
  readonly cacheSeconds: number;
}
