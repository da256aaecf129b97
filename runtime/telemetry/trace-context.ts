import type { Baggage, BaggageEntry, Context, SpanContext } from "@opentelemetry/api";
import type * as OpenTelemetry from "@opentelemetry/api";
import type { Call } from "../protocol/exchange.js";
import { maxTraceState, traceList, validTraceparent } from "../protocol/trace.js";

type Api = typeof OpenTelemetry;

/** Limits of W3C Baggage, section 3.3.2. */
const maxBaggage = 8192;
const maxMembers = 64;

/** The context of a request, and the HTTP context that it is linked to. */
export interface RequestContext {
  readonly context: Context;
  readonly link: SpanContext | undefined;
}

/**
 * Returns the context of a request: that of `_meta`, with a link to the ambient one; else the ambient one, which an
 * instrumentation of HTTP makes; else that of the headers.
 */
export function requestContext(api: Api, call: Call): RequestContext {
  const ambient = api.context.active();
  const { meta } = call;
  const own = remoteContext(api, ambient, (name) => meta[name]);
  const around = api.trace.getSpanContext(ambient);
  if (own !== undefined) return { context: own, link: around };
  if (around !== undefined) return { context: ambient, link: undefined };
  return { context: remoteContext(api, ambient, (name) => call.header(name)) ?? ambient, link: undefined };
}

/** Reads a context in the formats of the W3C, which the protocol prescribes. Malformed members are ignored. */
function remoteContext(api: Api, within: Context, read: (name: string) => unknown): Context | undefined {
  const [, traceId, spanId, flags] = validTraceparent(read("traceparent"))?.split("-") ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  const list = traceList(read("tracestate"), maxTraceState);
  const context = api.trace.setSpanContext(within, {
    ...{ traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true },
    ...(list !== undefined && { traceState: api.createTraceState(list) }),
  });
  const baggage = parseBaggage(api, traceList(read("baggage"), maxBaggage));
  return baggage === undefined ? context : api.propagation.setBaggage(context, baggage);
}

function parseBaggage(api: Api, text: string | undefined): Baggage | undefined {
  if (text === undefined) return undefined;
  const entries: Record<string, BaggageEntry> = {};
  for (const member of text.split(",").slice(0, maxMembers)) {
    const [, key, value = "", metadata = ""] = /^\s*([!#$%&'*+.^`|~\w-]+)\s*=\s*([^;\s]*)\s*;?(.*)$/.exec(member) ?? [];
    if (key === undefined) continue;
    try {
      const more = metadata.trim();
      entries[key] = {
        value: decodeURIComponent(value),
        ...(more !== "" && { metadata: api.baggageEntryMetadataFromString(more) }),
      };
    } catch {
      // The value is no percent-encoded text.
    }
  }
  return api.propagation.createBaggage(entries);
}

/** Writes a context in the formats of the W3C. */
export function contextMembers(api: Api, context: Context): Record<string, string> {
  const span = api.trace.getSpanContext(context);
  if (span === undefined || !api.isSpanContextValid(span)) return {};
  const flags = span.traceFlags.toString(16).padStart(2, "0");
  const tracestate = span.traceState?.serialize() ?? "";
  const baggage = api.propagation.getBaggage(context)?.getAllEntries() ?? [];
  const members = baggage.map(([key, { value, metadata }]) => {
    const more = metadata?.toString() ?? "";
    return `${key}=${encodeURIComponent(value)}${more === "" ? "" : `;${more}`}`;
  });
  return {
    traceparent: `00-${span.traceId}-${span.spanId}-${flags}`,
    ...(tracestate !== "" && { tracestate }),
    ...(members.length > 0 && { baggage: members.join(",") }),
  };
}
