import type { Value } from "./value.js";

/** Redis as the place of shared state. */
export interface RedisStore {
  readonly url: Value;
  readonly prefix: string;
  readonly cluster?: true;
  readonly sentinel?: { readonly name: string; readonly username?: Value; readonly password?: Value };
  readonly commandTimeoutMs: number;
}
