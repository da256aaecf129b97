import type { Call } from "./exchange.js";

/** What the entries of one request have in common. */
export type Trace = {
  readonly requestId: string;
  /** The client's, as W3C Trace Context has it. */
  readonly traceparent?: string;
};

const traces = /* @__PURE__ */ new WeakMap<Call, Trace>();

let prefix: string | undefined;
let made = 0;

/** Made when something is first logged for the request: one of which nothing is logged has none. */
export function traceOf(call: Call): Trace {
  let trace = traces.get(call);
  if (trace === undefined) {
    prefix ??= crypto.randomUUID().slice(0, 8);
    made += 1;
    const traceparent = traceparentOf(call.meta["traceparent"]) ?? traceparentOf(call.header("traceparent"));
    trace = { requestId: `${prefix}-${made}`, ...(traceparent !== undefined && { traceparent }) };
    traces.set(call, trace);
  }
  return trace;
}

/** What runs on behalf of a call is logged as part of it. */
export function shareTrace(from: Call, to: Call): void {
  traces.set(to, traceOf(from));
}

function traceparentOf(value: unknown): string | undefined {
  return typeof value === "string" && /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(value)
    ? value
    : undefined;
}
