import type {} from "./parts.js";
import { UnavailableError, type McpError } from "./errors.js";
import type { Id, PreparedResult } from "./json-rpc.js";
import type { JsonObject } from "./types.js";

/**
 * The side whose fault a failure is. `declared` is an error that the manifest declares, `handler` any other one that a
 * handler decided on.
 */
export type Fault = "caller" | "server" | "limit" | "declared" | "handler";

/** The reason of a failure. `name` is one of few words, or the name of a declared error. */
export interface Failure {
  readonly fault: Fault;
  readonly name: string;
}

/** The outcome of a request. */
export interface Outcome {
  /**
   * `tool error` is a result with `isError`, `error` a JSON-RPC error, `task` a call that became a task, and
   * `input required` one whose client is asked (2026-07-28).
   */
  readonly kind: "ok" | "tool error" | "error" | "aborted" | "task" | "input required";
  readonly failure?: Failure | undefined;
  /** The answer, unless the request was aborted. */
  readonly settled?: string | PreparedResult | McpError;
  /** The reason of an abort. */
  readonly reason?: unknown;
  /** The id of the task that the call became. */
  readonly task?: string | undefined;
  /** Whether this is the outcome of the task, which follows that of its call. */
  readonly isTaskEnd?: true;
  readonly durationMs: number;
}

/** A request of the server to its client, with the parameters to send. */
export interface ObservedQuestion {
  readonly params: JsonObject;
  end(error?: unknown): void;
}

/** Runs work within a context. */
export type Within = (work: () => void) => void;

/** A part of the server that sees each request: its log, telemetry, metrics, audit. `C` is the type of calls. */
export interface Observer<C> {
  /** Sees a request before it is answered. The returned function gets the outcome. */
  readonly onCall?: (call: C) => ((outcome: Outcome) => void) | undefined;
  /** Runs the work of a call, in a context that the handler can find. */
  readonly run?: (call: C, work: () => void) => void;
  /** Sees credentials that are refused, in the place of a call. `reason` is one of few words. */
  readonly onUnauthorized?: (attempt: C, reason: string) => void;
  /** Sees a session that `opening` has opened. The returned function is called at its end. */
  readonly onSession?: (opening: C) => () => void;
  /** Sees a request to the client, and may add to its parameters. */
  readonly onQuestion?: (call: C, id: Id, method: string, params: JsonObject) => ObservedQuestion;
  /** Captures the present context, for code that runs later. */
  readonly capture?: () => Within | undefined;
  /** Returns the position of a call in its trace, as a W3C `traceparent`. */
  readonly traceparent?: (call: C) => string | undefined;
  /** Returns headers that carry the trace of a call to another server. */
  readonly traceHeaders?: (call: C) => Record<string, string> | undefined;
}

type End = (outcome: Outcome) => void;

/** A request that observers see. */
export class Observation {
  readonly #began = performance.now();
  ends: readonly End[] = [];
  failure: Failure | undefined;
  hasEnded = false;
  /** The task that the call became. */
  #task: string | undefined;
  #afterwards: Omit<Outcome, "durationMs"> | undefined;

  end(outcome: Omit<Outcome, "durationMs">): void {
    this.hasEnded = true;
    this.#task = outcome.task;
    this.#tell(outcome);
    if (this.#afterwards !== undefined) this.#tell(this.#afterwards);
  }

  /** Ends the task that the call became. A task may end before its call is answered, also with a refusal. */
  endTask(outcome: Omit<Outcome, "durationMs">): void {
    if (this.hasEnded) this.#tell(outcome);
    else this.#afterwards = outcome;
  }

  /** Ends the call, or the task that it became, because the server no longer waits for it. */
  cutOff(reason: unknown): void {
    const outcome = { kind: "aborted", failure: this.failure ?? busy, reason } as const;
    if (this.hasEnded) this.endTask({ ...outcome, task: this.#task, isTaskEnd: true });
    else this.end(outcome);
  }

  #tell(outcome: Omit<Outcome, "durationMs">): void {
    const durationMs = performance.now() - this.#began;
    for (const end of this.ends) end({ ...outcome, durationMs });
    // Nothing follows. What has ended may be kept, such as a task for its result; its record must not be.
    if (outcome.kind !== "task") this.ends = [];
  }
}

/** The observations of calls. */
export const observations = /* @__PURE__ */ new WeakMap<object, Observation>();

/** Ends the observation of an aborted call, whose handler may never end. A failure that has been noted is answered. */
export function observeAbort(call: { readonly method: string }, reason: unknown): void {
  const observation = observations.get(call);
  if (observation?.hasEnded !== false || observation.failure !== undefined) return;
  const isMadeByServer = reason instanceof UnavailableError;
  // A subscription has no other end than that by its client.
  if (call.method === "subscriptions/listen" && !isMadeByServer) observation.end({ kind: "ok" });
  else
    observation.end({
      kind: "aborted",
      failure: isMadeByServer ? busy : cancelled,
      reason,
    });
}

/** Ends the observation of a call or a task that a server that stops no longer waits for. */
export function observeCutOff(running: object, reason: unknown): void {
  observations.get(running)?.cutOff(reason);
}

/** The end of a call or a task by its client, or with its connection. */
export const cancelled: Failure = { fault: "caller", name: "cancelled" };
/** The end of a call or a task by the server, which stops or needs its room. */
const busy: Failure = { fault: "limit", name: "busy" };

/** Notes the reason of a failure, since a result with `isError` does not name it. The first reason counts. */
export function noteFailure(call: object, fault: Fault, name: string): void {
  if (!globalThis.mcpcWithoutObservers) {
    const observation = observations.get(call);
    if (observation !== undefined) observation.failure ??= { fault, name };
  }
}

/** Gives a call the observation of another one, on whose behalf it runs. */
export function shareObservation(from: object, to: object): void {
  const observation = observations.get(from);
  if (observation !== undefined) observations.set(to, observation);
}
