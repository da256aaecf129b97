import type { Call } from "./exchange.js";

/** The members that the log entries of one request share. */
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

/** Runs work on behalf of a call: its log entries are the call's. */
export function shareTrace(from: Call, to: Call): void {
  traces.set(to, traceOf(from));
}

function traceparentOf(value: unknown): string | undefined {
  return typeof value === "string" && /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(value)
    ? value
    : undefined;
}
