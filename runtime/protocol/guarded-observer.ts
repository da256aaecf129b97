import type { Call } from "./exchange.js";
import { failureDetails, type Logger } from "./logger.js";
import type { Observer, Within } from "./observer.js";

/** The pause between two log entries about failures in the same step. Each request may cause one. */
const pauseMs = 60_000;

/** Reports a failure of an observer. */
type Report = (step: keyof Observer<Call> | "end", error: unknown) => void;

/**
 * Returns an observer whose failures stay its own. They change no answer and no record of another observer, whatever
 * the user's OpenTelemetry throws.
 */
export function guarded(observer: Observer<Call>, logger: Logger): Observer<Call> {
  const report = limitedReport(logger);
  const attempt = <T>(step: Parameters<Report>[0], work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      report(step, error);
      return undefined;
    }
  };
  /** A function of its own, because the end of a session must not keep the request that has opened it. */
  const endOf = (end: (() => void) | undefined) => (): void => void (end && attempt("end", end));
  const { onCall, run, onUnauthorized, onSession, onQuestion, capture, traceparent, traceHeaders } = observer;
  return {
    ...(onCall && {
      onCall(call) {
        const end = attempt("onCall", () => onCall(call));
        return end && ((outcome) => attempt("end", () => end(outcome)));
      },
    }),
    ...(run && {
      run: (call, work) =>
        enter(
          (inner) => run(call, inner),
          work,
          (error) => report("run", error),
        ),
    }),
    ...(onUnauthorized && {
      onUnauthorized: (call, reason) => attempt("onUnauthorized", () => onUnauthorized(call, reason)),
    }),
    ...(onSession && { onSession: (opening) => endOf(attempt("onSession", () => onSession(opening))) }),
    ...(onQuestion && {
      onQuestion(call, id, method, params) {
        const question = attempt("onQuestion", () => onQuestion(call, id, method, params));
        if (question === undefined) return { params, end: () => {} };
        return { params: question.params, end: (error) => attempt("end", () => question.end(error)) };
      },
    }),
    ...(capture && {
      capture() {
        const within = attempt("capture", capture);
        return within && ((work) => enter(within, work, (error) => report("run", error)));
      },
    }),
    ...(traceparent && { traceparent: (call) => attempt("traceparent", () => traceparent(call)) }),
    ...(traceHeaders && { traceHeaders: (call) => attempt("traceHeaders", () => traceHeaders(call)) }),
  };
}

/** Runs work exactly once, within a context if that can be entered. Throws what the work throws. */
function enter(within: Within, work: () => void, onFailure: (error: unknown) => void): void {
  let hasRun = false;
  let thrown: { readonly error: unknown } | undefined;
  const once = (): void => {
    if (hasRun) return;
    hasRun = true;
    try {
      work();
    } catch (error) {
      thrown = { error };
    }
  };
  try {
    within(once);
  } catch (error) {
    onFailure(error);
  }
  once();
  if (thrown !== undefined) throw (thrown as { readonly error: unknown }).error;
}

/** Returns a function that logs one failure of a step a minute, with the number of those in between. */
function limitedReport(logger: Logger): Report {
  const logged = new Map<string, { readonly at: number; more: number }>();
  return (step, error) => {
    const now = performance.now();
    const last = logged.get(step);
    if (last !== undefined && now - last.at < pauseMs) return void (last.more += 1);
    logged.set(step, { at: now, more: 0 });
    const more = last !== undefined && last.more > 0 ? { more: last.more } : {};
    logger("error", "a request could not be recorded", { step, ...failureDetails(error), ...more });
  };
}
