import type {} from "./parts.js";
import type { Call } from "./exchange.js";

/** The members that the log entries of one request share. */
export type Trace = {
  readonly requestId: string;
  /** The W3C Trace Context: the client's, or that of the request's own span. */
  readonly traceparent?: string;
  /** The caller, if the server has authentication. */
  readonly principal?: string;
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
    const traceparent = (globalThis.mcpcWithoutTelemetry ? undefined : ownTraceparent(call)) ?? traceparentOf(call);
    trace = {
      requestId: `${prefix}-${made}`,
      ...(traceparent !== undefined && { traceparent }),
      ...(!globalThis.mcpcWithoutAuth && call.auth?.principal !== undefined && { principal: call.auth.principal }),
    };
    traces.set(call, trace);
  }
  return trace;
}

/** Returns the position of the call's own span, or of the context that telemetry has given it. */
function ownTraceparent(call: Call): string | undefined {
  for (const { traceparent } of call.peer.view.server.observers ?? []) {
    const own = traceparent?.(call);
    if (own !== undefined) return own;
  }
  return undefined;
}

/** Gives a call the trace of another one, on whose behalf it runs. */
export function shareTrace(from: Call, to: Call): void {
  traces.set(to, traceOf(from));
}

/** Returns the client's position in its trace (W3C Trace Context): of `_meta`, or else of the headers. */
export function traceparentOf(call: Call): string | undefined {
  return validTraceparent(call.meta["traceparent"]) ?? validTraceparent(call.header("traceparent"));
}

const traceparentPattern = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

export function validTraceparent(value: unknown): string | undefined {
  return typeof value === "string" && traceparentPattern.test(value) ? value : undefined;
}

/** Returns a list of a trace, such as `tracestate`, if it is one: of at most `most` visible characters. */
export function traceList(value: unknown, most: number): string | undefined {
  return typeof value === "string" && value.length <= most && /^[\x20-\x7e\t]+$/.test(value) ? value : undefined;
}

/** The maximum length of `tracestate`; longer ones may be dropped (W3C Trace Context, section 3.3.1.5). */
export const maxTraceState = 512;

/** Returns the headers of a request to another server: those of the telemetry, or else the trace of the client. */
export function traceHeaders(call: Call): Record<string, string> {
  for (const { traceHeaders } of call.peer.view.server.observers ?? []) {
    const headers = traceHeaders?.(call);
    if (headers !== undefined) return headers;
  }
  const traceparent = traceparentOf(call);
  if (traceparent === undefined) return {};
  const isOfRequest = call.meta["traceparent"] === traceparent;
  const tracestate = traceList(isOfRequest ? call.meta["tracestate"] : call.header("tracestate"), maxTraceState);
  return { traceparent, ...(tracestate !== undefined && { tracestate }) };
}
