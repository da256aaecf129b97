import type * as OpenTelemetry from "@opentelemetry/api";
import type { Attributes, Context, Histogram, Tracer } from "@opentelemetry/api";
import type { Call } from "../protocol/exchange.js";
import { errorCodes } from "../protocol/errors.js";
import { isObject, type Id } from "../protocol/json-rpc.js";
import { observations, type ObservedQuestion, type Observer, type Outcome } from "../protocol/observer.js";
import type { JsonObject } from "../protocol/types.js";
import {
  networkAttributes,
  outcomeAttributes,
  requestAttributes,
  resultAttributes,
  sessionAttributes,
} from "./attributes.js";
import type { TelemetryOptions } from "./options.js";
import { contextMembers, requestContext } from "./trace-context.js";

type Api = typeof OpenTelemetry;

const scope = "@mcpc/runtime";
/** The maximum length of the message of an error, in characters. */
const maxMessageLength = 200;

/** Creates the observer that reports to the user's OpenTelemetry. */
export function createTelemetry(api: Api, options: TelemetryOptions): Observer<Call> {
  const contexts = createContexts();
  /** The context of the running code, if a context manager knows it; else that of the call. */
  const contextOf = (call: Call): Context | undefined => {
    const active = api.context.active();
    return api.trace.getSpanContext(active) === undefined ? (contexts.get(call) ?? active) : active;
  };
  const propagation: Observer<Call> = {
    run: (call, work) => api.context.with(contexts.get(call) ?? api.context.active(), work),
    traceparent(call) {
      const context = contexts.get(call);
      return context && contextMembers(api, context)["traceparent"];
    },
    capture() {
      const context = api.context.active();
      return (work) => api.context.with(context, work);
    },
    traceHeaders(call) {
      const context = contextOf(call);
      if (context === undefined) return undefined;
      const headers: Record<string, string> = {};
      api.propagation.inject(context, headers);
      return Object.keys(headers).length > 0 ? headers : contextMembers(api, context);
    },
  };
  if (options.mode === "propagate")
    return {
      ...propagation,
      onCall(call) {
        contexts.set(call, requestContext(api, call).context);
        return undefined;
      },
    };
  return { ...propagation, ...spansAndMetrics(api, options, contexts, contextOf) };
}

/** The contexts of calls. */
interface Contexts {
  get(call: Call): Context | undefined;
  set(call: Call, context: Context): void;
}

function createContexts(): Contexts {
  const contexts = new WeakMap<object, Context>();
  // The call of a run that several callers share has the observation of the first caller.
  const key = (call: Call): object => observations.get(call) ?? call;
  return {
    get: (call) => contexts.get(key(call)),
    set: (call, context) => void contexts.set(key(call), context),
  };
}

function spansAndMetrics(
  api: Api,
  options: TelemetryOptions,
  contexts: Contexts,
  contextOf: (call: Call) => Context | undefined,
): Observer<Call> {
  const { SpanKind, SpanStatusCode } = api;
  const instruments = lazyInstruments(api);

  function finish(span: OpenTelemetry.Span, histogram: Histogram, context: Context, ending: () => Ending): void {
    try {
      const { seconds, metric, failure, measured = failure, message } = ending();
      span.setAttributes(failure);
      if ("error.type" in failure)
        span.setStatus({
          code: SpanStatusCode.ERROR,
          // Clients choose parts of messages.
          ...(message !== undefined && { message: message.slice(0, maxMessageLength) }),
        });
      histogram.record(seconds, { ...metric, ...measured }, context);
    } finally {
      span.end();
    }
  }

  return {
    onCall(call) {
      const { tracer, operations } = instruments();
      const parent = requestContext(api, call);
      const { name, span: attributes, metric } = requestAttributes(call, options);
      const links = parent.link === undefined ? [] : [{ context: parent.link }];
      const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes, links }, parent.context);
      const context = api.trace.setSpan(parent.context, span);
      contexts.set(call, context);
      return (outcome: Outcome) => {
        // The span has ended with the answer, which names the task.
        if (outcome.isTaskEnd === true) return;
        finish(span, operations, context, () => {
          const [failure, message] = outcomeAttributes(call, outcome);
          span.setAttributes(resultAttributes(call, outcome, options));
          // `initialize` decides the revision, and opens the session.
          const late = call.method === "initialize" ? networkAttributes(call) : {};
          if (call.method === "initialize") span.setAttributes({ ...late, ...sessionAttributes(call) });
          return { seconds: outcome.durationMs / 1000, metric: { ...metric, ...late }, failure, message };
        });
      };
    },

    onSession(opening) {
      const began = performance.now();
      const attributes = networkAttributes(opening);
      return () => instruments().sessions.record((performance.now() - began) / 1000, attributes);
    },

    onQuestion(call: Call, id: Id, method: string, params: JsonObject): ObservedQuestion {
      const { tracer, questions } = instruments();
      const began = performance.now();
      const metric = { "mcp.method.name": method, ...networkAttributes(call) };
      const attributes = { ...metric, "jsonrpc.request.id": String(id), ...sessionAttributes(call) };
      const span = tracer.startSpan(method, { kind: SpanKind.CLIENT, attributes }, contextOf(call));
      const context = api.trace.setSpan(contextOf(call) ?? api.ROOT_CONTEXT, span);
      const { _meta: meta } = params;
      return {
        params: { ...params, _meta: { ...(isObject(meta) ? meta : undefined), ...contextMembers(api, context) } },
        end(error) {
          finish(span, questions, context, () => {
            const seconds = (performance.now() - began) / 1000;
            return { seconds, metric, ...(error === undefined ? { failure: {} } : questionFailure(error)) };
          });
        },
      };
    },
  };
}

interface Ending {
  readonly seconds: number;
  readonly metric: Attributes;
  readonly failure: Attributes;
  /** The failure in metrics. Default: `failure`. */
  readonly measured?: Attributes | undefined;
  readonly message?: string | undefined;
}

interface Instruments {
  readonly tracer: Tracer;
  readonly operations: Histogram;
  readonly questions: Histogram;
  readonly sessions: Histogram;
}

/** Boundaries of the conventions, in seconds. */
const boundaries = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];

/**
 * Creates the instruments at their first use: an instrument that exists before the user's provider of metrics never
 * reports to it.
 */
function lazyInstruments(api: Api): () => Instruments {
  let instruments: Instruments | undefined;
  return () => {
    if (instruments !== undefined) return instruments;
    const meter = api.metrics.getMeter(scope);
    const histogram = (name: string, description: string): Histogram =>
      meter.createHistogram(name, { unit: "s", description, advice: { explicitBucketBoundaries: boundaries } });
    instruments = {
      tracer: api.trace.getTracer(scope),
      operations: histogram("mcp.server.operation.duration", "The duration of a request, until its answer."),
      questions: histogram("mcp.client.operation.duration", "The duration of a request to the client."),
      sessions: histogram("mcp.server.session.duration", "The duration of a session."),
    };
    return instruments;
  };
}

/** The codes of clients' errors that metrics tell apart. A user who refuses is -1 (2025-06-18, sampling). */
const measuredCodes: ReadonlySet<unknown> = new Set([...Object.values(errorCodes), -1]);

/** Returns the failure of a request that the client refused or did not answer. Clients choose codes and messages. */
function questionFailure(error: unknown): Pick<Ending, "failure" | "measured" | "message"> {
  const { clientError, message } = error as { clientError?: unknown; message?: string };
  if (clientError === undefined) return { failure: { "error.type": "cancelled" }, message };
  const { code, message: text } = isObject(clientError) ? clientError : {};
  const other = { "error.type": "_OTHER" };
  const failure = Number.isSafeInteger(code)
    ? { "error.type": String(code), "rpc.response.status_code": String(code) }
    : other;
  return {
    failure,
    measured: measuredCodes.has(code) ? failure : other,
    message: typeof text === "string" ? text : undefined,
  };
}
