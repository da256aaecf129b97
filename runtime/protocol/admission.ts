import type { UnavailableError } from "./errors.js";

/** A request, or the opening of a stream or connection, before its admission. */
export interface AdmissionRequest {
  /** The method of the protocol; `open` for a stream or connection. */
  readonly method: string;
  readonly caller: string;
}

/** Refuses requests that exceed a rate limit or reach a server that stops. */
export interface Admit {
  (asked: AdmissionRequest): UnavailableError | undefined;
  /** Asks a store that counts for all replicas, on behalf of a request that can wait. */
  readonly shared?: (asked: AdmissionRequest) => UnavailableError | undefined | Promise<UnavailableError | undefined>;
}

/** A rate limit that the manifest declares. */
export interface RateLimit {
  readonly perMinute: number;
  /** The number of requests that may arrive at once. */
  readonly burst: number;
}

/** Methods that count: those that run handlers, and those that open something that lasts. Others cost little. */
export const countedMethods: ReadonlySet<string> = /* @__PURE__ */ new Set([
  ...["tools/call", "resources/read", "prompts/get", "completion/complete"],
  ...["initialize", "subscriptions/listen", "resources/subscribe", "open"],
]);

/** Whether a rate limit counts requests of this method. */
export function isCounted(method: string): boolean {
  return countedMethods.has(method);
}
