import type { Call } from "./exchange.js";

/** The members that the log entries of one request share. */
export type Trace = {
  readonly requestId: string;
  /** The client's W3C Trace Context. */
  readonly traceparent?: string;
};

const traces = /* @__PURE__ */ new WeakMap<Call, Trace>();

let prefix: string | undefined;
let made = 0;

/** Returns the trace of a request. It is created at the first log entry, so that unlogged requests need none. */
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

/** Gives a call the trace of another one, on whose behalf it runs. */
export function shareTrace(from: Call, to: Call): void {
  traces.set(to, traceOf(from));
}

function traceparentOf(value: unknown): string | undefined {
  return typeof value === "string" && /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(value)
    ? value
    : undefined;
}
