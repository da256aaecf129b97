import type { Value } from "./value.js";

/** A server that answers calls in place of handlers. */
export interface Upstream {
  readonly name: string;
  /** The export in `generated/upstreams.ts`. */
  readonly export: string;
  readonly transport:
    | {
        readonly command: string;
        readonly args?: readonly string[];
        readonly env?: Readonly<Record<string, Value>>;
        readonly cwd?: string;
      }
    | { readonly url: Value; readonly headers?: Readonly<Record<string, Value>> };
  readonly handlers: readonly UpstreamHandler[];
}

/** A handler of an upstream, by the function of the runtime that makes it, and the arguments of that function. */
export interface UpstreamHandler {
  readonly export: string;
  readonly make: "tool" | "resource" | "template" | "prompt" | "completion";
  readonly arguments: readonly (string | boolean)[];
}
